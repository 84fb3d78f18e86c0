"""How often an agent looks at its clock: rarely at rest, and soon once anything goes on."""

from dataclasses import replace
from itertools import pairwise

import pytest

from nodeagent.core.ticking import REST_TICK_MS, TICK_MS
from tests.simulation.invariants import Invariants
from tests.simulation.rest import restless
from tests.simulation.shapes import GroupShape, Shape
from tests.simulation.world import World

MONITOR_MS = 2_000
"""The application is monitored in this interval."""
UNEVEN_MS = 4
"""The simulated network takes 1 to 3 ms, and its clock has whole ones."""
FAMILY = Shape(("alpha", "bravo", "charlie"), (("web", GroupShape(("alpha", "bravo"))),))


def resting(consoles: int = 0) -> World:
    world = World(FAMILY.text, consoles=consoles)
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


def test_a_cluster_at_rest_ticks_once_for_each_heartbeat() -> None:
    world = resting()

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


def test_the_shortest_watchdog_that_may_be_written_breaks_no_core() -> None:
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
