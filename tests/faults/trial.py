"""One cell: a box, a change that takes every step, a fault at one of them, and what must hold.

Those that live end on one configuration, the old or the new one, unlocked and not suspended; each
group has one owner, runs there and nowhere else by the table of processes, and answers. When the
fault is over all of them do, the one that was hit as well. Every agent's record of the DARE says
how it ended, and the next DARE finds nothing in its way.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing, closing, suppress
from functools import partial
from typing import TypeVar

from nodeagent.client.client import Client
from nodeagent.config import edit
from nodeagent.config.digest import file_digest
from nodeagent.model.run import DareRun, StepChanged
from nodeagent.wire.live import ProgressMade, Snapshot
from tests.faults.faults import ADDED, COORDINATOR, FAULTS, MOVED, OWNER, QUIET, UNTOUCHED, Fault
from tests.faults.grid import BOUND_S, Cell, Result
from tests.support.witness import Witness, services
from tui.demo import asker
from tui.demo.agents import AgentError
from tui.demo.asker import Asker
from tui.demo.box import Box
from tui.demo.recipe import with_group, with_node
from tui.demo.scene import Scene
from tui.demo.watch import (
    NotHeld,
    Views,
    Watch,
    agree,
    require,
    stable,
    staged_files,
    state_at,
    where,
)

START_S = 30.0
STEP_S = 20.0
NEW_GROUP = "mail"
ENDS = {"old": ("aborted", "refused"), "new": ("done",)}
Standing = tuple[int, str]
T = TypeVar("T")


class Trial:
    """A cell that is being tried in `box`."""

    def __init__(self, cell: Cell, box: Box, fault: Fault, client: Asker) -> None:
        self.cell = cell
        self.box = box
        self.fault = fault
        self.client = client
        self.watch = Watch(box.access_to)
        self.scene = Scene(box, self.watch, client)
        self.old: Standing = (0, "")
        self.new: Standing = (0, "")
        self.tx = ""

    async def run(self) -> Result:
        """Carry it out; NotHeld says what did not hold."""
        began = time.monotonic()
        await self._until_struck(await self._ready())
        struck = time.monotonic()
        self.fault.strike()
        outcome = await self._within("those that live are whole", self._whole, struck)
        recovered, failed = time.monotonic(), self.client.record(UNTOUCHED).failed
        await self._within("those that live tell the end", partial(self._told, outcome), recovered)
        await asyncio.sleep(max(0.0, struck + self.fault.lasts_s - recovered))
        ended = time.monotonic()
        self.fault.end()
        await self._within("all are whole", partial(self._all_whole, outcome), ended)
        back = time.monotonic()
        await self._within("all tell the end", partial(self._told, outcome, hit=True), back)
        await self._goes_on()
        self._client_is_content(failed)
        require(not self.fault.doubts(), self.fault.doubts())
        record = self.client.record(UNTOUCHED)
        return Result(
            *(self.cell.step, self.cell.fault, True),
            outcome=outcome,
            recovery_s=round(recovered - struck, 2),
            back_s=round(back - ended, 2),
            failed=record.failed,
            requests=record.requests,
            seconds=round(time.monotonic() - began, 2),
            notes=tuple(self.fault.notes),
        )

    # -- up to the strike

    async def _ready(self) -> str:
        """Return the change, with the cluster stable, the node to be added up, the client busy."""
        views = await self.scene.settle(START_S)
        text, recipe = views[OWNER].active, self.box.recipe
        text = edit.set_value(text, ("group", MOVED, "nodes"), (COORDINATOR, ADDED))
        text = with_group(with_node(text, recipe, ADDED), recipe, NEW_GROUP, (ADDED, OWNER))
        self.old = agree(views)
        self.new = (self.old[0] + 1, file_digest(text.encode()))
        await asyncio.to_thread(self.box.join, ADDED, text)
        await self.watch.until(partial(self.watch.look, ADDED), START_S, f"{ADDED} answers")
        self.client.watch(UNTOUCHED, recipe.address_of(UNTOUCHED))
        return text

    async def _until_struck(self, text: str) -> None:
        """Begin the change; return when its step has begun and is being held."""
        await self.scene.drill(COORDINATOR, "slow-step", self.cell.step)
        client = Client(self.box.access_to(COORDINATOR))
        try:
            async with asyncio.timeout(STEP_S), aclosing(client.stream()) as messages:
                async for message in messages:
                    if isinstance(message, Snapshot) and not self.tx:
                        self.tx = await self.scene.begin(COORDINATOR, text, "change everything")
                        if self._has_begun(await self.watch.look(COORDINATOR)):
                            return
                    if isinstance(message, ProgressMade) and self._begins(message):
                        return
        except TimeoutError:
            raise NotHeld(f"{self.cell.step} did not begin within {STEP_S:.0f} s") from None
        finally:
            await client.close()

    def _begins(self, message: ProgressMade) -> bool:
        news = message.progress
        return (
            isinstance(news, StepChanged)
            and (news.step, news.state, news.undo) == (self.cell.step, "running", False)
            and news.tx in {"", self.tx}
        )

    def _has_begun(self, view: Snapshot) -> bool:
        rows = view.run.steps if view.run and view.run.tx == self.tx else ()
        return any(row.name == self.cell.step and row.state == "running" for row in rows)

    # -- after it

    async def _within(self, what: str, check: Callable[[], Awaitable[T]], since: float) -> T:
        left = BOUND_S - (time.monotonic() - since)
        return await self.watch.until(check, left, what)

    def _standing_nodes(self) -> list[str]:
        return [name for name in (OWNER, COORDINATOR, QUIET) if name != self.fault.victim]

    async def _whole(self) -> str:
        """Return which configuration those have that live; NotHeld while they are not whole."""
        victim, names = self.fault.victim, self._standing_nodes()
        views = await self.watch.look_at_all(names)
        outcome = self._outcome(agree(views))
        if self.fault.may_live and victim in where(views).values():
            names.append(victim)
        if outcome == "new" and victim != ADDED:
            names.append(ADDED)
        views = await self.watch.look_at_all(names)
        self._outcome(agree(views))
        await self._served(views)
        return outcome

    def _outcome(self, found: Standing) -> str:
        require(found in {self.old, self.new}, f"epoch and digest are {found}")
        return "new" if found == self.new else "old"

    async def _served(self, views: Views) -> None:
        """Each group runs where it belongs, nowhere else, and answers; processes have the word."""
        owners = where(views)
        for group, owner in owners.items():
            require(owner in views, f"{group} belongs to {owner or 'nobody'}")
            state = state_at(views[owner], owner, group)
            require(state == "online", f"{group} is {state} on {owner}")
        running = sorted((group, node) for _, group, node in services())
        require(running == sorted(owners.items()), f"{running} run, owners are {owners}")
        for group in owners:
            await self._answers(group, owners[group])

    async def _answers(self, group: str, owner: str) -> None:
        address, port = self.box.recipe.address_of(group), self.box.places.service_port
        try:
            node, _ = await asyncio.to_thread(asker.ask, address, port)
        except (OSError, ValueError, KeyError) as error:
            raise NotHeld(f"{group} does not answer: {error}") from None
        require(node == owner, f"{group} belongs to {owner}, but {node} answers")

    async def _all_whole(self, outcome: str) -> str:
        names = [OWNER, COORDINATOR, QUIET, *([ADDED] if outcome == "new" else [])]
        ended = [name for name in names if not self.box.agents[name].alive]
        require(not ended, f"{' and '.join(ended)} has ended")
        views = await self.watch.look_at_all(names)
        found = self._outcome(stable(views))
        require(found == outcome, f"all are on the {found} configuration, they were on {outcome}")
        await self._served(views)
        left = staged_files(self.box.folder, names)
        require(not left, f"a temporary configuration is left on {', '.join(left)}")
        return outcome

    async def _told(self, outcome: str, *, hit: bool = False) -> str:
        """Consoles are told the truth by every agent that has a record of this DARE."""
        names = [OWNER, COORDINATOR, QUIET] if hit else self._standing_nodes()
        for name in names:
            run = self._record(await self.watch.look(name))
            if run is None:
                require(name == self.fault.victim, f"{name} has no record of {self.tx}")
            else:
                require(run.state in ENDS[outcome], f"{name} says {run.state}, it is {outcome}")
        return outcome

    def _record(self, view: Snapshot) -> DareRun | None:
        runs = (*view.runs, *((view.run,) if view.run else ()))
        return next((run for run in reversed(runs) if run.tx == self.tx), None)

    async def _goes_on(self) -> None:
        """Nothing is in the way of the next change."""

        async def changed() -> None:
            views = await self.watch.look_at_all([OWNER, COORDINATOR, QUIET])
            agree(views)
            text = views[QUIET].active + "# the next change\n"
            with suppress(AgentError):
                await self.scene.change(QUIET, text, "the next change")

        await self._within("the next DARE is done", changed, time.monotonic())

    def _client_is_content(self, failed: int) -> None:
        """Where the fault ended the untouched group's owner, failures end with the recovery."""
        record = self.client.record(UNTOUCHED)
        require(record.requests > 0, "the client has asked nothing")
        allowed = failed if self.fault.stops_untouched else 0
        failures = "; ".join(record.failures[:3])
        require(record.failed <= allowed, f"{record.failed} requests failed: {failures}")


def try_cell(cell: Cell) -> Result:
    """Return what came of a cell; it never raises for what did not hold."""
    began = time.monotonic()
    with Box() as box, closing(Asker({}, box.places.service_port)) as client:
        witness = Witness()
        fault = FAULTS[cell.fault](box)
        try:
            result = asyncio.run(_try(cell, box, fault, client))
            witness.close()
            require(not witness.seen_twice, "; ".join(witness.seen_twice[:3]))
        except (NotHeld, AgentError) as reason:
            words = tuple(line[:300] for line in box.last_words())
            seconds = round(time.monotonic() - began, 2)
            return Result(cell.step, cell.fault, False, str(reason), seconds=seconds, notes=words)
        finally:
            witness.close()
            fault.close()
    return result


async def _try(cell: Cell, box: Box, fault: Fault, client: Asker) -> Result:
    box.first = fault.text(box.first)
    box.program = fault.program
    box.set_up()
    fault.prepare()
    box.run_all()
    trial = Trial(cell, box, fault, client)
    try:
        return await trial.run()
    finally:
        await trial.watch.close()
