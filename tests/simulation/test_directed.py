"""Directed schedules: each rare fault that is known to break clusters, and nothing breaks.

`python -m tests.simulation.mutants` shows what each of them is good for.
"""

import pytest

from tests.simulation.directed import SCENARIOS, play_directed
from tests.simulation.mutants_known import KNOWN


@pytest.mark.parametrize("name", SCENARIOS)
def test_promises_hold(name: str) -> None:
    by_which_mutants_are_known = {seed for scenario, seed in KNOWN.values() if scenario == name}
    for seed in sorted({1, *by_which_mutants_are_known}):
        play_directed(name, seed)
