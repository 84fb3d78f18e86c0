"""Judging links and nodes by their heartbeats."""

import pytest

from nodeagent.core.heartbeat import BEATS_KEPT, Heartbeats
from nodeagent.model.configuration import Timing
from nodeagent.wire.heartbeat import Heartbeat

TIMING = Timing(heartbeat_ms=100, dead_after_ms=1_000)


def beat(adapter: str = "eth0", sequence: int = 1, incarnation: int = 1) -> Heartbeat:
    return Heartbeat(
        version=1, cluster="", adapter=adapter, generation=1, incarnation=incarnation,
        sequence=sequence, sent_ms=0, state="up", slot=1, epoch=1, digest="", phase="", hears=(),
    )  # fmt: skip


def state(hearts: Heartbeats, adapter: str, now_ms: int) -> str:
    return hearts.peers["bravo"].links[adapter].state(now_ms, TIMING)


@pytest.mark.parametrize(
    ("silent_ms", "expected"),
    [(0, "up"), (450, "up"), (451, "late"), (999, "late"), (1_000, "down")],
)
def test_a_link_is_late_after_three_beats_and_down_after_the_limit(
    silent_ms: int, expected: str
) -> None:
    hearts = Heartbeats(0)
    hearts.heard("bravo", "eth0", beat(), 5_000)

    assert state(hearts, "eth0", 5_000 + silent_ms) == expected


def test_a_node_lives_as_long_as_one_of_its_links() -> None:
    hearts = Heartbeats(0)
    hearts.heard("bravo", "eth0", beat("eth0"), 1_000)
    hearts.heard("bravo", "eth1", beat("eth1", 2), 1_900)

    assert state(hearts, "eth0", 2_500) == "down"
    assert hearts.peers["bravo"].is_heard(2_500, TIMING)
    assert not hearts.peers["bravo"].is_heard(2_900, TIMING)


def test_a_beat_of_an_earlier_life_says_nothing() -> None:
    hearts = Heartbeats(0)
    hearts.heard("bravo", "eth0", beat(incarnation=2), 1_000)

    hearts.heard("bravo", "eth0", beat(sequence=99, incarnation=1), 3_000)

    assert not hearts.peers["bravo"].is_heard(3_000, TIMING)
    assert hearts.peers["bravo"].beat.incarnation == 2


def test_a_late_beat_does_not_replace_a_newer_one() -> None:
    hearts = Heartbeats(0)
    hearts.heard("bravo", "eth0", beat(sequence=7), 1_000)

    hearts.heard("bravo", "eth1", beat("eth1", sequence=6), 1_010)

    assert hearts.peers["bravo"].beat.sequence == 7


def test_an_own_pause_is_nobody_elses_death() -> None:
    hearts = Heartbeats(0)
    hearts.heard("bravo", "eth0", beat(), 1_000)

    hearts.tick(9_000, TIMING, slept_ms=8_000)

    assert hearts.peers["bravo"].is_heard(9_000, TIMING)
    assert not hearts.peers["bravo"].is_heard(10_000, TIMING)


def test_the_strip_has_one_bit_for_each_interval() -> None:
    hearts = Heartbeats(0)
    for number in range(40):
        if number % 2:
            hearts.heard("bravo", "eth0", beat(sequence=number + 1), number * 100 + 50)
        hearts.tick(number * 100 + 100, TIMING, slept_ms=0)

    strip = hearts.peers["bravo"].links["eth0"].beats
    assert strip in {0b101010101010101010101010101010, 0b010101010101010101010101010101}
    assert strip <= BEATS_KEPT


def test_who_left_the_configuration_is_forgotten() -> None:
    hearts = Heartbeats(0)
    hearts.heard("bravo", "eth0", beat(), 1_000)

    hearts.forget({"charlie"})

    assert hearts.peers == {}


def test_a_new_part_is_greeted_after_some_beats_without_a_gap() -> None:
    hearts = Heartbeats(0)
    hearts.heard("bravo", "eth0", beat(), 1_000)
    assert not hearts.heard_on("bravo", "eth0", 2, 1_000, TIMING)

    hearts.heard("bravo", "eth0", beat(sequence=2), 1_100)

    assert hearts.heard_on("bravo", "eth0", 2, 1_100, TIMING)
    assert not hearts.heard_on("bravo", "eth0", 2, 2_200, TIMING)
    assert not hearts.heard_on("bravo", "eth1", 2, 1_100, TIMING)
