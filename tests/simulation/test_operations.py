"""Standby, holds and starts of idle groups under faults: schedules of nothing else."""

import random

import pytest

from tests.simulation.generate import operated, plan_of
from tests.simulation.schedules import play_plan


@pytest.mark.parametrize("seed", range(1, 13))
def test_operations_break_no_promise(seed: int) -> None:
    plan = operated(plan_of("whole", seed), random.Random(seed), 1.0)

    outcome = play_plan(plan)

    assert outcome.events
