"""Forecast against actual: changes of every kind, again and again, on three real agents.

The first rounds only fill the records. Then each run's forecast, made before it began, is held
against what its groups were really away for, kind by kind; and against what a client saw that asked
all the time.

The agents of the box take each other for dead after a second. On a machine that does not let them
run for so long they lose their leases, a change is undone, and nothing is foretold of that. Such a
run is told, but not judged, and the next one waits until the cluster is stable again.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass

from nodeagent.config import edit
from nodeagent.model.run import DareRun
from tests.benchmarks.figures import Figure, median
from tui.demo import warden
from tui.demo.asker import Asker
from tui.demo.box import Box
from tui.demo.recipe import GROUPS, with_adapter, with_group
from tui.demo.scene import Scene, told
from tui.demo.watch import NotHeld, Watch, require
from tui.viewmodels.preview import Foretold, outcomes

FILLING = 4
ROUNDS = 8
TRIES = 3
PATIENCE_S = 300.0
"""How long a cluster may take to be stable again after a run that was upset."""
SLEPT = "this node slept"
"""How an agent tells that it was not let run for half a second or more."""
TELL_S = 1.2
"""So long after a DARE all agents have told what it took."""
ADDED = "batch"
MISSED_MAX = 20
SEEN_MIN_S = 0.1
"""A client's shorter gap is a slow answer, not an interruption."""
Owners = dict[str, str]
Change = Callable[[Scene[Box], str, int, Owners], tuple[str, Owners]]
"""From text, round and owners to the next text and the moves that are asked for."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One ended run of a kind, in which round; `seen_s`: the gaps that the client saw.

    `slept`: an agent was not let run meanwhile.
    """

    kind: str
    number: int
    run: DareRun
    seen_s: dict[str, float]
    slept: bool = False

    @property
    def filled(self) -> bool:
        """Return whether records of its kind were there."""
        return self.number >= FILLING

    def judged(self) -> list[Foretold]:
        """Return what had both a forecast and an actual."""
        return [one for one in outcomes(self.run) if one.inside is not None]


@dataclass(frozen=True, slots=True)
class Upset:
    """A run that cannot be judged, and why."""

    kind: str
    number: int
    why: str


async def measure() -> list[Figure]:
    """Carry out all kinds in turn; return how many actuals were not in their interval."""
    with Box() as box:
        await asyncio.to_thread(box.start)
        watch = Watch(box.access_to)
        services = {group: box.service_at(group)[0] for group in GROUPS}
        with closing(Asker(services, box.service_at(GROUPS[0])[1])) as client:
            scene = Scene(box, watch, client)
            try:
                await scene.settle()
                found, upset = await all_runs(
                    lambda kind, number: _measured(scene, kind, number),
                    lambda: scene.settle(PATIENCE_S),
                )
            finally:
                await watch.close()
    return figures(found, upset)


async def all_runs(
    attempt: Callable[[str, int], Awaitable[Measured]], calm: Callable[[], Awaitable[object]]
) -> tuple[list[Measured], list[Upset]]:
    """Attempt each kind in each round; return the runs that ended, and those that were upset."""
    found, upset = list[Measured](), list[Upset]()
    for number in range(FILLING + ROUNDS):
        for kind in KINDS:
            try:
                found.append(await attempt(kind, number))
            except NotHeld as why:
                upset.append(Upset(kind, number, str(why)))
                await calm()
    return found, upset


async def _measured(scene: Scene[Box], kind: str, number: int) -> Measured:
    snapshot = await scene.active()
    try:
        text, owners = KINDS[kind](scene, snapshot.active, number, snapshot.cluster.owners)
    except edit.EditError as error:
        raise NotHeld(f"the one before it was not done: {error}") from None
    began = time.time()
    for group in GROUPS:
        scene.client.record(group).longest_gap_s = 0.0
    run = await _done(scene, text, kind, owners)
    await scene.settle()
    for group in GROUPS:
        await scene.served(group)
    await asyncio.sleep(TELL_S)
    seen = {group: scene.client.record(group).longest_gap_s for group in GROUPS}
    return Measured(kind, number, run, seen, await _slept(scene, began))


async def _slept(scene: Scene[Box], since: float) -> bool:
    """Return whether an agent says that it was not let run since then."""
    told = [event for view in (await scene.look()).values() for event in view.events]
    return any(event.time >= since and event.text.startswith(SLEPT) for event in told)


async def _done(scene: Scene[Box], text: str, kind: str, owners: Owners) -> DareRun:
    """Carry it out; NotHeld unless it was done. Who is refused, as by a view, may ask again."""
    run = await _ended(scene, text, kind, owners)
    for _ in range(TRIES):
        if run.state == "refused":
            await scene.settle()
            run = await _ended(scene, text, kind, owners)
    require(run.state == "done", f"{kind}: {told(run)}")
    return run


async def _ended(scene: Scene[Box], text: str, kind: str, owners: Owners) -> DareRun:
    return await scene.watch.follow("alpha", await scene.begin("alpha", text, kind, **owners))


# -- the kinds


def _restart(scene: Scene[Box], text: str, number: int, _: Owners) -> tuple[str, Owners]:
    return _marked(scene, text, GROUPS[number % 2], number), {}


def _restart_both(scene: Scene[Box], text: str, number: int, _: Owners) -> tuple[str, Owners]:
    for group in GROUPS:
        text = _marked(scene, text, group, 100 + number)
    return text, {}


