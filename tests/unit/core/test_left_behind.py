"""What a crash at a bad moment leaves behind: nothing that stands in anybody's way."""

from dataclasses import replace

from nodeagent.core import effects as fx
from nodeagent.core.records import DecidedValue, Record
from nodeagent.wire.peer import Aborted, Commit, Decided
from tests.simulation.machine import CrashPoint, Machine
from tests.unit.core.story import Story


class CrashWhenDecided:
    """Lets a machine crash once a decree is on its disk, before it acts on it or tells it."""

    def __init__(self, story: Story, name: str, kind: type = Commit) -> None:
        self.name, self.kind, self.done = name, kind, False
        story.world.watchers.append(self)

    def wrote(self, machine: Machine, record: Record) -> None:
        """Arm the crash."""
        meant = isinstance(record, DecidedValue) and isinstance(record.decree.value, self.kind)
        if meant and machine.name == self.name and not self.done:
            self.done = True
            write = machine.disk.writes + 1
            machine.crash_at = CrashPoint(write, written=False, reboot_ms=300)

    def acts(self, machine: Machine, effect: fx.Effect) -> None:
        """Effects are of no interest."""

    def stepped(self, machine: Machine) -> None:
        """Steps are of no interest."""


def test_a_crash_at_the_end_of_a_dare_leaves_no_temporary_file() -> None:
    story = Story()
    crash = CrashWhenDecided(story, "bravo")

    story.ask(story.with_group())
    story.until(lambda: crash.done).until(lambda: "bravo" not in story.world.nodes())
    story.rest()

    assert story.files("bravo") == {"active", "default"}


def test_a_removed_node_learns_of_it_though_the_coordinator_dies_at_the_decision() -> None:
    story = Story(4)
    crash = CrashWhenDecided(story, "alpha")

    story.ask(replace(story.shape, nodes=story.shape.nodes[:3]))
    story.until(lambda: crash.done).rest()
    story.until(lambda: story.node("delta").participant.open is None)

    configuration = story.node("delta").shared.log.configuration
    assert configuration is not None
    assert "delta" not in configuration.node


def test_who_missed_a_decree_learns_it_from_the_node_that_it_removed() -> None:
    """alpha removes itself, and the only other voter hears of it after alpha was started anew."""
    story = Story(2)
    crash = CrashWhenDecided(story, "alpha")
    shape = replace(story.shape, nodes=("bravo",), groups=())

    story.ask(shape)
    story.until(lambda: story.node("bravo").participant.open is not None)
    story.world.network.lost_kinds.add(Decided)
    story.until(lambda: crash.done)
    story.cut_off("alpha").world.advance(30_000)
    assert story.node("bravo").shared.log.standing.epoch == 1
    story.world.network.lost_kinds.clear()

    story.mend().until(lambda: story.node("bravo").shared.log.standing.epoch == 2)
    story.rest()


def test_a_node_that_fetched_a_part_of_the_history_can_be_added_again() -> None:
    story = Story()
    wider = story.with_node()
    delta = story.join("delta", wider).world.machines["delta"]
    story.until(lambda: delta.disk.writes > 0)
    delta.crash_at = CrashPoint(delta.disk.writes + 2, written=True, reboot_ms=20_000)

    assert story.dare(wider).state != "done"
    story.until(lambda: delta.life == 2 + 1 and delta.node is not None)

    assert 0 < story.node("delta").shared.log.next_slot < story.node("alpha").shared.log.next_slot
    assert story.dare(wider).state == "done"


def test_an_added_node_learns_of_the_abort_though_the_coordinator_dies_at_the_decision() -> None:
    story = Story()
    wider = story.with_node()
    story.join("delta", wider)
    crash = CrashWhenDecided(story, "alpha", Aborted)

    story.ask(wider)
    story.at_step("greet").abort()
    story.until(lambda: crash.done).rest()
    story.until(lambda: story.node("delta").participant.open is None)

    assert "temporary" not in story.files("delta")
