"""`make pictures`: the real console on a real cluster in a box, driven by keys, as SVG files.

Then comes a session in a terminal of its own, recorded as `screenshots/session.cast`, and last
every screen in every look, into `screenshots/all`: of these only what README shows is kept.

Nothing is staged but the moments: a drill holds a step long enough to be pictured, another one
refuses an acquire so that the undo rows appear.
"""

import asyncio
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from textual.pilot import Pilot

from nodeagent.client.client import Client
from tests.support.cast import Cast
from tests.support.screens import shows
from tui.app import ClusterApp
from tui.demo import signals
from tui.demo.asker import Asker
from tui.demo.box import Box
from tui.demo.recipe import GROUPS, with_group
from tui.demo.scene import Scene
from tui.demo.watch import Watch

SIZE = (120, 40)
FOLDER = Path(__file__).resolve().parents[2] / "screenshots"
LOOKED_AT = {
    "plain/dashboard-trouble-120x40": "trouble-no-colour",
    "plain/dare-running-120x40": "matrix-no-colour",
    "dark/joining-let-in-120x40": "joining",
}
"""What is kept of all screens, and as what."""
BEATS_S = 4.0
"""How long heartbeats and clients are watched before the first picture, so that strips are full."""


class Album:
    """Takes pictures of one console."""

    def __init__(self, pilot: Pilot[int], scene: Scene[Box]) -> None:
        self.pilot = pilot
        self.scene = scene

    async def keys(self, *keys: str) -> None:
        """Press keys as a person does."""
        await self.pilot.press(*keys)
        await self.pilot.pause(0.2)

    async def shows(self, *texts: str) -> None:
        """Wait until the screen shows these texts."""
        await shows(self.pilot, *texts)

    def take(self, name: str) -> None:
        """Keep the screen as screenshots/NAME.svg."""
        FOLDER.mkdir(exist_ok=True)
        file = FOLDER / f"{name}.svg"
        file.write_text(self.pilot.app.export_screenshot(title="clustertui"), encoding="utf-8")
        sys.stdout.write(f"screenshots/{file.name}\n")

    async def change(self, group: str, nodes: tuple[str, ...]) -> None:
        """Ask for one more group from beside the console, as a script would."""
        active = (await self.scene.active()).active
        text = with_group(active, self.scene.box.recipe, group, nodes)
        await self.scene.begin(nodes[0], text, f"add {group}")


async def _dashboard(album: Album) -> None:
    await album.shows("alpha", "charlie", "Clients of the services")
    await album.pilot.pause(BEATS_S)
    album.take("dashboard")


async def _form_and_draft(album: Album) -> None:
    await album.keys("4")
    await album.shows("Its last events")
    await album.keys("a")
    await album.shows("What the new group is")
    await album.keys("enter")
    await album.shows("editing group", "Nodes in order")
    await album.keys("tab", "end", *"x")
    await album.shows("! E")  # a node that does not exist: the error stands at the field
    album.take("form")
    await album.keys("ctrl+r", "ctrl+s")
    await album.keys("5")
    await album.shows("What happens to each group")
    album.take("draft")
    await album.keys("u")


async def _running(album: Album) -> None:
    await album.scene.drill("bravo", "slow-step", "acquire")
    await album.change("mail", ("bravo", "alpha"))
    await album.keys("7")
    await album.shows("RUNNING", "acquire")
    await album.pilot.pause(1.5)
    album.take("matrix-running")
    await album.shows("DONE")


async def _aborted(album: Album) -> None:
    await album.scene.drill("charlie", "fail-acquire", "archive")
    await album.change("archive", ("charlie", "alpha"))
    await album.shows("ABORTED", "prove")
    await album.pilot.pause(0.5)
    album.take("matrix-aborted")


async def _pictures(box: Box) -> None:
    watch = Watch(box.access_to)
    with closing(Asker({}, box.places.service_port)) as client:
        scene = Scene(box, watch, client)
        await scene.settle()
        for group in GROUPS:
            client.watch(group, box.recipe.address_of(group))
        app = ClusterApp(Client(box.access()), author="ann", probe=client)
        async with app.run_test(size=SIZE) as pilot:
            album = Album(pilot, scene)
            for part in (_dashboard, _form_and_draft, _running, _aborted):
                await part(album)
        await scene.settle()
        await scene.drill("alpha", "slow-step", "acquire")
        await asyncio.to_thread(_session, box)
    await watch.close()


def _session(box: Box) -> None:
    """Record how a group is moved: look, ask, watch the steps, read what happened."""
    with Cast(box.access_file, "ann") as cast:
        cast.until("ALL RIGHT", "orders")
        cast.watch(BEATS_S)
        cast.press("4", pause=2.0)
        cast.press("m", pause=2.0)
        cast.press("\r", pause=2.0)
        cast.press("\r", pause=2.0)
        cast.type("web")
        cast.press("\r")
        cast.until("DONE")
        cast.watch(3.0)
        cast.press("8", pause=3.0)
        cast.press("1", pause=3.0)
        cast.save(FOLDER / "session.cast", "clustertui: a group is moved")
    sys.stdout.write("screenshots/session.cast\n")


def _every_look() -> int:
    """Draw all screens, in a process of their own: what has no colour once has none for good."""
    folder = FOLDER / "all"
    done = subprocess.run([sys.executable, "-m", "tests.support.looks", str(folder)], check=False)
    for drawn, name in LOOKED_AT.items():
        if done.returncode == 0:
            shutil.copyfile(folder / f"{drawn}.svg", FOLDER / f"{name}.svg")
            sys.stdout.write(f"screenshots/{name}.svg\n")
    return done.returncode


def main() -> int:
    """Make all pictures; returns the exit code."""
    signals.listen()
    with Box() as box:
        box.start()
        asyncio.run(_pictures(box))
    return _every_look()


if __name__ == "__main__":
    sys.exit(main())