def _move(scene: Scene[Box], text: str, number: int, owners: Owners) -> tuple[str, Owners]:
    return text, _on(scene, owners, GROUPS[number % 2])


def _move_both(scene: Scene[Box], text: str, _: int, owners: Owners) -> tuple[str, Owners]:
    return text, {**_on(scene, owners, GROUPS[0]), **_on(scene, owners, GROUPS[1])}


def _less_and_move(scene: Scene[Box], text: str, number: int, owners: Owners) -> tuple[str, Owners]:
    """Take an adapter of the private network away, and move a group with it."""
    text = edit.remove(text, ("node", "charlie", "adapter", "eth2"))
    return text, _on(scene, owners, GROUPS[number % 2])


def _more_and_move(scene: Scene[Box], text: str, number: int, owners: Owners) -> tuple[str, Owners]:
    """Add that adapter again, which must be greeted, and move a group with it."""
    text = with_adapter(text, scene.box.recipe, "charlie", "eth2")
    return text, _on(scene, owners, GROUPS[number % 2])


def _add(scene: Scene[Box], text: str, _: int, __: Owners) -> tuple[str, Owners]:
    return with_group(text, scene.box.recipe, ADDED, scene.box.names), {}


def _remove_and_move(
    scene: Scene[Box], text: str, number: int, owners: Owners
) -> tuple[str, Owners]:
    """Take the added group away, and move another one with it."""
    return edit.remove(text, ("group", ADDED)), _on(scene, owners, GROUPS[number % 2])


KINDS: dict[str, Change] = {
    "restart one": _restart,
    "move one": _move,
    "add a group": _add,
    "restart two": _restart_both,
    "remove an adapter, move one": _less_and_move,
    "move two": _move_both,
    "add an adapter, move one": _more_and_move,
    "remove one, move one": _remove_and_move,
}


def _marked(scene: Scene[Box], text: str, group: str, number: int) -> str:
    path = ("group", group, "resource", "server", "environment")
    return edit.set_value(text, path, {warden.MARK: scene.box.mark, "ROUND": str(number)})


def _on(scene: Scene[Box], owners: Owners, group: str) -> Owners:
    names = scene.box.names
    return {group: names[(names.index(owners[group]) + 1) % len(names)]}


# -- the figures


def figures(found: list[Measured], upset: list[Upset]) -> list[Figure]:
    """Return the share that was missed in all and of each kind, and what the client saw beyond."""
    filled = [one for one in found if one.filled]
    first = [one for one in found if not one.filled]
    return [
        _missed("forecast missed, share of actuals", filled, MISSED_MAX),
        *(
            _missed(f"  {kind}", [one for one in filled if one.kind == kind], math.inf)
            for kind in KINDS
        ),
        _missed("  where no node slept", [one for one in filled if not one.slept], math.inf),
        _missed("  while records are filled", first, math.inf),
        _upset(upset, len(found) + len(upset)),
        _beyond(filled),
    ]


def _missed(name: str, runs: list[Measured], limit: float) -> Figure:
    judged = [one for run in runs for one in run.judged()]
    none = sum(len(outcomes(one.run)) for one in runs) - len(judged)
    late = sum(_is_late(one) for one in judged)
    missed = sum(not one.inside for one in judged)
    note = f"{len(runs)} runs, {len(judged)} actuals: {late} above, {missed - late} below"
    rounds = sorted({run.number for run in runs if any(not one.inside for one in run.judged())})
    if rounds:
        note += f" (rounds {', '.join(map(str, rounds))})"
    if none:
        note += f", {none} without forecast"
    off = [one.actual_s / one.forecast.median_s for one in judged if _is_known(one)]  # type: ignore[operator,union-attr]
    if off:
        wide = [one.forecast.high_s / one.forecast.median_s for one in judged if _is_known(one)]  # type: ignore[union-attr]
        note += f"; actual {median(off):.2f} of the median, upper end {median(wide):.2f} of it"
    share = 100 * missed / len(judged) if judged else 100.0
    return Figure(name, share, limit, "%", note)


def _upset(runs: list[Upset], of: int) -> Figure:
    reasons = "; ".join(f"{one.kind}, round {one.number}: {one.why}" for one in runs)
    note = f"{len(runs)} of {of} runs" + f": {reasons}" * bool(runs)
    return Figure("  not judged, for they were upset", 100 * len(runs) / of, math.inf, "%", note)


def _is_known(one: Foretold) -> bool:
    return one.forecast is not None and one.forecast.median_s > 0 and one.actual_s is not None


def _is_late(one: Foretold) -> bool:
    return bool(one.forecast and one.actual_s is not None and one.actual_s > one.forecast.high_s)


def _beyond(runs: list[Measured]) -> Figure:
    """Return how much longer than was told a client went without an answer."""
    pairs = [
        (run.seen_s[one.group], one)
        for run in runs
        for one in run.judged()
        if run.seen_s.get(one.group, 0.0) > SEEN_MIN_S
    ]
    above = sum(seen > one.forecast.high_s for seen, one in pairs if one.forecast)
    gone = [1000 * (seen - one.actual_s) for seen, one in pairs if one.actual_s is not None]
    note = f"{len(pairs)} gaps, {above} above the forecast's upper end; asked every 20 ms"
    return Figure("client's gap beyond the actual", median(gone or [0.0]), 100, "ms", note)
