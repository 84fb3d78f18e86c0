"""What is done to whom: each fault as preparation, strike, and end.

alpha owns the group that moves, bravo coordinates and is to acquire it, charlie owns the group that
nobody touches, delta is being added. A fault ends by itself or when its cause is taken away; an
agent that ended is started again, as its service manager would. Nothing else is ever done by hand.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from nodeagent.config import edit
from tests.faults import hanging
from tests.faults.links import Links, run
from tui.demo.agents import AGENT
from tui.demo.box import Box
from tui.demo.recipe import start_of

OWNER, COORDINATOR, QUIET, ADDED = "alpha", "bravo", "charlie", "delta"
NODES = (OWNER, COORDINATOR, QUIET, ADDED)
MOVED, UNTOUCHED = "web", "orders"
LOSS = 0.1
HOUR_S = 3600.0
DISK = "size=4m"
RESTART_S = 0.5
"""As a service manager waits before it starts a failed agent again."""


class Fault:
    """A fault that does nothing. `victim`: the agent that need not be whole while it lasts."""

    victim = ""
    program: tuple[str, ...] = AGENT
    may_live = False
    """Whether the victim may be well all the same, and own groups."""
    lasts_s = 0.0
    """Its end is not before so many seconds after the strike."""
    stops_untouched = False
    """Whether it hits the owner of the group that the change does not touch."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.notes: list[str] = []

    def text(self, text: str) -> str:
        """Return the configuration that the cluster starts with."""
        return text

    def prepare(self) -> None:
        """Make ready what must be there before the agents run."""

    def strike(self) -> None:
        """Cause it."""

    def end(self) -> None:
        """Take its cause away."""

    def close(self) -> None:
        """Give back what was made."""

    def doubts(self) -> str:
        """Return what was not as it must be with this fault, "" if all was."""
        return ""


class Kill(Fault):
    """kill -9 of one agent; its service manager starts it again in the end."""

    def strike(self) -> None:
        self.box.agents[self.victim].kill()

    def end(self) -> None:
        self.box.run(self.victim)


class KillCoordinator(Kill):
    victim = COORDINATOR


class KillParticipant(Kill):
    victim = OWNER


class KillAdded(Kill):
    victim = ADDED


class KillOwner(Kill):
    victim = QUIET
    stops_untouched = True


class Freeze(Fault):
    """The coordinator stands still until the others' suspension is over, and then goes on."""

    victim = COORDINATOR
    lasts_s = 9.0

    def strike(self) -> None:
        self.box.agents[COORDINATOR].freeze()

    def end(self) -> None:
        self.box.agents[COORDINATOR].thaw()


class _Network(Fault):
    def prepare(self) -> None:
        self.links = Links(self.box.places)

    def end(self) -> None:
        self.links.mend()

    def close(self) -> None:
        self.links.close()


class AllLinks(_Network):
    victim = COORDINATOR

    def strike(self) -> None:
        self.links.lose([COORDINATOR], NODES)
        self.links.lose(NODES, [COORDINATOR])


class OneNetwork(_Network):
    def strike(self) -> None:
        self.links.lose(NODES, NODES, ["public1"])


class OneWay(_Network):
    def strike(self) -> None:
        self.links.lose([OWNER], [COORDINATOR])


class Loss(_Network):
    def strike(self) -> None:
        self.links.lose(NODES, NODES, share=LOSS)


class FullDisk(Fault):
    """The disk of one node has no byte left, also where its journal had reserved some.

    A file system that copies on write, or a thin volume, breaks such promises; here the pages that
    hold zeros only are given back before the disk is filled.
    """

    victim = OWNER
    may_live = True

    def prepare(self) -> None:
        state = self.box.agents[OWNER].state
        kept = state.with_name("kept")
        state.rename(kept)
        state.mkdir(mode=0o700)
        run("mount", "-t", "tmpfs", "-o", f"{DISK},mode=700", "none", str(state))
        shutil.copytree(kept, state, dirs_exist_ok=True)
        shutil.rmtree(kept)
        self._filler = state / "filler"
        self._manager: asyncio.Task[None] | None = None
        self._restarts = 0

    def strike(self) -> None:
        run("fallocate", "--dig-holes", str(self._filler.with_name("journal")))
        with self._filler.open("wb", buffering=0) as file:
            for size in (1 << 16, 1):
                _fill(file.fileno(), size)
        self._manager = asyncio.get_running_loop().create_task(self._start_again())

    def end(self) -> None:
        self._filler.unlink()

    def close(self) -> None:
        if self._manager is not None:
            self._manager.cancel()

    def doubts(self) -> str:
        log = self.box.agents[OWNER].log.read_text("utf-8", "replace")
        told = "No space left on device" in log
        self.notes.append(f"ended {self._restarts} times" if told else "nothing had to be written")
        return "" if told or not self._restarts else f"{OWNER} ended and does not say why"

    async def _start_again(self) -> None:
        while True:
            await asyncio.sleep(RESTART_S)
            if not self.box.agents[OWNER].alive:
                self._restarts += 1
                self.box.run(OWNER)


def _fill(descriptor: int, size: int) -> None:
    while True:
        try:
            os.write(descriptor, bytes(size))
        except OSError:
            return


class Clock(Fault):
    """Three wall clocks are set; intervals are measured by another clock, so nobody is late."""

    JUMPS: ClassVar[dict[str, float]] = {
        COORDINATOR: HOUR_S,
        OWNER: -HOUR_S,
        ADDED: 24 * HOUR_S,
    }

    def __init__(self, box: Box) -> None:
        super().__init__(box)
        self._clocks = box.folder / "clocks"
        self._clocks.mkdir()
        self.program = (sys.executable, "-m", "tests.faults.clocked", str(self._clocks))

    def strike(self) -> None:
        for node, seconds in self.JUMPS.items():
            aside = self._clocks / f".{node}"
            aside.write_text(str(seconds))
            aside.rename(self._clocks / node)


class DriverHangs(Fault):
    """The old owner's stop and the new owner's monitor, and with it its start, never return.

    It lasts until a monitor that was content before the decision has had its time to hang.
    """

    lasts_s = 9.0

    def __init__(self, box: Box) -> None:
        super().__init__(box)
        self._switches = box.folder / "switches"
        self._switches.mkdir()

    def text(self, text: str) -> str:
        words = (sys.executable, "-I", "-S", str(Path(hanging.__file__)))
        server = ("group", MOVED, "resource", "server")
        for action in ("stop", "monitor"):
            arguments = (*words, action, str(self._switches))
            text = edit.set_value(text, (*server, action), arguments)
        text = edit.set_value(text, (*server, "monitor-seconds"), 1.0)
        start = start_of(self.box.recipe, MOVED)
        return edit.set_value(
            text, (*server, "start"), (*words, "start", str(self._switches), *start)
        )

    def strike(self) -> None:
        for action, node in (("stop", OWNER), ("monitor", COORDINATOR)):
            (self._switches / f"{action}-{node}").touch()

    def end(self) -> None:
        for switch in self._switches.glob("*-*"):
            if switch.suffix != ".pid":
                switch.unlink()


FAULTS: dict[str, Callable[[Box], Fault]] = {
    "kill-coordinator": KillCoordinator,
    "kill-participant": KillParticipant,
    "kill-added": KillAdded,
    "kill-owner": KillOwner,
    "freeze": Freeze,
    "all-links": AllLinks,
    "one-network": OneNetwork,
    "one-way": OneWay,
    "loss": Loss,
    "full-disk": FullDisk,
    "clock": Clock,
    "driver-hangs": DriverHangs,
}
