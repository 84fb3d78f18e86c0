"""A group that an administrator moved is still taken over when it fails where it was put."""

from nodeagent.wire.console import Drill
from tests.simulation.clusters import cluster
from tests.simulation.world import World


def moved() -> World:
    world = World(cluster(3))
    world.start()
    world.until(world.stable)
    world.apply("alpha", world.text, web="bravo")
    world.until(lambda: world.run is not None and world.run.state == "done")
    world.until(world.stable)
    assert world.owner("web") == ["bravo"]
    return world


def test_it_falls_over_when_it_cannot_run_there() -> None:
    world = moved()
    world.refuse_driver.add(("bravo", "web", "start"))

    world.ask("bravo", Drill("fail-application", "web"))

    world.until(lambda: world.owner("web") not in ([], ["bravo"]))


def test_it_does_not_jump_back_when_the_failure_is_forgotten() -> None:
    world = moved()
    world.refuse_driver.add(("bravo", "web", "start"))
    world.ask("bravo", Drill("fail-application", "web"))
    world.until(lambda: world.owner("web") not in ([], ["bravo"]))
    (heir,) = world.owner("web")

    world.refuse_driver.clear()
    world.advance(90_000)

    assert world.owner("web") == [heir]


def test_it_stays_where_it_was_put_while_all_is_well() -> None:
    world = moved()

    world.crash("charlie")
    world.advance(15_000)

    assert world.owner("web") == ["bravo"]
