"""One fault anywhere in a DARE: it ends on the old or the new, and the next DARE works.

The suite plays one case in `EVERY`; `python -m tests.simulation.exhaustive` plays them all.
"""

import pytest

from tests.simulation.exhaustive_cases import CHANGES, cases, count
from tests.simulation.exhaustive_faults import play

EVERY = 400
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("change", CHANGES)
def test_a_single_fault_leaves_the_old_or_the_new(change: str, part: int) -> None:
    chosen = list(cases(change))[part * EVERY // PARTS :: EVERY]
    assert chosen, "there are cases"

    for case in chosen:
        assert play(case).happened, f"{case} met the DARE"


@pytest.mark.parametrize("change", CHANGES)
def test_every_role_has_writes_and_messages_that_can_fail(change: str) -> None:
    counts = count(change)

    assert all(writes > 2 for writes in counts.writes.values())
    assert {role for _, role in counts.messages} == set(counts.writes)
