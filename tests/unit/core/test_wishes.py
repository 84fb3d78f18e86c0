"""A move or an offline that was asked for outlives the next view; a policy's "" does too."""

from tests.simulation.clusters import cluster
from tests.simulation.world import World


def _stable(text: str) -> World:
    world = World(text)
    world.start()
    world.until(world.stable)
    return world


def _moved(world: World, **owners: str) -> None:
    world.apply("alpha", world.text, **owners)
    world.until(lambda: world.run is not None and world.run.state == "done")
    world.until(world.stable)


def _bounce(world: World, name: str) -> None:
    world.crash(name)
    node = next(n for n in world.nodes().values())
    world.until(lambda: name not in node.shared.log.standing.view)
    world.start(name)
    world.until(world.stable)


def test_moved_group_stays_although_its_policy_prefers_another_node() -> None:
    text = cluster().replace('startup = "first-available"', 'fallback = "higher-priority"')
    world = _stable(text)
    assert world.owner("web") == ["alpha"]
    _moved(world, web="bravo")
    _bounce(world, "charlie")
    assert world.owner("web") == ["bravo"]


def test_moved_group_follows_its_policy_again_once_its_node_was_away() -> None:
    text = cluster().replace('startup = "first-available"', 'fallback = "higher-priority"')
    world = _stable(text)
    _moved(world, web="bravo")
    _bounce(world, "bravo")
    assert world.owner("web") == ["alpha"]


def test_group_taken_offline_stays_offline() -> None:
    world = _stable(cluster())
    _moved(world, web="")
    _bounce(world, "charlie")
    assert world.owner("web") == []


def test_bring_offline_group_stays_offline_after_its_owner_died() -> None:
    text = cluster().replace(
        'startup = "first-available"', 'startup = "first-available"\nfallover = "bring-offline"'
    )
    world = _stable(text)
    world.crash("alpha")
    bravo = world.nodes()["bravo"]
    world.until(lambda: "alpha" not in bravo.shared.log.standing.view)
    world.advance(15_000)
    assert world.owner("web") == []
