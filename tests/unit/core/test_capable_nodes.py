"""A group is offline only while no node can run it: who is of no use keeps it from nobody."""

import re
from dataclasses import replace

from nodeagent.core.log import DecreeError
from nodeagent.wire.peer import Commit, Decided, Value
from tests.simulation.directed_scene import LOST, Scene, cluster, with_groups
from tests.simulation.shapes import GroupShape, Shape

THREE = ("alpha", "bravo", "charlie")
AT_CHARLIE = cluster(THREE, web=("charlie", "alpha"), orders=("alpha", "bravo"))
HOME_FIRST = GroupShape(("alpha", "bravo"), startup="home-node")
FOREVER_MS = 10_000_000


def runs(scene: Scene, group: str, *nodes: str) -> None:
    """Wait until just these nodes run the group."""
    scene.until(lambda: scene.world.owner(group) == list(nodes), 90_000)


def fail_here(scene: Scene, node: str, group: str) -> None:
    """Let the group fail on this node until it is given up there."""
    for _ in range(5):
        scene.world.drivers.fail_application(scene.world.machines[node], group)
        scene.wait(1_000)
        if scene.node(node).shared.runner(group).state == "error":
            break


def fail(scene: Scene, node: str, group: str) -> None:
    """Let the group fail on its last node until it runs nowhere."""
    fail_here(scene, node, group)
    runs(scene, group)


def test_group_that_failed_away_from_home_comes_back_though_home_is_down() -> None:
    groups = (("web", HOME_FIRST),)
    scene = Scene(1, Shape(THREE, groups, timing=1)).settle()
    scene.world.crash("alpha")
    runs(scene, "web", "bravo")

    fail(scene, "bravo", "web")
    runs(scene, "web", "bravo")  # once its failure is forgotten


def test_healthy_child_comes_back_with_its_parent_though_its_home_is_down() -> None:
    groups = (
        ("web", replace(HOME_FIRST, nodes=("bravo",))),
        (
            "child",
            GroupShape(("alpha", "charlie"), startup="home-node", after=("web",), number=101),
        ),
    )
    scene = Scene(1, Shape(THREE, groups, timing=1)).settle()
    scene.world.crash("alpha")
    runs(scene, "child", "charlie")

    fail(scene, "bravo", "web")
    runs(scene, "child")
    runs(scene, "child", "charlie")


def test_member_that_hears_nobody_is_taken_out_and_comes_back() -> None:
    scene = Scene(1, AT_CHARLIE).settle()
    scene.cut(["alpha", "bravo"], ["charlie"], FOREVER_MS, both=False)

    runs(scene, "web", "alpha")
    slot = scene.node("alpha").shared.log.standing.slot
    scene.wait(60_000)
    assert scene.node("alpha").shared.log.standing.slot == slot, "it does not come and go"
    scene.world.cut.clear()
    scene.until(lambda: not scene.problem())


def test_member_whose_control_messages_are_lost_is_taken_out() -> None:
    scene = Scene(1, AT_CHARLIE).settle()
    scene.hook(lambda a, b, _: LOST if "charlie" in {a, b} and a != b else None)

    runs(scene, "web", "alpha")


def test_node_that_cannot_read_a_decree_keeps_no_group_from_others() -> None:
    scene = Scene(1, AT_CHARLIE).settle()
    scene.world.crash("charlie")
    runs(scene, "web", "alpha")
    scene.ask(with_groups(AT_CHARLIE, orders=("alpha", "bravo")))
    scene.until(lambda: scene.world.run is not None and scene.world.run.state == "done")
    scene.world.start("charlie")
    log = scene.node("charlie").shared.log
    newest = log._open

    def older(value: Commit) -> object:
        if value.epoch > 1:
            raise DecreeError("unknown key")
        return newest(value)

    log._open = older  # type: ignore[method-assign,assignment]  # software of before the change
    scene.wait(3_000)
    scene.world.crash("alpha")
    scene.wait(3_000)
    scene.world.start("alpha")

    scene.until(lambda: scene.world.owner("web") == ["alpha"], 60_000)


