"""The event queue and the table of steps."""

import pytest

from nodeagent.core.event_queue import ClusterEvent, EventQueue
from nodeagent.core.table import STEPS, UNDO_STEPS, rows_for, undo_rows


def down(node: str) -> ClusterEvent:
    return ClusterEvent("node-down", node, "silent", 0)


def test_events_wait_while_suspended_and_come_in_order() -> None:
    queue = EventQueue()
    for node in ("alpha", "bravo"):
        assert queue.push(down(node))

    assert queue.take(suspended=True) == ()
    assert len(queue) == 2
    assert queue.take(suspended=False) == (down("alpha"), down("bravo"))
    assert len(queue) == 0


def test_the_same_event_waits_once() -> None:
    queue = EventQueue()

    assert queue.push(down("alpha"))
    assert not queue.push(down("alpha"))
    assert queue.push(ClusterEvent("node-up", "alpha", "heard", 0))


@pytest.mark.parametrize(
    ("topology", "resources", "left_out"),
    [
        (True, True, set()),
        (True, False, {"release", "acquire"}),
        (False, True, {"keep", "offline", "greet"}),
        (False, False, {"release", "acquire", "keep", "offline", "greet"}),
    ],
)
def test_a_change_of_one_kind_skips_the_rows_of_the_other(
    topology: bool, resources: bool, left_out: set[str]
) -> None:
    rows = rows_for(topology=topology, resources=resources)

    assert [row.name for row in rows] == [s.name for s in STEPS if s.name not in left_out]


def test_release_comes_before_acquire_and_decide_before_activate() -> None:
    names = [step.name for step in STEPS]

    for first, second in (("lock", "stage"), ("release", "acquire"), ("decide", "activate")):
        assert names.index(first) < names.index(second)  # type: ignore[arg-type]


def test_only_what_began_is_undone_newest_first_and_then_proven() -> None:
    assert [r.name for r in undo_rows(("verify", "lock", "stage"))] == ["undo-stage", "prove"]
    everything = undo_rows(tuple(step.name for step in STEPS))
    assert [r.name for r in everything] == ["undo-acquire", "undo-release", "undo-stage", "prove"]


def test_every_row_before_the_decision_that_leaves_a_trace_has_an_undo_row() -> None:
    undo = {step.name for step in UNDO_STEPS}

    assert {step.undo for step in STEPS if step.undo} <= undo
    assert all(s.undo for s in STEPS if s.name in ("stage", "release", "acquire"))
