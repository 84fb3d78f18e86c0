"""A cluster with a dead node must still be changed, not least to take that node out."""

import pytest

from nodeagent.wire.console import Done
from tests.simulation.clusters import cluster
from tests.simulation.world import World
from tests.unit.core.story import Story


@pytest.fixture
def world() -> World:
    world = World(cluster(3))
    world.start()
    world.until(world.stable)
    world.crash("charlie")
    world.until(lambda: set(world.nodes()["alpha"].shared.log.standing.view) == {"alpha", "bravo"})
    world.until(world.stable)
    return world


@pytest.mark.parametrize(
    "text",
    [cluster(3, ("web", "orders", "mail")), cluster(2)],
    ids=["change-a-group", "remove-the-dead"],
)
def test_a_dare_goes_through_while_a_voter_is_down(world: World, text: str) -> None:
    answer = world.apply("alpha", text)

    assert isinstance(answer, Done)
    world.until(lambda: world.run is not None and world.run.state != "running")
    assert world.run is not None
    assert world.run.state == "done", world.run.text
    assert world.nodes()["alpha"].shared.log.standing.epoch == 2


def test_who_was_down_learns_of_it_when_it_returns(world: World) -> None:
    world.apply("alpha", cluster(3, ("web", "orders", "mail")))
    world.until(lambda: world.nodes()["alpha"].shared.log.standing.epoch == 2)

    world.start("charlie")

    world.until(world.stable)
    assert world.nodes()["charlie"].shared.log.standing.epoch == 2


def test_a_node_is_added_while_another_is_down() -> None:
    story = Story()
    story.crash("charlie")
    story.until(lambda: "charlie" not in story.node("alpha").shared.log.standing.view)
    shape = story.with_node()
    story.join("delta", shape)

    assert story.dare(shape).state == "done"
