"""Pictures of a form and of the draft at both sizes; a change of look has to be looked at.

`pytest tests/console/test_form_pictures.py --snapshot-update` takes them anew.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from nodeagent.config import edit
from nodeagent.config.digest import file_digest
from nodeagent.wire.live import ConfigurationChanged
from tests.support.screens import LARGE, SMALL, Clock, console, shows, until
from tests.support.story import StoryClient, configuration_text, three_nodes
from tui.screens.forms import bench_of

BOTH = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
TEXT = configuration_text()
MOVING = TEXT.replace('["bravo", "charlie"]', '["alpha", "charly"]')
Compare = Callable[..., bool]
Act = Callable[[Pilot[Any]], Awaitable[None]]


def picture(compare: Compare, size: tuple[int, int], draft: str, act: Act) -> bool:
    """Compare the screen after `act` with its picture."""
    client = StoryClient()
    client.begin(msgspec.structs.replace(three_nodes(), draft=draft))
    app = console(client, Clock())

    async def before(pilot: Pilot[Any]) -> None:
        await shows(pilot, "ALL RIGHT")
        bench = bench_of(app)
        await until(pilot, lambda: bench.judged and bench.draft.text, "the verdict")
        await act(pilot)
        await until(pilot, lambda: bench.judged, "the verdict")
        for field in app.screen.query(Input):
            field.cursor_blink = False
        await pilot.pause()

    return compare(app, terminal_size=size, run_before=before)


@BOTH
def test_form(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        await pilot.press("4")
        await shows(pilot, "Groups 2 online")
        await pilot.press("down", "e")
        await shows(pilot, "editing group web", "E102")
        await until(pilot, lambda: isinstance(pilot.app.focused, Input), "the cursor")
        await pilot.press("tab")
        await shows(pilot, "^R takes charlie")

    assert picture(snap_compare, size, MOVING, act)


@BOTH
def test_draft(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        await pilot.press("5")
        await shows(pilot, "moved bravo > alpha", "untouched on alpha")

    assert picture(snap_compare, size, MOVING.replace("charly", "charlie"), act)


@BOTH
def test_dialog_before_the_dare(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        await pilot.press("5")
        await shows(pilot, "moved bravo > alpha")
        await pilot.press("g")
        await shows(pilot, "Type orders to allow it")

    assert picture(snap_compare, size, MOVING.replace("charly", "charlie"), act)


@BOTH
def test_merge(snap_compare: Compare, size: tuple[int, int]) -> None:
    client = StoryClient()
    digest = file_digest(TEXT.encode())
    mine = MOVING.replace("charly", "charlie")
    client.begin(msgspec.structs.replace(three_nodes(), draft=mine, draft_base=digest))
    app = console(client, Clock())
    newer = edit.set_value(TEXT, ("group", "database", "fallback"), "higher-priority")
    rival = edit.set_value(newer, ("group", "web", "nodes"), ["charlie", "bravo"])

    async def before(pilot: Pilot[Any]) -> None:
        await shows(pilot, "ALL RIGHT")
        bench = bench_of(app)
        await until(pilot, lambda: bench.draft.text, "the draft")
        client.say(ConfigurationChanged(False, 18, file_digest(rival.encode()), rival))
        await pilot.press("5")
        await shows(pilot, "m merges")
        await pilot.press("m")
        await shows(pilot, "1 to decide", "Taken from epoch 18")

    assert snap_compare(app, terminal_size=size, run_before=before)
