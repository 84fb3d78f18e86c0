"""What only one group uses is used once: under another name, by another group, whoever holds it."""

from dataclasses import replace

import pytest

from tests.simulation.directed_scene import Scene
from tests.simulation.shapes import GroupShape, Shape

THREE = ("alpha", "bravo", "charlie")
WEB = GroupShape(("alpha", "bravo"), number=100)
BEFORE = Shape(THREE, (("web", WEB),), timing=2)


def renamed(*nodes: str) -> Shape:
    """Return the cluster with web called site, at home on the first of these nodes."""
    return replace(BEFORE, groups=(("site", replace(WEB, nodes=nodes)),))


def users(scene: Scene) -> list[tuple[str, str]]:
    """Return where the address is in use, and under which name, agent or no agent."""
    machines = scene.world.machines.values()
    return [(m.name, g) for m in machines for g in m.runs() if g in ("web", "site")]


def watched(scene: Scene, seconds: float) -> None:
    """Let time pass; nobody may use the address beside another."""
    for _ in range(int(seconds * 200)):
        scene.world.advance(5)
        assert len(users(scene)) <= 1


@pytest.mark.parametrize("nodes", [("alpha", "bravo"), ("bravo", "alpha")])
def test_undone_renaming_waits_until_the_new_name_has_stopped(nodes: tuple[str, ...]) -> None:
    mail = ("mail", GroupShape(("charlie",), number=105))
    scene = Scene(1, BEFORE, lingers=True).settle()
    scene.world.refuse_driver |= {("charlie", "mail", "start"), (nodes[0], "site", "long stop")}

    assert scene.ask(replace(BEFORE, groups=(*renamed(*nodes).groups, mail)))
    watched(scene, 20)

    assert scene.world.run is not None
    assert scene.world.run.state == "aborted"
    assert users(scene) == [("alpha", "web")]


def test_what_was_tried_before_a_restart_is_remembered() -> None:
    mail = ("mail", GroupShape(("charlie",), number=105))
    scene = Scene(1, BEFORE, lingers=True).settle()
    scene.world.refuse_driver |= {("charlie", "mail", "start"), ("bravo", "site", "stop")}
    assert scene.ask(replace(BEFORE, groups=(*renamed("bravo", "alpha").groups, mail)))
    scene.until(lambda: scene.told("cannot stop"))

    scene.crash("alpha", 500)
    watched(scene, 20)
    assert users(scene) == [("bravo", "site")]
    scene.world.refuse_driver.clear()
    watched(scene, 10)

    assert users(scene) == [("alpha", "web")]


def test_who_missed_the_renaming_is_waited_for_as_its_holder() -> None:
    scene = Scene(1, BEFORE, lingers=True).settle()
    scene.isolate("alpha", 20_000)
    scene.until(lambda: "alpha" not in scene.node("bravo").shared.log.standing.view)
    assert users(scene) == [("alpha", "web")], "else this shows nothing"

    assert scene.ask(renamed("bravo", "charlie"), at="bravo")
    watched(scene, 12)

    assert users(scene) == [("bravo", "site")]


def test_renaming_by_itself_ends_the_one_and_starts_the_other() -> None:
    scene = Scene(1, BEFORE, lingers=True).settle()

    assert scene.ask(renamed("alpha", "bravo"))
    watched(scene, 5)

    assert scene.world.run is not None
    assert scene.world.run.state == "done"
    assert users(scene) == [("alpha", "site")]


def test_who_was_away_asks_who_tried_the_new_name() -> None:
    nodes = (*THREE, "delta")
    web = replace(WEB, nodes=("alpha", "delta"))
    shape = Shape(nodes, (("web", web),), timing=2, voters=THREE)
    mail = ("mail", GroupShape(("charlie",), number=105))
    scene = Scene(1, shape, lingers=True).settle()
    scene.world.crash("delta")
    scene.until(lambda: "delta" not in scene.node("bravo").shared.log.standing.view)
    scene.world.refuse_driver |= {("charlie", "mail", "start"), ("bravo", "site", "stop")}
    site = ("site", replace(web, nodes=("bravo", "alpha")))
    assert scene.ask(replace(shape, groups=(site, mail)))
    scene.until(lambda: scene.told("cannot stop"))

    scene.world.start("delta")
    scene.until(lambda: "delta" in scene.node("bravo").shared.log.standing.view)
    scene.world.crash("alpha")
    watched(scene, 20)
    assert users(scene) == [("bravo", "site")]
    scene.world.refuse_driver.clear()
    watched(scene, 10)

    assert users(scene) == [("delta", "web")]


ADDRESS = "10.1.0.100"


def at_the_address(scene: Scene) -> list[tuple[str, str]]:
    """Return which groups use the address where, agent or no agent."""
    machines = scene.world.machines.values()
    return [(m.name, group) for m in machines for group, at in m.addresses() if at == ADDRESS]


@pytest.mark.parametrize("orders", [("alpha", "bravo"), ("bravo", "charlie")])
def test_undone_move_of_an_address_to_another_group_waits_for_its_release(
    orders: tuple[str, ...],
) -> None:
    groups = {"web": WEB, "orders": GroupShape(orders, number=101)}
    shape = replace(BEFORE, groups=tuple(groups.items()))
    mail = ("mail", GroupShape(("charlie",), number=107))
    moved = (("web", replace(WEB, number=105)), ("orders", replace(groups["orders"], number=100)))
    scene = Scene(1, shape, lingers=True).settle()
    scene.world.refuse_driver |= {("charlie", "mail", "start"), (orders[0], "orders", "long stop")}

    assert scene.ask(replace(shape, groups=(*moved, mail)))
    for _ in range(6_000):
        scene.world.advance(5)
        assert len(at_the_address(scene)) <= 1

    assert at_the_address(scene) == [("alpha", "web")]
    assert scene.world.owner("orders") == [orders[0]]


def test_who_missed_that_an_address_moved_to_another_group_is_waited_for() -> None:
    orders = GroupShape(("charlie", "bravo"), number=101)
    shape = replace(BEFORE, groups=(("web", WEB), ("orders", orders)))
    scene = Scene(1, shape, lingers=True).settle()
    scene.isolate("alpha", 20_000)
    scene.until(lambda: "alpha" not in scene.node("bravo").shared.log.standing.view)
    assert at_the_address(scene) == [("alpha", "web")], "else this shows nothing"

    moved = (("web", replace(WEB, number=105)), ("orders", replace(orders, number=100)))
    assert scene.ask(replace(shape, groups=moved), at="bravo")
    for _ in range(2_400):
        scene.world.advance(5)
        assert len(at_the_address(scene)) <= 1

    assert at_the_address(scene) == [("charlie", "orders")]
