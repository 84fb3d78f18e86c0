"""A new life of an agent goes on with what is whole, still its own, and defined as it runs."""

import pytest

from nodeagent.config.digest import running_digest
from nodeagent.core import effects as fx
from nodeagent.core.adoption import Inherited
from nodeagent.core.events import Now
from nodeagent.core.log import read_configuration
from nodeagent.core.node import Node, Setup
from nodeagent.core.records import Durable, Holding, Online, decode, replay
from nodeagent.model.ownership import Token
from tests.simulation.directed_scene import Scene, cluster
from tests.simulation.machine import Machine
from tests.simulation.shapes import GroupShape, Shape

THREE = ("alpha", "bravo", "charlie")
FAMILY = Shape(
    THREE,
    (
        ("web", GroupShape(("alpha", "bravo"), number=100)),
        ("near", GroupShape(("alpha", "bravo"), number=101, after=("web",))),
        ("far", GroupShape(("bravo", "charlie"), number=102, after=("web",))),
    ),
    timing=1,
)


def journal(machine: Machine) -> Durable:
    return replay(decode(data) for data in machine.disk.records)


def test_children_do_not_start_again_when_only_the_agent_of_their_parent_died() -> None:
    scene = Scene(1, FAMILY, adopts=True).settle().wait(1_000)
    starts = scene.invariants.acquisitions

    scene.die_alone("alpha", 300)
    scene.wait(6_000)

    assert {group: scene.world.owner(group) for group in ("web", "near", "far")} == {
        "web": ["alpha"],
        "near": ["alpha"],
        "far": ["bravo"],
    }
    assert scene.invariants.acquisitions == starts
    assert scene.node("alpha").held == {"web", "near"}


def test_what_is_whole_is_written_down_and_no_longer_before_it_is_stopped() -> None:
    scene = Scene(1, cluster(THREE), adopts=True).settle()
    alpha = scene.world.machines["alpha"]
    assert set(journal(alpha).online) == {"web"}

    scene.world.refuse_driver.add(("alpha", "web", "stop"))
    scene.world.stop("alpha")

    assert journal(alpha).held == {"web"}
    assert journal(alpha).online == {}


@pytest.mark.parametrize(
    ("definition", "node", "found"),
    [("as it runs", "alpha", {"web"}), ("another", "alpha", set()), ("as it runs", "bravo", set())],
)
def test_only_what_is_defined_as_it_runs_and_decreed_to_this_node_is_adopted(
    definition: str, node: str, found: set[str]
) -> None:
    shape = cluster(THREE)
    scene = Scene(1, shape, adopts=True).settle()
    noun = read_configuration(shape.text.encode(), "here").group["web"]
    digest = running_digest(noun) if definition == "as it runs" else "0" * 64
    known = [decode(data) for data in scene.world.machines[node].disk.records]
    records = (*known, Holding("web", held=True), Online("web", digest, Token(), {}))

    assert set(Node(Setup(node, records), Now(0, 0.0)).adoptable) & {"web"} == found


def test_what_the_drivers_did_not_take_over_is_held_no_more() -> None:
    scene = Scene(1, cluster(THREE), adopts=True).settle()
    records = tuple(decode(data) for data in scene.world.machines["alpha"].disk.records)
    node = Node(Setup("alpha", records), Now(0, 0.0))

    effects = node.start(Now(0, 0.0), Inherited())

    written = [e.record for e in effects if isinstance(e, fx.Persist)]
    assert Holding("web", held=False) in written
    assert node.held == frozenset()
