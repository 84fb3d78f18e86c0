"""A crash at every durable write of a DARE, on each role: it ends on the old or the new.

Each case lets one machine crash before or after its n-th write since the DARE was asked for, and
start again soon. All rules of `invariants` are watched, and at the end the cluster must be at rest.
"""

from dataclasses import replace

import pytest

from tests.simulation.invariants import Invariants
from tests.simulation.machine import CrashPoint
from tests.simulation.rest import restless
from tests.simulation.shapes import GroupShape, Shape
from tests.simulation.world import World

NODES = ("alpha", "bravo", "charlie")
OLD = Shape(
    NODES,
    (
        ("web", GroupShape(("alpha", "bravo"), number=100)),
        ("orders", GroupShape(("bravo", "charlie"), number=101)),
    ),
    timing=1,
)
NEW = {
    "resources": replace(
        OLD,
        groups=(
            ("web", GroupShape(("bravo", "alpha"), version=2, number=100)),
            ("orders", GroupShape(("charlie",), number=101)),
            ("mail", GroupShape(("alpha", "charlie"), number=102)),
        ),
    ),
    "topology": replace(OLD, nodes=(*NODES, "delta")),
    "both": replace(
        OLD,
        nodes=("alpha", "bravo", "delta"),
        groups=(
            ("web", GroupShape(("delta", "alpha"), number=100)),
            ("orders", GroupShape(("bravo", "delta"), number=101)),
        ),
    ),
}
ROLES = {"coordinator": "alpha", "participant": "bravo", "added": "delta"}
CASES = [(k, r) for k in NEW for r in ROLES if not (k == "resources" and r == "added")]


def cluster(kind: str) -> tuple[World, Invariants]:
    """Return a stable cluster, with the machine that shall join it waiting."""
    world = World(OLD.text, tick_ms=200)
    invariants = Invariants(world)
    world.start()
    if "delta" in NEW[kind].nodes:
        world.add_machine("delta", NEW[kind].text)
        world.start("delta")
    world.until(lambda: world.owner("web") == ["alpha"] and world.owner("orders") == ["bravo"])
    world.advance(500)
    return world, invariants


def play(kind: str, machine: str, ahead: int, *, written: bool) -> bool:
    """Let the machine crash at that write; returns whether it came so far."""
    world, invariants = cluster(kind)
    disk = world.machines[machine].disk
    world.machines[machine].crash_at = CrashPoint(disk.writes + ahead, written, reboot_ms=1_000)
    life = world.machines[machine].life
    world.apply("alpha", NEW[kind].text)
    world.advance(6_000)
    crashed = world.machines[machine].life != life
    world.machines[machine].crash_at = None
    try:
        world.until(lambda: not restless(world, invariants), 30_000)
    except AssertionError as error:
        text = f"write {ahead}, written {written}: {restless(world, invariants)}\n{error}"
        raise AssertionError(text) from error
    assert invariants.active.node.keys() in (set(OLD.nodes), set(NEW[kind].nodes))
    return crashed


@pytest.mark.parametrize("written", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("kind", "role"), CASES)
def test_a_crash_at_any_write_leaves_the_old_or_the_new(
    kind: str, role: str, written: bool
) -> None:
    ahead = 1
    while play(kind, ROLES[role], ahead, written=written):
        ahead += 1
        assert ahead < 80, "the DARE never ends"
    assert ahead > 4, "the crashes met the DARE"
