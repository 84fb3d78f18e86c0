"""The record of a DARE is the same however its news arrives."""

import random

import pytest

from nodeagent.model.run import (
    Cell,
    CellChanged,
    DareRun,
    Progress,
    RunChanged,
    RunStarted,
    StepChanged,
    StepRow,
    advance,
    keep,
)

RUN = DareRun("t", "alpha", nodes=("alpha", "bravo"), steps=(StepRow("verify"), StepRow("lock")))


def cell(step: str, node: str, state: str, *, undo: bool = False) -> CellChanged:
    return CellChanged("t", step, undo, node, Cell(state=state))  # type: ignore[arg-type]


NEWS: list[Progress] = [
    StepChanged("t", "verify", undo=False, state="running"),
    cell("verify", "alpha", "running"),
    cell("verify", "bravo", "running"),
    cell("verify", "alpha", "done"),
    cell("verify", "bravo", "done"),
    StepChanged("t", "verify", undo=False, state="done", seconds=1.5),
    StepChanged("t", "lock", undo=False, state="running"),
    cell("lock", "alpha", "failed"),
    StepChanged("t", "lock", undo=False, state="failed", reason="busy"),
    RunChanged("t", "aborting", text="busy"),
    StepChanged("t", "prove", undo=True, state="running"),
    cell("prove", "bravo", "done", undo=True),
    StepChanged("t", "prove", undo=True, state="done"),
    RunChanged("t", "aborted", "restored", 2.0, "everything is as before"),
]


def told(news: list[Progress]) -> DareRun:
    run: DareRun | None = advance(None, RunStarted(RUN))
    for item in news:
        run = advance(run, item)
    assert run is not None
    return run


def essence(run: DareRun) -> object:
    rows = {
        (r.name, r.undo): (r.state, r.reason, {n: c.state for n, c in sorted(r.cells.items())})
        for r in run.steps
    }
    return run.state, run.restored, run.text, rows


def test_news_in_order_make_the_record() -> None:
    run = told(NEWS)

    assert (run.state, run.restored) == ("aborted", "restored")
    assert [(r.name, r.undo, r.state) for r in run.steps] == [
        ("verify", False, "done"), ("lock", False, "failed"), ("prove", True, "done"),
    ]  # fmt: skip


def test_news_that_come_twice_change_nothing() -> None:
    assert essence(told([item for item in NEWS for _ in range(2)])) == essence(told(NEWS))


@pytest.mark.parametrize("seed", range(20))
def test_news_that_overtake_each_other_end_the_same(seed: int) -> None:
    shuffled = list(NEWS)
    random.Random(seed).shuffle(shuffled)

    assert essence(told(shuffled)) == essence(told(NEWS))


def test_news_of_another_run_are_not_mixed_in() -> None:
    run = told(NEWS)

    assert advance(run, RunChanged("other", "done")) == run
    assert advance(None, RunChanged("other", "done")) is None


def test_a_repeated_beginning_does_not_reset_the_record() -> None:
    run = told(NEWS[:6])

    assert advance(run, RunStarted(RUN)) == run


def test_a_whole_record_that_has_ended_completes_one_that_missed_the_end() -> None:
    ended = told(NEWS)

    assert advance(told(NEWS[:4]), RunStarted(ended)) == ended
    assert advance(ended, RunStarted(told(NEWS[:4]))) == ended


def test_an_end_is_final() -> None:
    ended = told(NEWS)

    for late in (RunChanged("t", "aborting"), RunChanged("t", "running"), RunChanged("t", "done")):
        assert advance(ended, late).state == "aborted"  # type: ignore[union-attr]


def test_a_new_run_takes_the_place_of_the_old() -> None:
    assert advance(told(NEWS), RunStarted(DareRun("u", "bravo"))) == DareRun("u", "bravo")


def test_displaced_run_goes_on_and_ends_among_those_before() -> None:
    other = DareRun("u", "bravo", nodes=("alpha", "bravo"))
    run, past = keep(None, (), RunStarted(RUN), 2)
    run, past = keep(run, past, RunStarted(other), 2)
    run, past = keep(run, past, RunChanged("t", "done", text="epoch 2 is active"), 2)
    run, past = keep(run, past, RunChanged("u", "refused", text="busy"), 2)
    assert run is not None
    assert (run.tx, run.state) == ("u", "refused")
    assert [(known.tx, known.state) for known in past] == [("t", "done")]
