"""Durations of actions: recorded, told, kept over a restart, and made into forecasts."""

import msgspec

from nodeagent.config.forecast import TURN, interruptions
from nodeagent.core.effects import KeepTimes, Publish, Send
from nodeagent.core.events import DriverFinished, Now
from nodeagent.core.groups import GroupRunner
from nodeagent.core.times import KEYS_MAX, Times
from nodeagent.model.ownership import Token
from nodeagent.model.times import Recorded, Timed
from nodeagent.wire.live import TimesLearned
from nodeagent.wire.peer import TimesNote
from tests.unit.core.story import Story

START = Timed("web", "server", "start", 120)


def test_a_moved_group_is_told_with_the_times_of_its_release_and_acquire() -> None:
    story = Story()

    run = story.dare(story.shape, web="bravo")
    story.rest()

    away = interruptions(run)
    assert set(away) == {"web"}
    assert 0 < away["web"] < run.seconds
    for node in ("alpha", "bravo", "charlie"):
        known = story.node(node).shared.times.known
        assert ("", "", TURN, "step") in known
        assert ("", "", "acquire", "step") in known


def test_what_a_driver_took_is_recorded_if_it_went_well() -> None:
    runner = _acquiring()

    runner.finished(DriverFinished(1, ok=True, seconds=0.2), Now(1_250, 0.0))
    runner.finished(DriverFinished(2, ok=False, seconds=0.2), Now(1_300, 0.0))

    assert runner.timed == [Timed("web", "address", "start", 250)]


def _acquiring() -> GroupRunner:
    configuration = Story().node("alpha").shared.log.configuration
    assert configuration is not None
    numbers = iter(range(1, 100))
    runner = GroupRunner("web", lambda: next(numbers))
    runner.acquire(configuration.group["web"], Token(), Now(1_000, 0.0))
    return runner


def test_own_times_go_to_peers_and_consoles_once() -> None:
    times = Times()
    times.took("alpha", START)

    effects = times.tick(10_000, ("bravo",), consoles=True)

    assert Send("bravo", TimesNote((START,))) in effects
    assert Publish(TimesLearned("alpha", START)) in effects
    assert times.tick(20_000, ("bravo",), consoles=True) == []


def test_monitors_are_recorded_and_told_to_nobody() -> None:
    times = Times()
    times.took("alpha", Timed("web", "server", "monitor", 5))

    assert times.tick(10_000, ("bravo",), consoles=True) == []
    assert times.known["alpha", "web", "server", "monitor"] == (5,)


def test_a_peer_speaks_of_its_own_actions_only() -> None:
    times = Times()

    times.heard("bravo", TimesNote((START, Timed("", TURN, "step", 9))))

    assert times.recorded() == (Recorded("bravo", "web", "server", "start", (120,)),)


def test_times_outlive_a_restart_and_rubbish_is_forgotten() -> None:
    times = Times()
    times.took("alpha", START)
    kept = times.keep(0)
    assert isinstance(kept, KeepTimes)

    assert Times(kept.data).recorded() == times.recorded()
    assert Times(b"\xc1 torn").recorded() == ()
    assert Times(msgspec.msgpack.encode([1, 2])).recorded() == ()


def test_their_number_is_bounded() -> None:
    times = Times()
    for number in range(KEYS_MAX + 3):
        times.took("alpha", Timed(f"g{number}", "server", "start", 1))

    assert len(times.known) == KEYS_MAX
    assert ("alpha", "g0", "server", "start") not in times.known
