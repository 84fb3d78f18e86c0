"""How a cluster grows: the same things measured with 2 to 64 real agents on this machine.

The times of heartbeats are those of the box: short ones with few agents, long ones with very many
(`tui.demo.recipe`). `NODES="4 16" make bench ARGS=growth` measures other sizes.
"""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import closing

from nodeagent.config import edit
from nodeagent.wire.live import Snapshot
from tests.benchmarks.figures import MIB, Figure, median
from tests.benchmarks.processes import agent_of, cpu_s
from tui.demo import warden
from tui.demo.asker import Asker
from tui.demo.box import Box
from tui.demo.scene import Scene
from tui.demo.watch import NotHeld, Watch, require, state_at

SIZES = (2, 4, 16, 32, 64)
SIZES_FROM = "NODES"
LIMIT_S = 60.0
LIMIT_EACH_S = 6.0
CALM_S = 5.0
REST_S = 15.0
GROUP = "web"
LOST = "orders"
"""The group whose owner is switched off: not the first node, which breaks the tie of two."""
NO_LIMIT = float("inf")


async def measure() -> list[Figure]:
    """Return the figures of each size."""
    figures: list[Figure] = []
    sizes = tuple(map(int, os.environ.get(SIZES_FROM, "").split())) or SIZES
    for nodes in sizes:
        figures += await _grown(nodes)
    return figures


async def _grown(nodes: int) -> list[Figure]:
    with Box(nodes, least=2) as box, closing(Asker({}, 0)) as nobody:
        if nodes == 2:
            box.first = edit.set_value(box.first, ("cluster", "tie-breaker"), box.names[0])
        await asyncio.to_thread(box.set_up)
        began = time.monotonic()
        await asyncio.to_thread(box.run_all)
        watch = Watch(box.access_to)
        try:
            scene = Scene(box, watch, nobody)
            await _until(watch, box.names[-1], lambda view: _whole(view, nodes), _limit_s(nodes))
            figures = [
                _figure(nodes, "from start to a stable cluster", time.monotonic() - began),
                _figure(nodes, "processor time of all until then", _spent_s(box)),
            ]
            figures += await asyncio.to_thread(_at_rest, box)
            figures.append(await _dare(scene))
            return [*figures, *await _loss(scene)]
        except NotHeld as error:  # the smaller sizes have their figures all the same
            return [_figure(nodes, "given up after", time.monotonic() - began, note=str(error))]
        finally:
            await watch.close()


def _limit_s(nodes: int) -> float:
    return LIMIT_S + LIMIT_EACH_S * nodes


def _spent_s(box: Box) -> float:
    return sum(cpu_s(agent_of(box, name)) for name in box.names)


def _figure(nodes: int, what: str, value: float, unit: str = "s", note: str = "") -> Figure:
    return Figure(f"{nodes} agents, {what}", value, NO_LIMIT, unit, note)


def _whole(view: Snapshot, nodes: int) -> None:
    state, members = view.cluster.state, len(view.cluster.view)
    require(state == "stable" and members == nodes, f"{members} of {nodes} are in: {state}")
    require(all(view.cluster.owners.values()), "a group has no owner")


async def _until(
    watch: Watch, node: str, holds: Callable[[Snapshot], None], limit_s: float
) -> None:
    async def check() -> None:
        holds(await watch.look(node))

    await watch.until(check, limit_s, "what is measured")


async def _dare(scene: Scene[Box]) -> Figure:
    """Restart one group by a DARE in which every node takes part."""
    text = (await scene.active()).active
    path = ("group", GROUP, "resource", "server", "environment")
    text = edit.set_value(text, path, {warden.MARK: scene.box.mark, "ROUND": "1"})
    run = await scene.change(scene.alive[0], text, "benchmark")
    return _figure(len(scene.box.names), "DARE on one group, whole", run.seconds)


async def _loss(scene: Scene[Box]) -> list[Figure]:
    """Switch the owner of a group off; what is measured has its time of detection in it."""
    box, watch = scene.box, scene.watch
    owner = (await scene.active()).cluster.owners[LOST]
    limit_s = _limit_s(len(box.names))
    witness = next(name for name in reversed(box.names) if name != owner)
    began = time.monotonic()
    box.agents[owner].power_off()
    await _until(watch, witness, lambda view: _without(view, owner), limit_s)
    out_s = time.monotonic() - began
    await _until(watch, witness, lambda view: _taken_over(view, owner), limit_s)
    seconds = time.monotonic() - began
    nodes = len(box.names)
    return [
        _figure(nodes, "a dead node is out", out_s),
        _figure(nodes, "its group is online elsewhere", seconds),
    ]


def _without(view: Snapshot, node: str) -> None:
    require(node not in view.cluster.view, f"{node} is in")


def _taken_over(view: Snapshot, owner: str) -> None:
    now = view.cluster.owners[LOST]
    if now in {"", owner}:
        raise NotHeld(f"{LOST} belongs to {now or 'nobody'}")
    state = state_at(view, now, LOST)
    require(state == "online", f"{LOST} is {state} on {now}")


def _at_rest(box: Box) -> list[Figure]:
    agents = [agent_of(box, name) for name in box.names]
    time.sleep(CALM_S)
    before, began = [cpu_s(agent) for agent in agents], time.monotonic()
    time.sleep(REST_S)
    seconds = time.monotonic() - began
    used = [100 * (cpu_s(a) - b) / seconds for a, b in zip(agents, before, strict=True)]
    memory = [agent.memory_info().rss / MIB for agent in agents]
    nodes = len(box.names)
    note = f"median of all; the most {max(used):.1f}"
    return [
        _figure(nodes, "at rest, share of a core for each", median(used), "%", note),
        _figure(nodes, "at rest, memory of each", median(memory), "MB"),
    ]
