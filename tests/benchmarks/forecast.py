"""Forecast against actual: the same changes again and again on three real agents.

The first runs only fill the records. Then each run's forecast, made before it began, is held
against what its groups were really away for.
"""

import asyncio
from contextlib import closing

from nodeagent.config import edit
from nodeagent.model.run import DareRun
from tests.benchmarks.figures import Figure
from tui.demo import warden
from tui.demo.asker import Asker
from tui.demo.box import Box
from tui.demo.scene import Scene
from tui.demo.watch import Watch
from tui.viewmodels.preview import Foretold, outcomes

FILLING = 8
ROUNDS = 40
GROUPS = ("web", "orders")
TELL_S = 1.2
"""So long after a DARE all agents have told what it took."""


async def measure() -> list[Figure]:
    """Restart and move groups in turn; return how many actuals were not in their interval."""
    with Box() as box, closing(Asker({}, 0)) as nobody:
        await asyncio.to_thread(box.start)
        watch = Watch(box.access_to)
        scene = Scene(box, watch, nobody)
        try:
            await scene.settle()
            runs = [await _run(scene, number) for number in range(FILLING + ROUNDS)]
        finally:
            await watch.close()
    return _figures(runs[FILLING:])


async def _run(scene: Scene[Box], number: int) -> DareRun:
    """Restart a group where it is, or move it on, each group in turn."""
    group = GROUPS[number // 2 % len(GROUPS)]
    if number % 2:
        run = await scene.change("alpha", await _changed(scene, group, number), "benchmark")
    else:
        run = await _moved(scene, group)
    await scene.settle()
    await asyncio.sleep(TELL_S)
    return run


async def _moved(scene: Scene[Box], group: str) -> DareRun:
    names = scene.box.names
    snapshot = await scene.active()
    owner = snapshot.cluster.owners[group]
    target = names[(names.index(owner) + 1) % len(names)]
    return await scene.change("alpha", snapshot.active, "benchmark", **{group: target})


async def _changed(scene: Scene[Box], group: str, number: int) -> str:
    text = (await scene.active()).active
    path = ("group", group, "resource", "server", "environment")
    return edit.set_value(text, path, {warden.MARK: scene.box.mark, "ROUND": str(number)})


def _figures(runs: list[DareRun]) -> list[Figure]:
    found = [one for run in runs for one in outcomes(run)]
    judged = [one for one in found if one.inside is not None]
    missed = [one for one in judged if not one.inside]
    late = [one for one in judged if _is_late(one)]
    note = (
        f"{len(runs)} runs, {len(judged)} actuals with a forecast: {len(judged) - len(missed)} "
        f"inside ({_percent(len(judged) - len(missed), len(judged)):.0f} %), {len(late)} above"
    )
    share = _percent(len(missed), len(judged))
    return [Figure("forecast missed, share of actuals", share, 20, "%", note)]


def _is_late(one: Foretold) -> bool:
    return bool(one.forecast and one.actual_s is not None and one.actual_s > one.forecast.high_s)


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 100.0
