"""The console under test: started on a story, waited for by conditions, read as plain text."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual._context import visible_screen_stack
from textual.app import App
from textual.events import Paste
from textual.pilot import Pilot
from textual.strip import Strip

from tests.support.story import MARK, WALL, StoryClient
from tui.app import ClusterApp
from tui.left import Left
from tui.screens.base import SectionScreen

DEADLINE_S = 30.0
LOOK_S = 0.02
STEADY_LOOKS = 8
"""So many looks at most are taken until two in a row are alike; a clock on the screen never is."""
SMALL = (80, 24)
LARGE = (120, 40)


class Clock:
    """Both clocks of a console, moved by the test alone."""

    def __init__(self) -> None:
        self.passed = 0.0

    def wall(self) -> float:
        """Return Unix seconds."""
        return WALL + self.passed

    def mono(self) -> float:
        """Return monotonic seconds."""
        return 1_000.0 + self.passed


def console(client: StoryClient, clock: Clock | None = None, **options: Any) -> ClusterApp:
    """Return a console on `client` whose clocks stand still unless the test moves them."""
    clock = clock or Clock()
    left: Left | None = options.pop("left", None)
    app = ClusterApp(client, clock=clock.wall, monotonic=clock.mono, author="ann", **options)
    app.left = left
    app.session.marks.add(MARK)
    return app


def drawn(app: App[Any]) -> list[Strip]:
    """Return the lines of the screen as the console draws them.

    A dialog that is asked to draw itself must be told what is behind it, as Textual does: it would
    else draw nothing there, and remember that.
    """
    visible_screen_stack.set(app._background_screens)
    return app.screen._compositor.render_strips()


def screen_text(app: App[Any]) -> str:
    """Return what the screen shows, line by line, without trailing spaces."""
    return "\n".join("".join(piece.text for piece in strip).rstrip() for strip in drawn(app))


async def until(pilot: Pilot[Any], condition: Callable[[], object], what: str = "") -> None:
    """Wait until `condition` holds; fail with the screen when the deadline passes.

    The console works on by itself meanwhile: a pause of the pilot would ask every widget each time.
    """
    if condition():
        return
    loop = asyncio.get_running_loop()
    deadline = loop.time() + DEADLINE_S
    while not condition():
        if loop.time() > deadline:
            raise AssertionError(f"waited in vain for {what}\n{screen_text(pilot.app)}")
        await asyncio.sleep(LOOK_S)
    await pilot.pause(0)  # what came with it is dealt with, too


async def paste(pilot: Pilot[Any], text: str) -> None:
    """Put `text` where the cursor is as a terminal hands a paste over: one event, one painting."""
    pilot.app.post_message(Paste(text))
    await pilot.pause()


async def shows(pilot: Pilot[Any], *texts: str) -> str:
    """Wait until the screen shows all of `texts` and has come to rest; return it."""
    await until(
        pilot,
        lambda: all(text in screen_text(pilot.app) for text in texts),
        " and ".join(repr(text) for text in texts),
    )
    return await rest(pilot)


async def rest(pilot: Pilot[Any]) -> str:
    """Paint until nothing changes any more; return the screen.

    What is painted depends on sizes that follow from what was painted, and one pane comes after
    another, so the first screen with a word on it may be half of a picture.
    """
    before = ""
    for _ in range(STEADY_LOOKS):
        if isinstance(pilot.app.screen, SectionScreen):
            pilot.app.screen.repaint()
        await pilot.pause()
        text = screen_text(pilot.app)
        if text == before:
            break
        before = text
    return before


@asynccontextmanager
async def running(app: ClusterApp, size: tuple[int, int] = SMALL) -> AsyncIterator[Pilot[Any]]:
    """Run `app` on a screen of `size`, with notifications."""
    async with app.run_test(size=size, notifications=True) as pilot:
        yield pilot
