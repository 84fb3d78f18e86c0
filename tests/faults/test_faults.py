"""A part of the grid on real processes: each kind of fault once, at different steps.

The coordinator's death is tried at three steps by e2e/test_coordinator_death.
"""

import pytest

from tests.faults import faults, private
from tests.faults.__main__ import try_all
from tests.faults.grid import BOUND_S, FAULTS, Cell, Result, cells
from tests.faults.report import table
from tests.support.witness import twice
from tui.demo.deaths import STEPS

# What costs a cluster each is tried for one step; `make faults` plays all twelve at every step.
PART = (
    Cell("acquire", "kill-participant"),
    Cell("greet", "kill-added"),
    Cell("compare", "kill-owner"),
    Cell("stage", "freeze"),
    Cell("release", "all-links"),
    Cell("verify", "one-network"),
    Cell("lock", "one-way"),
    Cell("keep", "loss"),
    Cell("resume", "full-disk"),
    Cell("activate", "clock"),
    Cell("acquire", "driver-hangs"),
)
JOBS = 3
"""Cells mostly wait for their cluster's times to pass."""
pytestmark = [pytest.mark.xdist_group("another-cluster-in-a-box"), pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    if reason := private.why_not():
        pytest.skip(reason)
    return {result.fault: result for result in try_all(PART, JOBS)}


@pytest.mark.parametrize("fault", [cell.fault for cell in PART])
def test_cluster_recovers_by_itself(results: dict[str, Result], fault: str) -> None:
    result = results[fault]

    assert result.ok, "\n".join([f"at {result.step}: {result.reason}", *result.notes])
    assert 0 < result.recovery_s <= BOUND_S
    assert result.requests > 0


def test_grid_is_every_step_under_every_fault() -> None:
    grid = list(cells((), ()))

    assert len(grid) == len(set(grid)) == 144
    assert set(FAULTS) == set(faults.FAULTS)
    assert {cell.step for cell in grid} == set(STEPS)
    assert list(cells(["lock"], ["freeze"], 2)) == [Cell("lock", "freeze")] * 2


def test_group_on_two_nodes_is_noticed() -> None:
    one = [(1, "web", "alpha"), (2, "orders", "charlie"), (3, "web", "alpha")]

    assert twice(one) == {}
    assert twice([*one, (4, "web", "bravo")]) == {"web": {"alpha", "bravo"}}


def test_table_tells_marks_times_and_sum() -> None:
    good = Result("lock", "freeze", True, outcome="old", recovery_s=2.0, back_s=1.0)
    better = Result("decide", "freeze", True, outcome="new", recovery_s=4.0, back_s=2.0)
    bad = Result("lock", "loss", False, "epochs differ")

    lines = table([good, better, bad], 60.0).splitlines()

    assert lines[0].startswith("| fault | lock | decide | recovery median | worst |")
    assert lines[2] == "| freeze | o | n | 3.0 s | 4.0 s | 1.5 s | 2.0 s | 2/2 |"
    assert lines[3] == "| loss | x | - | - | - | - | - | 0/1 |"
    assert lines[-1] == "2 of 3 cells passed in 1 min"
