"""Standby, offline, online and hold in the console: keys, consequences first, and what is shown."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from nodeagent.config.operations import with_hold, with_standby
from nodeagent.config.parse import parse
from nodeagent.model.run import RunStarted
from nodeagent.wire.console import Apply
from nodeagent.wire.live import ConfigurationChanged, ProgressMade
from tests.console.test_screens import play
from tests.console.test_store import NOW, later, view_of
from tests.support import story
from tests.support.screens import Clock, screen_text, shows, until
from tests.support.story import StoryClient
from tui.viewmodels.dare import bars_others
from tui.viewmodels.operations import length_of, length_text

TEXT = story.configuration_text()


def becomes(client: StoryClient, text: str, **cluster: object) -> None:
    """Let another configuration be active."""
    client.say(ConfigurationChanged(draft=False, epoch=17, digest="17" * 32, text=text))
    client.say(story.cluster_live(**cluster))


def only(client: StoryClient) -> Apply:
    (apply,) = client.asked
    assert isinstance(apply, Apply)
    return apply


def test_standby_of_a_node_tells_what_moves_and_asks_for_its_name() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("2")
        await shows(pilot, "o standby")
        assert "O resume" not in screen_text(pilot.app)
        await pilot.press("o")
        await shows(
            pilot,
            "Send alpha to standby?",
            "database: moved alpha > bravo (alpha goes to standby)",
            "alpha stays in and votes",
            "clustertui node standby alpha",
        )
        await pilot.press("enter")
        assert not client.asked
        await pilot.press("shift+tab", *"disks", "tab", *"alpha", "enter")
        await until(pilot, lambda: client.asked, "the request")
        assert only(client).text == with_standby(TEXT, "alpha", standby=True)
        assert only(client).reason == "disks"

    play(act)


@pytest.mark.parametrize(("section", "key"), [("4", "m"), ("4", "h"), ("4", "o"), ("2", "o")])
def test_operation_during_a_dare_is_refused_before_it_asks_anything(section: str, key: str) -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        theirs = replace(story.new_run(), author="bob@desk", mark="another")
        client.say(ProgressMade(RunStarted(theirs)))
        await shows(pilot, "R goes there")
        await pilot.press(section, key)
        await shows(pilot, "another DARE is open: 42 held by alpha; try again when it")
        assert not pilot.app.screen.is_modal

    play(act)


def test_only_a_dare_that_is_open_bars_others() -> None:
    lock = "42 held by bravo"
    words = f"another DARE is open: {lock}; try again when it has ended"
    locked = story.cluster_live(lock=lock)
    ended = view_of(*story.run_succeeds(), locked)

    assert bars_others(view_of(), NOW) == ""
    assert bars_others(view_of(locked), NOW) == words
    assert bars_others(view_of(*story.run_up_to("greet"), locked), NOW) == words
    assert bars_others(ended, NOW) == "", "told before its end"
    assert bars_others(replace(ended, run=story.new_run("41")), NOW) == words
    assert bars_others(view_of(locked), later(10.0)) == "", "no agent is heard"


def test_standby_is_seen_everywhere_and_taken_back() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        owners = {"database": "bravo", "web": "bravo"}
        becomes(client, with_standby(TEXT, "alpha", standby=True), owners=owners)
        await shows(pilot, "S standby", "alpha is on standby", "clustertui node resume alpha")
        await pilot.press("2", "enter")
        await shows(pilot, "on standby: it owns no group")
        await pilot.press("escape", "O")
        await shows(pilot, "Let alpha serve again?", "no group is interrupted")
        await pilot.press("right", "enter")
        await until(pilot, lambda: client.asked, "the request")
        assert only(client).text == TEXT

    play(act)


def test_group_is_taken_offline_with_what_runs_after_it() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("4", "o")
        await shows(
            pilot,
            "Take database offline?",
            "database: stopped on alpha",
            "web: stopped on bravo (it runs after database, which is offline)",
            "it stays offline until somebody acts",
        )
        await pilot.press("enter", *"database", "enter")
        await until(pilot, lambda: client.asked, "the request")
        assert (only(client).text, only(client).owners) == (TEXT, {"database": ""})

    play(act)


def test_group_offline_by_order_is_said_and_brought_back() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        becomes(
            client, TEXT, owners={"database": "alpha", "web": ""}, asked={"web": ""}
        )  # fmt: skip
        text = await shows(pilot, "web is offline by order", "clustertui group online web")
        assert "web is offline\n" not in text
        await pilot.press("4", "down")
        await shows(pilot, "O online")
        await pilot.press("O")
        await shows(pilot, "Bring web online?", "web: started on bravo")
        await pilot.press("right", "enter")
        await until(pilot, lambda: client.asked, "the request")
        assert only(client).owners == {"web": "bravo"}

    play(act)


def test_hold_asks_for_how_long_and_says_what_it_means() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("4", "h")
        await shows(pilot, "Hold database for", "30m", "Nothing is held yet")
        await pilot.press("down", "enter")
        await shows(
            pilot,
            "restarted nor moved, not even if alpha is lost",
            "clustertui group hold database --for",
        )
        await pilot.press("right", "enter")
        await until(pilot, lambda: client.asked, "the request")
        new = parse(only(client).text).configuration
        assert new is not None
        until_ = new.group["database"].hold_until
        assert until_ is not None
        assert until_.timestamp() == int(clock.wall()) + 1_800

    play(act)


def test_held_group_is_said_and_nothing_touches_it() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        end = datetime(2026, 9, 19, 8, tzinfo=UTC)
        becomes(client, with_hold(TEXT, "database", end))
        await shows(pilot, "database is held until 2026-09-19 08:00:00Z")
        await pilot.press("4", "enter")
        await shows(pilot, "held until 2026-09-19 08:00:00Z", "H end hold")
        await pilot.press("escape", "m", "enter")
        await shows(pilot, "database is held", "clustertui group unhold database")
        assert not client.asked
        await pilot.press("H")
        await shows(pilot, "End the hold of database?", "no group is interrupted")

    play(act)


def test_read_only_console_operates_nothing() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        for key in ("2", "o", "4", "o", "h", "m"):
            await pilot.press(key)
        await shows(pilot, "read-only")
        assert not client.asked

    play(act, read_only=True)


def test_lengths_of_time_are_read_and_written() -> None:
    for text, written in (("90s", "1m30s"), ("30m", "30m"), ("90m", "1h30m"), ("24h", "1d")):
        length = length_of(text)
        assert length is not None
        assert length_text(length) == written
    for text in ("", "5", "m", "-5m", "1w", "31d", "0s", "٣m"):
        assert length_of(text) is None, text


def test_hold_that_ends_after_all_dates_is_shown() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        end = "hold-until = 9999-12-31T23:59:59-12:00"
        becomes(client, TEXT.replace("[group.database]\n", f"[group.database]\n{end}\n"))
        await shows(pilot, "database is held until 9999-12-31")

    play(act)
