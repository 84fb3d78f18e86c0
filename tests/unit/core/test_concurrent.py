"""A group that runs on all of its nodes at once: each instance starts, ends and stays alone."""

from dataclasses import replace

import pytest

from nodeagent.wire.console import Refused
from tests.simulation.directed_scene import Scene
from tests.simulation.shapes import CONCURRENT, GroupShape, Shape
from tests.unit.core.story import Story

ALL = ("cache@alpha", "cache@bravo", "cache@charlie")


def with_cache(story: Story, *nodes: str, **fields: object) -> Shape:
    cache = GroupShape(nodes, startup=CONCURRENT, number=105, **fields)  # type: ignore[arg-type]
    return replace(story.shape, groups=(*story.shape.groups, ("cache", cache)))


def owners(story: Story) -> dict[str, list[str]]:
    return {name: story.owner(name) for name in ALL if story.owner(name)}


def test_instances_start_grow_and_end_one_by_one() -> None:
    story = Story()

    run = story.dare(with_cache(story, "alpha", "bravo"))

    assert next((change.kind, change.object) for change in run.plan.changes) == (
        "add",
        "group.cache",
    )
    assert {effect.group for effect in run.plan.effects if effect.kind == "started"} == set(ALL[:2])
    story.rest()
    assert owners(story) == {"cache@alpha": ["alpha"], "cache@bravo": ["bravo"]}

    story.shape = with_cache(story, "alpha", "bravo", "charlie")
    run = story.dare(story.shape)  # one node more

    assert (run.plan.release, run.plan.acquire) == ((), (("cache@charlie", "charlie"),))
    story.rest()

    story.crash("bravo")
    story.until(lambda: "bravo" not in story.node("alpha").shared.log.standing.view)
    story.until(lambda: story.owner("orders") == ["charlie"])

    assert owners(story) == {"cache@alpha": ["alpha"], "cache@charlie": ["charlie"]}

    story.world.start("bravo")
    story.rest()
    run = story.dare(replace(story.shape, standby=("alpha",)))

    assert [pair for pair in run.plan.release if pair[0] in ALL] == [("cache@alpha", "alpha")]
    assert not [pair for pair in run.plan.acquire if pair[0] in ALL]
    story.rest()
    assert owners(story) == {"cache@bravo": ["bravo"], "cache@charlie": ["charlie"]}

    story.dare(story.shape)  # alpha serves again
    story.rest()
    assert set(owners(story)) == set(ALL)


def test_one_instance_goes_offline_by_order_and_none_moves() -> None:
    story = Story()
    story.shape = with_cache(story, *story.shape.nodes)
    story.dare(story.shape)
    story.rest()

    moved = story.ask(story.shape, **{"cache@alpha": "bravo"})
    whole = story.ask(story.shape, cache="")
    run = story.dare(story.shape, **{"cache@alpha": ""})

    assert isinstance(moved, Refused)
    assert "cache runs on all of its nodes at once" in moved.text
    assert isinstance(whole, Refused)
    assert "it runs as cache@alpha, cache@bravo and cache@charlie" in whole.text
    assert run.state == "done"
    story.until(lambda: set(owners(story)) == {"cache@bravo", "cache@charlie"})


def test_group_becomes_concurrent_and_single_again() -> None:
    story = Story()
    single = story.shape

    story.dare(story.changed("web", startup=CONCURRENT))

    story.rest()
    assert (story.owner("web"), story.owner("web@alpha")) == ([], ["alpha"])
    assert story.owner("web@bravo") == ["bravo"]

    story.dare(single)

    story.rest()
    assert (story.owner("web"), story.owner("web@bravo")) == (["alpha"], [])


THREE = ("alpha", "bravo", "charlie")
SINGLE = GroupShape(("alpha", "bravo"), number=100)
EVERYWHERE = replace(SINGLE, startup=CONCURRENT)


def running(scene: Scene, node: str) -> list[str]:
    """Return the forms of web that run on a node, agent or no agent."""
    return [name for name in scene.world.machines[node].runs() if name.startswith("web")]


@pytest.mark.parametrize("unfenced", [False, True])
def test_who_missed_that_it_is_one_group_now_is_waited_for_as_its_holder(unfenced: bool) -> None:
    shape = Shape(THREE, (("web", EVERYWHERE),), timing=2, fences=unfenced, must_fence=unfenced)
    scene = Scene(1, shape, lingers=True).settle()
    if unfenced:
        scene.world.faults.fence_fails = 1.0
    scene.isolate("bravo", 20_000)
    scene.until(lambda: "bravo" not in scene.node("alpha").shared.log.standing.view)
    assert running(scene, "bravo"), "else this shows nothing"

    assert scene.ask(replace(shape, groups=(("web", SINGLE),)))
    for _ in range(800):
        scene.world.advance(10)
        assert not ("web" in running(scene, "alpha") and running(scene, "bravo"))

    assert running(scene, "alpha") == ([] if unfenced else ["web"])


@pytest.mark.parametrize(("before", "after"), [(SINGLE, EVERYWHERE), (EVERYWHERE, SINGLE)])
def test_undone_change_of_its_startup_never_runs_both_forms_on_one_node(
    before: GroupShape, after: GroupShape
) -> None:
    shape = Shape(THREE, (("web", before),), timing=2)
    mail = ("mail", GroupShape(("charlie",), number=105))
    scene = Scene(1, shape, lingers=True).settle()
    scene.world.refuse_driver.add(("charlie", "mail", "start"))
    forms = running(scene, "alpha")

    assert scene.ask(replace(shape, groups=(("web", after), mail)))
    for _ in range(1_600):
        scene.world.advance(5)
        assert all(len(running(scene, node)) <= 1 for node in THREE)

    run = scene.world.run
    assert run is not None
    assert run.state == "aborted"
    assert running(scene, "alpha") == forms
