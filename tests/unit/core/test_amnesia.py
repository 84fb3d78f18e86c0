"""A voter whose disk was lost or set back: it learns so, votes no more, and comes back by DAREs."""

import copy

import pytest

from nodeagent.core import effects as fx
from nodeagent.core.records import Record
from nodeagent.model.ownership import incarnation_of, is_older, life_of
from nodeagent.wire.console import GetSnapshot
from nodeagent.wire.live import Snapshot
from nodeagent.wire.peer import Accepted, LeaseAck, Message, Promise
from tests.simulation.clusters import cluster
from tests.simulation.machine import Machine
from tests.simulation.world import World

WAYS = ("emptied", "as at its first start", "set back")


class Ears:
    """Hears what charlie says to others."""

    def __init__(self) -> None:
        self.heard: list[Message] = []

    def wrote(self, _machine: Machine, _record: Record) -> None:
        """Nothing is heard of a disk."""

    def acts(self, machine: Machine, effect: fx.Effect) -> None:
        """Keep what is sent."""
        if machine.name == "charlie" and isinstance(effect, fx.Send):
            self.heard.append(effect.message)

    def stepped(self, _machine: Machine) -> None:
        """Nothing more is heard."""


def stable_world() -> World:
    world = World(cluster())
    world.start()
    world.until(world.stable)
    return world


def spoil(world: World, way: str) -> None:
    """Let charlie start again from a disk that does not know its last life."""
    machine = world.machines["charlie"]
    older = copy.deepcopy(machine.disk)
    world.crash("charlie")
    world.start("charlie")
    world.until(world.stable)
    world.crash("charlie")
    world.until(lambda: "charlie" not in world.nodes()["alpha"].shared.log.standing.view)
    match way:
        case "emptied":
            renewed = world.add_machine("charlie", world.text)
        case "set back":
            machine.disk = older
            renewed = machine
        case _:
            renewed = world.machines["charlie"] = Machine("charlie")
            world.initialise(renewed)
    renewed.life = machine.life + 10  # its next mark
    world.start("charlie")


def epoch(world: World) -> int:
    return world.nodes()["alpha"].shared.log.standing.epoch


def ended(world: World) -> bool:
    return world.run is not None and world.run.state == "done"


def state_of(world: World, node: str, seen_by: str) -> str:
    answer = world.ask(seen_by, GetSnapshot())
    assert isinstance(answer, Snapshot)
    return next(live.state for live in answer.nodes if live.node == node)


@pytest.mark.parametrize("way", WAYS)
def test_it_says_so_and_takes_no_part(way: str) -> None:
    world = stable_world()
    spoil(world, way)
    world.until(lambda: state_of(world, "charlie", "charlie") == "amnesiac")
    ears = Ears()
    world.watchers.append(ears)
    world.advance(10_000)

    assert {state_of(world, "charlie", seen) for seen in ("alpha", "bravo")} == {"amnesiac"}
    assert set(world.nodes()["alpha"].shared.log.standing.view) == {"alpha", "bravo"}
    assert not world.machines["charlie"].running
    assert not any(isinstance(m, Promise | Accepted | LeaseAck) for m in ears.heard)
    assert any("lost or set back" in line.text for line in world.events if line.node == "charlie")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("after_ms", [0, 20, 3_000])
def test_it_stays_so_when_it_is_started_again(way: str, after_ms: int) -> None:
    """Be it before or after it has learned what it forgot."""
    world = stable_world()
    spoil(world, way)
    ears = Ears()
    world.watchers.append(ears)
    for _ in range(3):
        world.advance(after_ms)
        world.crash("charlie")
        world.start("charlie")
    world.advance(5_000)

    assert {state_of(world, "charlie", seen) for seen in world.nodes()} == {"amnesiac"}
    assert set(world.nodes()["alpha"].shared.log.standing.view) == {"alpha", "bravo"}
    assert not any(isinstance(m, Promise | Accepted) for m in ears.heard)


@pytest.mark.parametrize("way", WAYS)
def test_one_dare_removes_it_and_another_adds_it(way: str) -> None:
    world = stable_world()
    spoil(world, way)
    world.until(lambda: state_of(world, "charlie", "alpha") == "amnesiac")

    without = cluster(2).replace('["bravo", "charlie"]', '["bravo", "alpha"]')
    world.apply("alpha", without)
    world.until(lambda: epoch(world) == 2 and ended(world))
    world.crash("charlie")
    world.add_machine("charlie", world.text)
    world.start("charlie")
    world.apply("alpha", world.text)
    world.until(lambda: epoch(world) == 3 and world.stable())
    world.advance(500)

    assert set(world.nodes()["alpha"].shared.log.standing.view) == {"alpha", "bravo", "charlie"}
    assert state_of(world, "charlie", "alpha") == "up"


def test_word_of_a_forgotten_life_is_not_taken() -> None:
    world = stable_world()
    older = copy.deepcopy(world.machines["charlie"].disk)
    world.crash("charlie")
    world.start("charlie")
    world.until(world.stable)
    world.crash("alpha")
    world.crash("charlie")
    world.machines["charlie"].disk = older
    world.machines["charlie"].life += 10
    before = world.nodes()["bravo"].shared.log.standing.slot
    world.start("charlie")
    world.advance(10_000)

    # alpha may have decided with the life that charlie forgot: bravo alone may not go on with it
    assert world.nodes()["bravo"].shared.log.standing.slot == before


def test_a_life_is_older_by_its_count_or_by_another_mark() -> None:
    assert is_older(incarnation_of(3, 9), incarnation_of(4, 1))
    assert is_older(incarnation_of(4, 9), incarnation_of(4, 1))
    assert not is_older(incarnation_of(4, 9), incarnation_of(4, 9))
    assert not is_older(incarnation_of(5, 0), incarnation_of(4, 9))
    assert life_of(incarnation_of(7, 12_345)) == 7
