"""The tour: nine things that the product promises, each done and proved on the real cluster.

Each step asks every living agent by itself, and the service addresses as a client would; it holds
only if all of them say so. The names and the order of the steps are an interface.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from nodeagent.config import edit
from nodeagent.config.digest import file_digest
from nodeagent.model.run import DareRun
from nodeagent.wire.console import Apply, Refused
from tui.demo.box import Box
from tui.demo.recipe import with_adapter, with_group, with_node
from tui.demo.scene import Proof, Scene, per_node, told
from tui.demo.watch import agree, groups, require, staged_files, where

Steps = tuple[tuple[str, Callable[[], Awaitable[Proof]]], ...]
"""What a story shows, in order: a name, and what does it and proves it."""
FINISH_S = 25.0
UNDO_ROWS = ("undo-acquire", "undo-release", "undo-stage", "prove")


class Tour:
    """The story. `first` and `second` take turns in dying; `quiet` owns what nobody touches."""

    def __init__(self, scene: Scene[Box]) -> None:
        self.scene = scene
        self.recipe = scene.box.recipe
        self.first, self.second, self.quiet = scene.box.names[:3]
        self.spare = scene.box.spare

    def steps(self) -> Steps:
        """Return the steps in their order."""
        return (
            ("stable", self.stable),
            ("add-group", self.add_group),
            ("add-node", self.add_node),
            ("both", self.both),
            ("abort", self.abort),
            ("refuse-second", self.refuse_second),
            ("coordinator-death", self.coordinator_death),
            ("takeover", self.takeover),
            ("unaffected", self.unaffected),
        )

    async def stable(self) -> Proof:
        """All nodes are in, every group is online and answers from its owner."""
        views = await self.scene.settle()
        owners = [f"{group} on {await self.scene.served(group)}" for group in ("web", "orders")]
        text = f"{len(views)} nodes in, epoch {agree(views)[0]}; {', '.join(owners)}"
        return Proof(text, per_node(views))

    async def add_group(self) -> Proof:
        """A resource DARE: a group more, nothing else touched."""
        text = await self._text()
        new = with_group(text, self.recipe, "reports", (self.second, self.first))
        run = await self.scene.change(self.first, new, "add group reports")
        require(run.plan.kind == "resources", f"planned as {run.plan.kind}, not as resources")
        return await self._changed(run, new, "reports", self.second)

    async def add_node(self) -> Proof:
        """A topology DARE: a fourth node, greeted on all its networks."""
        new = with_node(await self._text(), self.recipe, self.spare, ("eth0", "eth2"))
        await asyncio.to_thread(self.scene.box.join, self.spare, new)
        run = await self.scene.change(self.second, new, f"add node {self.spare}")
        require(run.plan.kind == "topology", f"planned as {run.plan.kind}, not as topology")
        greeted = _cells(run, "greet").get(self.spare, "not asked")
        require(greeted == "done", f"greet on {self.spare} is {greeted}")
        self.scene.box.adopt(self.spare)
        self.scene.alive.append(self.spare)
        return await self._changed(run, new)

    async def both(self) -> Proof:
        """Topology and resources in one: an adapter, and a group that needs it."""
        new = with_adapter(await self._text(), self.recipe, self.spare, "eth1")
        new = with_group(new, self.recipe, "archive", (self.spare, self.first))
        run = await self.scene.change(self.quiet, new, "add adapter eth1 and group archive")
        require(run.plan.kind == "both", f"planned as {run.plan.kind}, not as both")
        return await self._changed(run, new, "archive", self.spare)

    async def abort(self) -> Proof:
        """A change whose acquire fails: every node and every group is where it was."""
        scene, text = self.scene, await self._text()
        before = await scene.settle()
        new = edit.set_value(text, ("group", "reports", "nodes"), (self.spare, self.first))
        new = with_group(new, self.recipe, "batch", (self.first, self.second))
        await scene.drill(self.spare, "fail-acquire", "reports")
        try:
            tx = await scene.begin(self.first, new, "move reports, add batch")
            run = await scene.watch.follow(self.first, tx)
        finally:
            await scene.drill(self.spare, "mend-acquire", "reports")
        require(run.state == "aborted", f"not aborted: {told(run)}")
        require(run.restored == "restored", f"not restored: {told(run)}")
        _undone(run)
        after = await scene.settle()
        require(agree(after) == agree(before), f"epoch and digest are {agree(after)} after it")
        require(where(after) == where(before), f"groups are at {where(after)} after it")
        left = staged_files(scene.box.folder, scene.alive)
        require(not left, f"a temporary configuration is left on {', '.join(left)}")
        await scene.served("reports")
        return Proof(f"aborted as wanted: {run.text}", per_node(after), run)

    async def refuse_second(self) -> Proof:
        """Two administrators at once: the second is told who was first, and waits."""
        scene, text = self.scene, await self._text()
        new = with_group(text, self.recipe, "batch", (self.first, self.second))
        await scene.drill(self.quiet, "slow-step", "compare")
        tx = await scene.begin(self.quiet, new, "add group batch")
        await scene.watch.until(self._locked, FINISH_S, "the lock of the first DARE")
        second = Apply(text=new + "\n", base=file_digest(text.encode()), reason="too early")
        answer = await scene.watch.ask(self.first, second, timeout_s=10.0)
        require(isinstance(answer, Refused), f"the second DARE was not refused: {answer}")
        assert isinstance(answer, Refused)
        require(answer.exit_code == 3, f"refused with {answer.exit_code}: {answer.text}")
        require(self.quiet in answer.text, f"the refusal names no holder: {answer.text}")
        run = await scene.watch.follow(self.quiet, tx)
        require(run.state == "done", told(run))
        proof = await self._changed(run, new, "batch", self.first)
        return Proof(f"second refused: {answer.text}; first: {proof.detail}", proof.nodes, run)

    async def coordinator_death(self) -> Proof:
        """The coordinator dies in the middle, twice: before the decision, and after it."""
        undone = await self._die_at("acquire", "mail", finished=False)
        finished = await self._die_at("activate", "mail", finished=True)
        views = await self.scene.settle()
        return Proof(f"{undone}; {finished}", per_node(views))

    async def takeover(self) -> Proof:
        """The owner of a group loses its power: the next node serves, and the owner comes back."""
        scene = self.scene
        owner = await scene.served("web")
        began = time.monotonic()
        await asyncio.to_thread(scene.box.agents[owner].power_off)
        scene.alive.remove(owner)
        await scene.agreed()
        heir = await scene.served("web", FINISH_S)
        seconds = time.monotonic() - began
        require(heir != owner, f"{owner} is off and still owns web")
        await self._back(owner)
        views = await scene.settle()
        require(where(views)["web"] == heir, f"web went back to {where(views)['web']} by itself")
        text = f"{owner} switched off; web answers from {heir} after {seconds:.1f} s"
        return Proof(text, per_node(views))

    async def unaffected(self) -> Proof:
        """The client of the group that nobody touched saw nothing of all this."""
        record = self.scene.client.record("orders")
        require(record.requests > 0, "the client has asked nothing")
        failures = "; ".join(record.failures[:3])
        require(record.failed == 0, f"{record.failed} of {record.requests} failed: {failures}")
        owner = await self.scene.served("orders")
        require(owner == self.quiet, f"orders moved from {self.quiet} to {owner}")
        gap = record.longest_gap_s
        return Proof(f"{record.requests} requests, none failed, longest gap {gap * 1000:.0f} ms")

    # -- parts

    async def _text(self) -> str:
        return (await self.scene.active()).active

    async def _changed(self, run: DareRun, text: str, group: str = "", owner: str = "") -> Proof:
        """Prove that `text` is active everywhere and `group` answers from `owner`."""
        views = await self.scene.settle()
        epoch, digest = agree(views)
        require(
            digest == file_digest(text.encode()), f"active is {digest[:12]}, not what was asked"
        )
        require(epoch == run.base_epoch + 1, f"epoch {epoch} after {run.base_epoch}")
        left = staged_files(self.scene.box.folder, self.scene.alive)
        require(not left, f"a temporary configuration is left on {', '.join(left)}")
        detail = f"epoch {epoch} active on {len(views)} nodes in {run.seconds:.1f} s"
        if group:
            found = await self.scene.served(group)
            require(found == owner, f"{group} is on {found}, planned was {owner}")
            detail = f"{detail}; {group} answers from {owner}"
        return Proof(detail, per_node(views), run)

    async def _locked(self) -> None:
        for name, view in (await self.scene.look()).items():
            require(bool(view.cluster.lock), f"{name} holds no lock yet")

    async def _die_at(self, step: str, group: str, *, finished: bool) -> str:
        """Let `second` coordinate a DARE, die entering `step`; see what the others make of it."""
        scene, text = self.scene, await self._text()
        before = agree(await scene.settle())
        new = with_group(text, self.recipe, group, (self.first, self.second))
        await scene.drill(self.second, "stop-at-step", step)
        began = time.monotonic()
        await scene.begin_fatally(self.second, new, f"add group {group}")
        await scene.watch.until(self._second_is_gone, FINISH_S, f"end of {self.second}")
        await asyncio.to_thread(scene.box.agents[self.second].power_off)
        scene.alive.remove(self.second)
        wanted = (before[0] + 1, file_digest(new.encode())) if finished else before

        async def as_wanted() -> None:
            found = agree(await scene.look())
            require(found == wanted, f"epoch and digest are {found}, not {wanted}")

        await scene.watch.until(as_wanted, FINISH_S, f"end of the DARE without {self.second}")
        seconds = time.monotonic() - began
        for name in groups(await scene.look()):
            await scene.served(name, FINISH_S)
        await self._back(self.second)
        verb = "finished" if finished else "undone"
        return f"{self.second} died at {step}: {verb} by the others in {seconds:.1f} s"

    async def _second_is_gone(self) -> None:
        agent = self.scene.box.agents[self.second]
        require(not agent.alive, f"{self.second} still runs")

    async def _back(self, name: str) -> None:
        """Switch a node on again and wait until it is in."""
        await asyncio.to_thread(self.scene.box.run, name)
        self.scene.alive.append(name)
        await self.scene.settle()


def _cells(run: DareRun, step: str) -> dict[str, str]:
    return {
        node: cell.state
        for row in run.steps
        if row.name == step
        for node, cell in row.cells.items()
    }


def _undone(run: DareRun) -> None:
    """Raise NotHeld unless every undo row is there and done."""
    rows = {row.name: row for row in run.steps if row.undo}
    for name in UNDO_ROWS:
        require(name in rows, f"there is no step {name}")
        require(rows[name].state == "done", f"{name} is {rows[name].state}: {rows[name].reason}")
