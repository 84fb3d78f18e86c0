"""The drill "coordinator-death": at each step of a DARE its coordinator dies as by kill -9.

The change takes all steps: an adapter more or less, and a group that moves. The second node
coordinates it and dies entering the step. The others must be of one mind and free of the DARE
within the bound, on the old or on the new configuration; then the dead agent is started again, and
the next step follows. Nothing is cleared by hand, and there is no command for it.
"""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import get_args

from nodeagent.config import edit
from nodeagent.config.digest import file_digest
from nodeagent.config.load import load
from nodeagent.model.configuration import Timing
from nodeagent.wire.peer import StepName
from tui.demo.box import Box
from tui.demo.recipe import with_adapter, with_node
from tui.demo.scene import Proof, Scene, per_node
from tui.demo.tour import Steps
from tui.demo.watch import Views, agree, groups, require, staged_files

NAME = "coordinator-death"
STEPS: tuple[str, ...] = get_args(StepName)[: get_args(StepName).index("resume") + 1]
"""The forward steps; at each the coordinator can be killed."""
VOTES_S = 4.0
"""For the votes of who finishes or undoes, and for a second try of theirs."""
BACK_S = 30.0
DIES_S = 20.0
MOVED, ADAPTER = "web", "eth1"


def bound_s(timing: Timing) -> float:
    """Return within how many seconds after the death the others must have ended the DARE."""
    return (timing.dead_after_ms + timing.suspend_ms) / 1000 + VOTES_S


class CoordinatorDeaths:
    """One death for each of `steps`, on a running box."""

    def __init__(self, scene: Scene[Box], steps: Sequence[str]) -> None:
        self.scene = scene
        self.first, self.victim, self.quiet = scene.box.names[:3]
        self.spare = scene.box.spare
        self._wanted = tuple(steps)

    def steps(self) -> Steps:
        """Return what is shown, in order."""
        deaths = ((step, partial(self.dies_at, step)) for step in self._wanted)
        return (
            ("stable", self.stable),
            ("add-node", self.add_node),
            *deaths,
            ("unaffected", self.unaffected),
        )

    async def stable(self) -> Proof:
        """All nodes are in and every group answers."""
        views = await self.scene.settle()
        return Proof(f"{len(views)} nodes in, epoch {agree(views)[0]}", per_node(views))

    async def add_node(self) -> Proof:
        """A fourth node: with it a majority lives however often the second one dies."""
        scene = self.scene
        text = (await scene.active()).active
        new = with_node(text, scene.box.recipe, self.spare, ("eth0", "eth2"))
        await asyncio.to_thread(scene.box.join, self.spare, new)
        run = await scene.change(self.first, new, f"add node {self.spare}")
        scene.box.adopt(self.spare)
        scene.alive.append(self.spare)
        views = await scene.settle()
        return Proof(f"epoch {agree(views)[0]} on {len(views)} nodes", per_node(views), run)

    async def dies_at(self, step: str) -> Proof:
        """The coordinator dies entering `step`; the others end the DARE, and it comes back."""
        scene = self.scene
        before = await scene.settle()
        old = agree(before)
        text = self._other(before[self.first].active)
        new = (old[0] + 1, file_digest(text.encode()))
        await scene.drill(self.victim, "stop-at-step", step)
        died = await self._begin_and_die(text, step)
        limit = bound_s(_timing(before[self.first].active))
        found = await scene.watch.until(
            partial(self._ended, old, new), limit, f"end of the DARE without {self.victim}"
        )
        seconds = time.monotonic() - died
        require(seconds <= limit, f"took {seconds:.1f} s, the bound is {limit:.0f} s")
        for group in groups(await scene.look()):
            await scene.served(group, BACK_S)
        left = staged_files(scene.box.folder, scene.alive)
        require(not left, f"a temporary configuration is left on {', '.join(left)}")
        views = await self._back()
        require(agree(views) == found, f"{agree(views)} after {self.victim} came back, not {found}")
        verb = "finished" if found == new else "undone"
        detail = (
            f"{self.victim} died at {step}: {verb} by the others in {seconds:.1f} s (bound "
            f"{limit:.0f} s: dead-after-ms, suspend-ms, and {VOTES_S:.0f} s to vote); it is back"
        )
        return Proof(detail, per_node(views))

    async def unaffected(self) -> Proof:
        """The client of the group that no change touched saw no failure."""
        record = self.scene.client.record("orders")
        require(record.requests > 0, "the client has asked nothing")
        failures = "; ".join(record.failures[:3])
        require(record.failed == 0, f"{record.failed} of {record.requests} failed: {failures}")
        return Proof(f"{record.requests} requests, none failed")

    # -- parts

    def _other(self, text: str) -> str:
        """Return the configuration with, or again without, the adapter, and the group elsewhere."""
        recipe = self.scene.box.recipe
        configuration = load(text, "active").configuration
        assert configuration is not None, "what is active was verified"
        if ADAPTER in configuration.node[self.spare].adapter:
            text = edit.remove(text, ("node", self.spare, "adapter", ADAPTER))
            return edit.set_value(text, ("group", MOVED, "nodes"), (self.first, self.quiet))
        text = with_adapter(text, recipe, self.spare, ADAPTER)
        return edit.set_value(text, ("group", MOVED, "nodes"), (self.spare, self.quiet))

    async def _begin_and_die(self, text: str, step: str) -> float:
        """Ask the victim for the change; return when it was seen dead."""
        scene = self.scene
        ask = partial(scene.begin_fatally, self.victim, text, f"die at {step}")
        # Until it has begun: who was just counted in may be busy yet.
        await scene.watch.until(ask, DIES_S, f"change that {self.victim} begins")
        await scene.watch.until(self._is_dead, DIES_S, f"end of {self.victim}")
        scene.alive.remove(self.victim)
        return time.monotonic()

    async def _is_dead(self) -> None:
        require(not self.scene.box.agents[self.victim].alive, f"{self.victim} still runs")

    async def _ended(self, old: tuple[int, str], new: tuple[int, str]) -> tuple[int, str]:
        found = agree(await self.scene.look())
        require(found in {old, new}, f"epoch and digest are {found}, neither old nor new")
        return found

    async def _back(self) -> Views:
        scene = self.scene
        await asyncio.to_thread(scene.box.run, self.victim)
        scene.alive.append(self.victim)
        return await scene.settle(BACK_S)


def _timing(text: str) -> Timing:
    configuration = load(text, "active").configuration
    assert configuration is not None, "what is active was verified"
    return configuration.timing
