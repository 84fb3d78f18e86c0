"""The figures of three real agents: start, a DARE on one group, and rest."""

import asyncio
import tempfile
import time
from contextlib import closing
from pathlib import Path

from nodeagent.config import edit
from nodeagent.config.parse import parse
from nodeagent.drivers.base import Action, Context, Job
from nodeagent.drivers.registry import Drivers
from nodeagent.model.configuration import Resource
from tests.benchmarks.figures import MIB, Figure, median, spread
from tests.benchmarks.processes import agent_of, cpu_s
from tui.demo import warden
from tui.demo.asker import Asker
from tui.demo.box import Box
from tui.demo.recipe import with_group
from tui.demo.scene import Scene
from tui.demo.watch import Watch

ROUNDS = 10
REST_S = 20.0
CALM_S = 3.0
LIMIT_S = 10.0
GROUP = "web"


class TimedBox(Box):
    """A box that knows when its first agent was started."""

    first_s = 0.0

    def run(self, name: str) -> None:
        """Start an agent."""
        self.first_s = self.first_s or time.monotonic()
        super().run(name)


async def measure() -> list[Figure]:
    """Return all figures: those of a box, and of one with ten groups and the usual times."""
    return [*await _small(), *await _usual()]


async def _small() -> list[Figure]:
    with TimedBox() as box, closing(Asker({}, 0)) as nobody:
        await asyncio.to_thread(box.start)
        watch = Watch(box.access_to)
        scene = Scene(box, watch, nobody)
        try:
            await scene.settle()
            stable_s = time.monotonic() - box.first_s
            start = Figure("three agents, from start to a stable cluster", stable_s, 3, "s")
            dare = await _dare(scene)
            await scene.settle()
        finally:
            await watch.close()
        resting = await asyncio.to_thread(_at_rest, box, "agent at rest", 2, "two groups")
        return [start, dare, *resting]


async def _usual() -> list[Figure]:
    with Box() as box, closing(Asker({}, 0)) as nobody:
        box.first = _with_ten_groups(box)
        await asyncio.to_thread(box.start)
        watch = Watch(box.access_to)
        try:
            await Scene(box, watch, nobody).settle()
        finally:
            await watch.close()
        note = "ten groups, default times"
        return await asyncio.to_thread(_at_rest, box, "agent with ten groups at rest", 1, note)


def _with_ten_groups(box: Box) -> str:
    """Return the box's configuration with eight groups more, and with the times of real hosts."""
    text = edit.remove(box.first, ("timing",))
    for number in range(8):
        first = number % len(box.names)
        nodes = (*box.names[first:], *box.names[:first])
        sleeper = {
            "type": "application",
            "start": ("/bin/sleep", "100000"),
            "process": "foreground",
            "environment": {warden.MARK: box.mark},
        }
        group = {"nodes": nodes, "startup": "home-node", "resource": {"sleeper": sleeper}}
        text = edit.add(text, ("group", f"sleeper{number}"), group)
    return text


# -- a DARE that changes one group


async def _dare(scene: Scene[TimedBox]) -> Figure:
    """Restart one group by a DARE, again and again; take off what its own drivers need alone."""
    alone_ms = [await _alone_ms(scene) for _ in range(ROUNDS)]
    whole_ms = []
    for number in range(ROUNDS):
        run = await scene.change("alpha", await _changed(scene, number), "benchmark")
        assert run.plan.release == run.plan.acquire, "the group restarts where it is"
        whole_ms.append(run.seconds * 1000)
        await scene.settle()
    own = median(alone_ms)
    note = f"median of {spread(whole_ms, 'ms')} in all; start and stop alone: {own:.0f} ms"
    value = median(whole_ms) - own
    return Figure("DARE on one group, beyond its start and stop", value, 300, "ms", note)


async def _changed(scene: Scene[TimedBox], number: int) -> str:
    text = (await scene.active()).active
    path = ("group", GROUP, "resource", "server", "environment")
    return edit.set_value(text, path, {warden.MARK: scene.box.mark, "ROUND": str(number)})


async def _alone_ms(scene: Scene[TimedBox]) -> float:
    """Start and stop a twin of the group by the drivers, without any cluster; milliseconds."""
    recipe = scene.box.recipe
    parsed = parse(with_group(scene.box.first, recipe, "batch", scene.box.names[:2]))
    assert parsed.configuration is not None, "the box writes what can be read"
    resources = parsed.configuration.group["batch"].resource
    with tempfile.TemporaryDirectory() as folder:
        context = Context("bench", Path(folder), recipe.places.first_port + 4)
        drivers = Drivers(context, lambda *_: None)
        try:
            began = time.monotonic()
            await _do(drivers, context, resources, "start")
            await _do(drivers, context, dict(reversed(resources.items())), "stop")
            return (time.monotonic() - began) * 1000
        finally:
            drivers.close()


async def _do(
    drivers: Drivers, context: Context, resources: dict[str, Resource], action: Action
) -> None:
    for name, resource in resources.items():
        job = Job(1, "batch", name, resource, action, LIMIT_S, context=context)
        outcome = await drivers.run(job)
        assert outcome.ok, f"{action} of {name}: {outcome.text}"


# -- rest


def _at_rest(box: Box, what: str, limit: float, note: str) -> list[Figure]:
    """Watch the agents while nothing happens: the worst of them counts; `limit` in percent."""
    agents = [agent_of(box, name) for name in box.names]
    time.sleep(CALM_S)
    before = [cpu_s(agent) for agent in agents]
    began = time.monotonic()
    time.sleep(REST_S)
    seconds = time.monotonic() - began
    used = [100 * (cpu_s(a) - b) / seconds for a, b in zip(agents, before, strict=True)]
    memory = [agent.memory_info().rss / MIB for agent in agents]
    note = f"worst of three over {seconds:.0f} s; {note}, no console"
    return [
        Figure(f"{what}, share of a core", max(used), limit, "%", note),
        Figure(f"{what}, memory", max(memory), 60, "MB", "resident; its deadman not counted"),
    ]
