"""Whatever a node's clocks do, its cluster keeps every rule and comes to rest again."""

import pytest

from nodeagent.core import events as ev
from tests.hostile.clocks import CASES, Step
from tests.simulation.machine import Machine
from tests.unit.core.story import Story


class Clock(Machine):
    """A machine whose clocks were turned."""

    unix: float | None = None

    def now(self, world_ms: int) -> ev.Now:
        now = super().now(world_ms)
        return now if self.unix is None else ev.Now(now.ms, self.unix)


def turn(story: Story, name: str, step: Step) -> None:
    machine = story.world.machines[name]
    machine.__class__ = Clock
    assert isinstance(machine, Clock)
    machine.offset_ms -= step.ms
    machine.unix = step.unix


def bring_to(story: Story, moment: str) -> None:
    """Let the cluster do something, and stop in the middle."""
    if moment == "lost-peer":
        story.crash("charlie")
    elif moment not in {"at-rest", "cut-off"}:
        story.ask(story.with_group())
        story.at_step(moment)


@pytest.mark.parametrize("case", list(CASES))
def test_a_clock_that_goes_wrong_breaks_no_rule_and_stops_nothing(case: str) -> None:
    step, moment = CASES[case]
    story = Story()
    bring_to(story, moment)

    turn(story, "alpha", step)
    if moment == "cut-off":
        story.cut_off("alpha").until(lambda: story.owner("web") == ["bravo"])
    story.world.advance(500)
    turn(story, "bravo", step)
    story.world.advance(4_000)
    if moment == "lost-peer":
        story.world.start("charlie")
    story.mend().rest()

    assert story.dare(story.with_group("fax")).state == "done"