def test_new_voters_that_die_at_decide_stop_nobody() -> None:
    old = replace(cluster(THREE, web=("alpha", "bravo"), orders=("bravo", "charlie")), voters=THREE)
    new = replace(old, nodes=(*THREE, "delta", "echo"), voters=("alpha", "delta", "echo"))
    scene = Scene(1, old).settle()
    for name in ("delta", "echo"):
        scene.world.add_machine(name, new.text)
        scene.world.start(name)

    def accepting(_: str, to: str, message: object) -> int | None:
        value: Value | None = getattr(message, "value", None)
        if isinstance(value, Commit) and to in {"delta", "echo"} and to in scene.world.nodes():
            scene.world.crash(to)
        return None

    scene.hook(accepting)
    scene.ask(new)

    scene.until(lambda: scene.world.run is not None and scene.world.run.state == "aborted")
    assert all(scene.node(name).shared.lease_valid for name in THREE)
    assert scene.world.owner("web") == ["alpha"]
    assert scene.world.owner("orders") == ["bravo"]


class LongLease(Shape):
    """A cluster whose lost nodes may hold their groups for half a minute."""

    @property
    def text(self) -> str:
        """Return the file."""
        text = re.sub(r"lease-ms = \d+", "lease-ms = 30000", super().text)
        return re.sub(r"suspend-ms = \d+", "suspend-ms = 40000", text)


def test_lost_owner_is_waited_for_by_the_times_it_may_still_go_by() -> None:
    fields = {name: getattr(AT_CHARLIE, name) for name in AT_CHARLIE.__dataclass_fields__}
    scene = Scene(1, LongLease(**fields)).settle()
    scene.hook(lambda _, b, m: LOST if b == "charlie" and isinstance(m, Decided) else None)
    scene.ask(AT_CHARLIE)
    scene.until(lambda: epoch(scene) == 2)
    scene.isolate("charlie", FOREVER_MS)

    shape = AT_CHARLIE
    while epoch(scene) < 7:
        scene.wait(3_000)
        shape = with_groups(shape, orders=("alpha", "bravo"))
        before = epoch(scene)
        scene.ask(shape)
        scene.until(lambda before=before: epoch(scene) > before)  # type: ignore[misc]
    runs(scene, "web", "alpha")


def epoch(scene: Scene) -> int:
    """Return the epoch on alpha."""
    return scene.node("alpha").shared.log.standing.epoch


def test_voters_that_hear_different_nodes_do_not_undo_each_others_views() -> None:
    """What charlie cannot hear of alpha, it must not judge: alpha is in, and failed."""
    groups = (
        ("web", GroupShape(("alpha", "bravo"), fallback="higher-priority")),
        ("orders", GroupShape(("bravo", "charlie"), number=101)),
    )
    scene = Scene(1, Shape(THREE, groups, timing=1)).settle()
    scene.cut(["alpha"], ["charlie"], FOREVER_MS, both=True)
    scene.wait(5_000)
    fail_here(scene, "alpha", "web")
    runs(scene, "web", "bravo")

    slot = scene.node("bravo").shared.log.standing.slot
    scene.wait(20_000)
    assert scene.node("bravo").shared.log.standing.slot <= slot + 1


def test_member_that_one_voter_reaches_comes_back_ever_more_rarely() -> None:
    nodes = (*THREE, "delta")
    shape = cluster(nodes, web=("delta", "alpha"), orders=("alpha", "bravo"))
    scene = Scene(1, replace(shape, voters=THREE)).settle()
    lost = {"alpha", "bravo"}
    scene.hook(lambda a, b, _: LOST if {a, b} & lost and "delta" in {a, b} else None)

    runs(scene, "web", "alpha")
    scene.world.tick_ms = 200
    scene.wait(60_000)
    slot = scene.node("alpha").shared.log.standing.slot
    scene.wait(60_000)
    assert scene.node("alpha").shared.log.standing.slot <= slot + 4
    assert scene.world.owner("web") == ["alpha"]
