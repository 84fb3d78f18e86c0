"""A group under another name is the same one to clients: never both at once, whoever holds it."""

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
