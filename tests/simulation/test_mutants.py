"""A sample of mutants: a schedule fails when a safeguard is missing.

That it passes when nothing is missing is played in `test_directed`.
`python -m tests.simulation.mutants` hunts all of them; MUTANTS.md has the figures.
"""

import pytest

from tests.simulation.directed import play_directed
from tests.simulation.mutants import MUTANTS
from tests.simulation.mutants_kit import broken
from tests.simulation.mutants_known import KNOWN
from tests.simulation.schedules import Failure


@pytest.mark.parametrize("name", KNOWN)
def test_a_schedule_fails_with_the_mutant(name: str) -> None:
    scenario, seed = KNOWN[name]

    with broken(MUTANTS[name]), pytest.raises(Failure):
        play_directed(scenario, seed)


def test_there_are_thirty_mutants_and_each_says_what_it_takes_away() -> None:
    assert len(MUTANTS) >= 30
    assert all(mutant.breaks and mutant.patches for mutant in MUTANTS.values())
