"""A plan that breaks a rule is made smaller, written down, and read again."""

from pathlib import Path

import pytest

from nodeagent.core.records import AcceptedValue, Record
from tests.simulation.generate import plan_of
from tests.simulation.machine import Machine
from tests.simulation.plan import Action, Options, Plan, plan_text, read_plan
from tests.simulation.schedules import Failure, play_plan
from tests.simulation.shrink import broken, shrink
from tests.simulation.world import World


def of(*actions: Action) -> Plan:
    options = Options(seed=1, kind="whole", nodes=7, groups=2, loss=0.3, late=0.1, lingers=True)
    return Plan(options, actions)


def needs_a_pause_and_a_cut(plan: Plan) -> str:
    deeds = [action.do for action in plan.actions]
    found = "pause" in deeds and "cut" in deeds and plan.options.late > 0
    return "7 one owner" if found else ""


def test_only_what_a_failure_needs_is_left() -> None:
    deeds = ("crash", "pause", "ask", "cut", "ask", "crash", "isolate")
    plan = of(*(Action(500 * n, do, lasts=9_000) for n, do in enumerate(deeds)))

    small = shrink(plan, needs_a_pause_and_a_cut)

    assert [(a.do, a.lasts) for a in small.actions] == [("pause", 100), ("cut", 100)]
    assert (small.options.late, small.options.loss, small.options.nodes) == (0.1, 0.0, 2)


def test_another_rule_is_another_failure() -> None:
    plan = of(Action(1, "crash"), Action(2, "pause"))

    small = shrink(plan, lambda p: "1 agreement" if len(p.actions) == 2 else "6 promise")

    assert len(small.actions) == 2


def test_a_plan_that_breaks_nothing_stays_as_it_is() -> None:
    plan = of(Action(1, "crash"))

    assert shrink(plan, lambda _: "") is plan


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_plan_that_was_written_down_is_the_same_run(tmp_path: Path, seed: int) -> None:
    plan = plan_of("core", seed)
    file = tmp_path / "plan.json"
    file.write_text(plan_text(plan))

    assert read_plan(file) == plan
    assert play_plan(read_plan(file)) == play_plan(plan)


def test_a_defect_is_found_told_and_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, write = plan_of("whole", 13), World._write

    def forgets(world: World, machine: Machine, record: Record) -> None:
        if not isinstance(record, AcceptedValue):
            write(world, machine, record)

    assert broken(plan) == ""
    monkeypatch.setattr(World, "_write", forgets)
    with pytest.raises(Failure, match="12 durable") as caught:
        play_plan(plan)
    small = shrink(plan)

    assert all(line in str(caught.value) for line in ('"seed":13', "-- story", "-- newest events"))
    assert (small.actions, small.options.nodes) == ((), 2)
    assert broken(small) == "12 durable"
