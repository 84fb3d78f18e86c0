"""How often an agent looks at its clock: rarely at rest, and soon once anything goes on."""

from dataclasses import replace
from itertools import pairwise

import pytest

from nodeagent.core import effects as fx
from nodeagent.core import events as ev
from nodeagent.core.records import Record
from nodeagent.core.ticking import IN_STEP_MS, REST_TICK_MS, TICK_MS, even_part_ms
from tests.simulation.clusters import NAMES
from tests.simulation.invariants import Invariants
from tests.simulation.machine import Machine
from tests.simulation.rest import restless
from tests.simulation.shapes import GroupShape, Shape
from tests.simulation.world import World

MONITOR_MS = 2_000
"""The application is monitored in this interval."""
UNEVEN_MS = 4
"""The simulated network takes 1 to 3 ms, and its clock has whole ones."""
FAMILY = Shape(("alpha", "bravo", "charlie"), (("web", GroupShape(("alpha", "bravo"))),))


class Beats:
    """Writes down when each node sends its heartbeats."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sent_ms: dict[str, list[int]] = {}
        world.watchers.append(self)

    def acts(self, machine: Machine, effect: fx.Effect) -> None:
        if isinstance(effect, fx.Beat) and effect.adapter == "eth0":
            self.sent_ms.setdefault(machine.name, []).append(self.world.now_ms)

    def distances(self) -> list[int]:
        return [b - a for sent in self.sent_ms.values() for a, b in pairwise(sent)]

    def wrote(self, machine: Machine, record: Record) -> None: ...

    def stepped(self, machine: Machine) -> None: ...


def resting(consoles: int = 0, *, nodes: int = 3, heartbeat_ms: int = 200) -> World:
    text = Shape(NAMES[:nodes], FAMILY.groups).text
    text = text.replace("heartbeat-ms = 200", f"heartbeat-ms = {heartbeat_ms}")
    if heartbeat_ms > 200:
        text = text.replace("dead-after-ms = 1200", "dead-after-ms = 6000")
    world = World(text, consoles=consoles)
    invariants = Invariants(world)
    world.start()
    world.until(lambda: not restless(world, invariants))
    world.advance(5_000)
    return world


def ticks_in(world: World, ms: int) -> dict[str, int]:
    before = {name: machine.ticks for name, machine in world.machines.items()}
    world.advance(ms)
    return {name: machine.ticks - before[name] for name, machine in world.machines.items()}


def soon(world: World, name: str) -> bool:
    return world.nodes()[name].next_tick_ms == TICK_MS


@pytest.mark.parametrize("nodes", [3, 8])
def test_a_cluster_at_rest_ticks_once_for_each_heartbeat(nodes: int) -> None:
    world = resting(nodes=nodes)

    assert set(ticks_in(world, 10 * REST_TICK_MS).values()) <= {10, 11}


def test_an_agent_that_a_console_watches_does_not_rest() -> None:
    world = resting(consoles=1)

    assert min(ticks_in(world, 10 * TICK_MS).values()) >= 10


@pytest.mark.parametrize("heartbeat_ms", [30, 100, 130, 150, 250, 1_000])
@pytest.mark.parametrize("consoles", [0, 1])
def test_heartbeats_come_evenly_whatever_their_interval(heartbeat_ms: int, consoles: int) -> None:
    text = FAMILY.text.replace("heartbeat-ms = 200", f"heartbeat-ms = {heartbeat_ms}")
    world = World(text.replace("dead-after-ms = 1200", "dead-after-ms = 6000"), consoles=consoles)
    world.start()
    world.advance(10_000)
    link = world.nodes()["alpha"].shared.hearts.peers["bravo"].links["eth0"]
    heard = []
    for _ in range(10 * heartbeat_ms):
        world.advance(1)
        heard.append(link.heard_ms)

    times = list(dict.fromkeys(heard))
    assert all(abs(b - a - heartbeat_ms) <= UNEVEN_MS for a, b in pairwise(times)), times


@pytest.mark.parametrize("heartbeat_ms", [150, 200, 500, 1_000])
def test_nodes_at_rest_beat_evenly_though_consoles_look_in(heartbeat_ms: int) -> None:
    world = resting(nodes=8, heartbeat_ms=heartbeat_ms)
    beats = Beats(world)
    world.advance(10 * heartbeat_ms)
    for name in world.machines:
        world.step(name, ev.ConsolesPresent(1))
        world.step(name, ev.ConsolesPresent(0))
        world.advance(2 * heartbeat_ms + 37)

    uneven_ms = even_part_ms(heartbeat_ms, TICK_MS) / 2
    assert set(beats.sent_ms) == set(world.machines)
    assert all(abs(ms - heartbeat_ms) <= uneven_ms for ms in beats.distances()), beats.distances()


@pytest.mark.parametrize("early_ms", [-IN_STEP_MS, IN_STEP_MS])
def test_a_tick_that_comes_a_little_early_or_late_costs_no_other_one(early_ms: int) -> None:
    world = resting()
    node, due_ms = world.nodes()["alpha"], world.machines["alpha"].tick_ms

    node.step(ev.Tick(), ev.Now(due_ms - early_ms, 0.0))

    assert node.next_tick_ms == REST_TICK_MS + early_ms


def test_a_watchdog_shorter_than_may_be_written_breaks_no_core() -> None:
    world = World(FAMILY.text.replace("watchdog-ms = 1000", "watchdog-ms = 4"))
    world.start()
    world.advance(1_000)

    assert all(node.next_tick_ms > 0 for node in world.nodes().values())


@pytest.mark.parametrize("deed", ["application", "monitor", "change", "silence", "stop"])
def test_what_goes_on_ends_the_rest(deed: str) -> None:
    world = resting()
    assert not any(soon(world, name) for name in world.machines)
    after_ms = MONITOR_MS if deed == "monitor" else 0
    match deed:
        case "application":
            world.drivers.fail_application(world.machines["alpha"], "web")
            who = "alpha"
        case "monitor":
            world.drivers.refuse.add(("alpha", "web", "monitor"))
            who = "alpha"
        case "change":
            group = GroupShape(("bravo", "charlie"), number=101)
            world.apply("bravo", replace(FAMILY, groups=(*FAMILY.groups, ("db", group))).text)
            who = "charlie"
        case "silence":
            world.crash("charlie")
            who = "bravo"
        case _:
            world.stop("bravo")
            who = "bravo"

    world.until(lambda: soon(world, who), after_ms + 3 * REST_TICK_MS)


def out_after_ms(consoles: int) -> int:
    """Return how long it takes until a node that died is out."""
    world = resting(consoles)
    began_ms = world.now_ms
    world.crash("alpha")
    world.until(lambda: "alpha" not in world.nodes()["bravo"].shared.log.standing.view)
    return world.now_ms - began_ms


def test_a_node_that_dies_at_rest_is_out_no_later_than_with_frequent_ticks() -> None:
    assert out_after_ms(0) - out_after_ms(1) <= REST_TICK_MS
