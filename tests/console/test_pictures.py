"""Pictures of the screens that matter most; a change of one is meant to be looked at."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.support import story
from tests.support.screens import LARGE, SMALL, Clock, console, shows
from tests.support.story import StoryClient

Compare = Callable[..., bool]
SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])


def picture(compare: Compare, size: tuple[int, int], messages: list[Any], *texts: str) -> bool:
    """Compare the screen that shows `texts` after the story's `messages`."""
    client, clock = StoryClient(), Clock()
    client.begin()
    app = console(client, clock)

    async def ready(pilot: Pilot[int]) -> None:
        await shows(pilot, "ALL RIGHT")
        client.say(*messages)
        await shows(pilot, *texts)

    return compare(app, terminal_size=size, run_before=ready)


@SIZES
def test_dashboard(snap_compare: Compare, size: tuple[int, int]) -> None:
    web = (story.group_live("web", "error", "nginx: exit code 1"),)
    messages = [
        story.node_live("bravo", links={"public2": "down"}, groups=web),
        story.node_live("charlie", state="down", age_ms=252_000),
        story.event(9, "down on public2", node="bravo", severity="error", subject="eth1"),
    ]

    assert picture(snap_compare, size, messages, "3 problems", "TROUBLE", "down on public2")


@SIZES
def test_dare_running(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, [*story.run_up_to("greet")], "RUN 0.0s", "alpha / greet")


@SIZES
def test_dare_aborted(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, [*story.run_aborts()], "Aborted after 9.4s", "charlie / acq")
