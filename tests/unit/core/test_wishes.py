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


FOLLOWS = 'fallback = "higher-priority"'


def _edited(world: World, number: int = 2) -> str:
    """Return the configuration with another program in web."""
    assert '"/bin/true"' in world.text
    return world.text.replace('"/bin/true"', f'"/bin/true", "{number}"', 1)


def _decided(world: World, text: str, **owners: str) -> None:
    world.apply("alpha", text, **owners)
    world.until(lambda: world.run is not None and world.run.state == "done")
    world.text = text
    world.until(world.stable)


def test_offline_that_came_with_a_change_of_the_group_lasts_as_any_other() -> None:
    world = _stable(cluster())
    _decided(world, _edited(world), web="")
    _bounce(world, "charlie")
    assert world.owner("web") == []


def test_offline_group_stays_so_if_that_is_asked_for_with_its_change() -> None:
    world = _stable(cluster())
    _moved(world, web="")
    _decided(world, _edited(world), web="")
    _bounce(world, "charlie")
    assert world.owner("web") == []


def test_move_that_came_with_a_change_of_the_group_is_not_undone_by_the_next_view() -> None:
    world = _stable(cluster().replace('startup = "first-available"', FOLLOWS))
    _decided(world, _edited(world), web="bravo")
    _bounce(world, "charlie")
    assert world.owner("web") == ["bravo"]


def test_what_moved_by_a_rule_and_not_by_order_goes_back_by_its_policy() -> None:
    text = cluster().replace('startup = "first-available"', FOLLOWS)
    world = _stable(text)
    away = text.replace("[node.alpha]", "[node.alpha]\nstandby = true")
    _decided(world, away)
    assert world.owner("web") == ["bravo"]
    _decided(world, text)
    assert world.owner("web") == ["alpha"]
