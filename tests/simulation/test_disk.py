"""The simulated disk: torn, refusing and full, and what the agent does then."""

import pytest

from nodeagent.core.records import Promised, compact, decode, encode, replay
from nodeagent.store.journal import pack_journal
from nodeagent.wire.peer import Accepted
from tests.simulation.clusters import cluster
from tests.simulation.invariants import Invariants
from tests.simulation.machine import CrashPoint, Disk
from tests.simulation.rest import restless
from tests.simulation.world import SPARE_BYTES, World


def settled() -> tuple[World, Invariants]:
    world = World(cluster(3))
    invariants = Invariants(world)
    world.start()
    world.until(lambda: not restless(world, invariants))
    return world, invariants


@pytest.mark.parametrize("part", [0.0, 0.4, 0.99, 1.0])
def test_a_torn_record_is_gone_and_the_journal_goes_on(part: float) -> None:
    disk = Disk()
    disk.append(b"one")

    assert not disk.tear(b"two", part)
    assert disk.open() == [b"one"]
    disk.append(b"three")
    assert disk.open() == [b"one", b"three"]


def test_a_record_of_which_only_zeros_are_missing_is_there() -> None:
    disk = Disk()

    assert disk.tear(b"ends in zeros" + bytes(40), 0.9)
    assert disk.open() == [b"ends in zeros" + bytes(40)]


def test_a_disk_that_was_damaged_in_the_middle_is_not_read_over() -> None:
    disk = Disk()
    disk.append(b"one")
    disk.append(b"two")
    disk.journal = disk.journal.replace(b"one", b"eno")

    with pytest.raises(AssertionError, match="damaged"):
        disk.open()


@pytest.mark.parametrize(("written", "torn"), [(False, 0.0), (False, 0.5), (True, 0.0)])
@pytest.mark.parametrize("refused", [False, True])
def test_an_agent_that_falls_at_a_write_comes_back_with_what_was_written(
    written: bool, torn: float, refused: bool
) -> None:
    world, invariants = settled()
    bravo = world.machines["bravo"]
    before = bravo.disk.records
    bravo.crash_at = CrashPoint(bravo.disk.writes + 1, written, 1_000, torn, refused)

    world.apply("alpha", cluster(3, groups=("web",)))
    world.until(lambda: bravo.node is None)

    kept = [decode(data) for data in bravo.disk.open()[len(before) :]]
    assert [type(record) for record in kept] == ([Promised] if written else [])
    world.until(lambda: not restless(world, invariants))
    assert bravo.node is not None


def busy(world: World, invariants: Invariants) -> None:
    """Have so many changes that journals are written anew on the way."""
    for groups in (("web",), ("web", "mail"), ("web",)):
        world.apply("alpha", cluster(3, groups=groups))
        world.until(lambda: not restless(world, invariants))


def compacting() -> tuple[World, Invariants]:
    world = World(cluster(3), compacts=True)
    invariants = Invariants(world)
    world.start()
    world.until(lambda: not restless(world, invariants))
    return world, invariants


def test_a_running_agent_keeps_its_journal_short() -> None:
    world, invariants = compacting()
    busy(world, invariants)

    for machine in world.machines.values():
        assert machine.disk.rewritten
        records = [decode(data) for data in machine.disk.records]
        kept = len(pack_journal(encode(record) for record in compact(replay(records))))
        assert len(machine.disk.journal) < 2 * kept + 2 * SPARE_BYTES


@pytest.mark.parametrize(("written", "refused"), [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("name", ["alpha", "bravo"])
@pytest.mark.parametrize("nth", [0, 1])
def test_a_crash_while_the_journal_is_written_anew_loses_nothing(
    name: str, nth: int, written: bool, refused: bool
) -> None:
    world, invariants = compacting()
    nth += len(world.machines[name].disk.rewritten)  # after those of the start
    busy(world, invariants)
    write = world.machines[name].disk.rewritten[nth]

    world, invariants = compacting()
    machine = world.machines[name]
    before = machine.life
    machine.crash_at = CrashPoint(write, written, 1_000, refused=refused)
    busy(world, invariants)

    assert machine.disk.rewritten[nth] == write
    assert machine.life == before + (0 if refused else 2)  # it ends, and is started again
    assert all(m.node is not None for m in world.machines.values())


def test_a_slot_that_cannot_be_decided_does_not_fill_the_disk() -> None:
    world, invariants = compacting()
    bravo = world.machines["bravo"]
    world.network.lost_kinds.add(Accepted)
    world.crash("charlie")
    world.advance(10_000)
    size = max(len(bravo.disk.journal), SPARE_BYTES)
    world.tick_ms = 200  # half as many ticks with nothing to do in five minutes

    world.advance(300_000)

    assert len(bravo.disk.journal) < 3 * size
    world.network.lost_kinds.clear()
    world.start("charlie")
    world.until(lambda: not restless(world, invariants))


def test_a_full_disk_refuses_files_and_the_agent_lives() -> None:
    world, invariants = settled()
    bravo = world.machines["bravo"]
    bravo.disk.full = True

    world.apply("alpha", cluster(3, groups=("web",)))
    world.until(lambda: world.run is not None and world.run.state == "aborted")

    assert bravo.life == 1
    assert world.run is not None
    assert "bravo: compare" in world.run.text
    bravo.disk.full = False
    world.until(lambda: not restless(world, invariants))


def test_a_disk_that_takes_no_record_ends_the_agent_until_there_is_room() -> None:
    world, invariants = settled()
    bravo = world.machines["bravo"]
    bravo.disk.full = bravo.disk.full_journal = True

    world.apply("alpha", cluster(3, groups=("web",)))
    world.until(lambda: bravo.life > 3)  # it ends, is started again, and ends again

    bravo.disk.full = bravo.disk.full_journal = False
    world.until(lambda: not restless(world, invariants))
    assert bravo.node is not None
