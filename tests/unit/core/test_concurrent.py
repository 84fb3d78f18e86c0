"""A group that runs on all of its nodes at once: each instance starts, ends and stays alone."""

from dataclasses import replace

from nodeagent.wire.console import Refused
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
