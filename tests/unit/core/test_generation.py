"""A majority is lost for good: an operator opens a new generation, and the old one is over."""

import pytest

from nodeagent.config import edit
from nodeagent.config.digest import file_digest
from nodeagent.core.generation import GenerationError, adopt, force, is_forced
from nodeagent.core.log import DecreeLog
from nodeagent.core.records import DecidedValue, encode
from nodeagent.wire.codec import pack
from nodeagent.wire.peer import Commit, Decree
from tests.simulation.clusters import cluster
from tests.simulation.world import World


def stable_world(nodes: int = 5) -> World:
    world = World(cluster(nodes))
    world.start()
    world.until(world.stable)
    return world


def history(world: World, node: str) -> DecreeLog:
    log = DecreeLog()
    for decree in world.nodes()[node].shared.log.decrees:
        log.extend(decree)
    return log


def write(world: World, node: str, *decrees: Decree) -> None:
    for decree in decrees:
        world.machines[node].disk.append(encode(DecidedValue(decree)))


def lose_three(world: World) -> tuple[DecreeLog, DecreeLog]:
    """Stop all five; return what the two that survive know."""
    logs = history(world, "alpha"), history(world, "bravo")
    for node in tuple(world.nodes()):
        world.crash(node)
    world.advance(20_000)
    return logs


def forced_world() -> World:
    world = stable_world()
    first, second = lose_three(world)
    decree = force(first, ("alpha", "bravo"), "ann", "fire in the other room")
    write(world, "alpha", decree)
    write(world, "bravo", *adopt(second, (*first.decrees, decree), "bravo"))
    world.start("alpha", "bravo")
    return world


def test_survivors_go_on_by_themselves() -> None:
    world = forced_world()
    world.until(lambda: all(world.owner(group) for group in ("web", "orders")), 60_000)

    standing = world.nodes()["alpha"].shared.log.standing
    assert (standing.generation, standing.epoch, set(standing.view)) == (2, 2, {"alpha", "bravo"})
    assert world.nodes()["bravo"].shared.log.voters == ("alpha", "bravo")


def test_what_was_lost_and_comes_back_is_not_listened_to() -> None:
    world = forced_world()
    world.until(lambda: len(world.nodes()["alpha"].shared.log.standing.view) == 2, 60_000)
    world.start("charlie", "delta", "echo")
    world.advance(20_000)

    for node in ("charlie", "delta", "echo"):
        assert world.nodes()[node].shared.log.standing.generation == 1
    assert set(world.nodes()["alpha"].shared.log.standing.view) == {"alpha", "bravo"}
    for group in ("web", "orders"):
        assert (
            len(world.owner(group)) <= 2
        )  # the old majority still runs what it held: fenced by hand
    told = [line.text for line in world.events if line.node == "charlie"]
    assert any("generation 2: an operator" in text for text in told)


def test_who_is_added_later_takes_the_whole_history() -> None:
    world = forced_world()
    world.until(lambda: len(world.nodes()["alpha"].shared.log.standing.view) == 2, 60_000)
    world.advance(10_000)
    active = world.nodes()["alpha"].shared.log.active.decode()
    new = (
        active
        + cluster(6).split("[node.foxtrot]")[1].join(("[node.foxtrot]", "")).split("[group")[0]
    )
    world.add_machine("foxtrot", new)
    world.start("foxtrot")
    world.apply("alpha", new)
    world.until(lambda: "foxtrot" in world.nodes()["alpha"].shared.log.standing.view, 60_000)

    assert world.nodes()["foxtrot"].shared.log.standing.generation == 2


def test_force_is_refused_where_it_is_not_needed_or_makes_no_sense() -> None:
    log, _ = lose_three(stable_world())
    for survivors, words in (
        (("alpha", "bravo", "charlie"), "a majority of the voters"),
        (("alpha", "zulu"), "no such node: zulu"),
        ((), "none named"),
    ):
        with pytest.raises(GenerationError, match=words):
            force(log, survivors, "ann", "")
    with pytest.raises(GenerationError, match="nothing was ever decided"):
        force(DecreeLog(), ("alpha",), "ann", "")


def test_a_generation_is_adopted_only_by_survivors_whose_history_it_continues() -> None:
    first, second = lose_three(stable_world())
    decree = force(first, ("alpha", "bravo"), "ann", "")
    whole = (*first.decrees, decree)
    with pytest.raises(GenerationError, match="does not end with a forced decree"):
        adopt(second, first.decrees, "bravo")
    with pytest.raises(GenerationError, match="charlie is not among the survivors"):
        adopt(_copy(first), whole, "charlie")
    own = force(second, ("bravo",), "bob", "")
    other = _copy(second)
    other.extend(own)
    with pytest.raises(GenerationError, match="generation 2 is in force"):
        adopt(other, whole, "bravo")
    assert is_forced(adopt(second, whole, "bravo")[-1])


def test_a_forced_decree_must_open_the_very_next_generation() -> None:
    log, _ = lose_three(stable_world())
    decree = force(log, ("alpha", "bravo"), "ann", "")
    assert isinstance(decree.value, Commit)
    log.extend(decree)
    again = force(log, ("alpha",), "ann", "")
    assert isinstance(again.value, Commit)
    assert again.value.generation == 3


def _copy(log: DecreeLog) -> DecreeLog:
    copied = DecreeLog()
    for decree in log.decrees:
        copied.extend(decree)
    return copied


def test_what_was_accepted_and_needs_lost_new_voters_can_be_ended_by_force() -> None:
    log = history(stable_world(), "alpha")
    survivors = ("alpha", "bravo", "charlie")
    data = edit.set_value(
        log.active.decode(), ("cluster", "voters"), ["alpha", "delta", "echo"]
    ).encode()
    accepted = Commit("tx", log.standing.epoch + 1, file_digest(data), pack(data), {}, {})

    with pytest.raises(GenerationError, match="decide without force"):
        force(log, survivors, "ann", "")
    forced = force(log, survivors, "ann", "both new voters burnt down", accepted)

    assert is_forced(forced)
    log.extend(forced)
    assert set(log.voters) == set(survivors)
