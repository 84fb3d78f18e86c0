"""Directed schedules: each rare fault that is known to break clusters, and nothing breaks.

`python -m tests.simulation.mutants` shows what each of them is good for.
"""

import pytest

from tests.simulation.directed import SCENARIOS, play_directed


@pytest.mark.parametrize("name", SCENARIOS)
def test_promises_hold(name: str) -> None:
    for seed in (1, 2):
        play_directed(name, seed)
