"""The record of one DARE: steps down, nodes across, and how it is built from its progress.

The coordinator says what changed (`Progress`); every agent and every console folds the same
changes into the same record with `advance`, so a screen that was left, or an agent that was
changed, shows what all others show.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from nodeagent.model.health import CellState, RestoreState, RunState
from nodeagent.model.moves import RUN_MOVES, may_follow
from nodeagent.model.plan import Plan
from nodeagent.model.times import Forecast

OPEN: frozenset[RunState] = frozenset({"running", "aborting"})
Transaction = Annotated[str, Meta(max_length=120)]
"""Name of a DARE; the same wherever it is told, so that one can be asked about."""
REHEARSAL = "rehearsal."
"""With this begins the name of a run that asks only, and changes nothing anywhere."""
AS_BEFORE = "everything is as before"
"""What the result of an abort says, and "except ..." after it where something is not proved."""
NO_ANSWER = "no answer in time"
"""The reason of a cell whose node said nothing until its deadline."""
FINAL: frozenset[CellState] = frozenset({"done", "failed", "skipped", "lost"})


def is_rehearsal(tx: str) -> bool:
    """Return whether a run of this name is a rehearsal."""
    return tx.startswith(REHEARSAL)


class Cell(Struct, frozen=True, forbid_unknown_fields=True):
    """One node's part in one step. `began` is Unix time in seconds, 0 before it began.

    `groups`: when the release or acquire of each group began and ended, by the coordinator's clock.
    """

    state: CellState = "waiting"
    began: float = 0.0
    seconds: float = 0.0
    reason: str = ""
    evidence: tuple[str, ...] = ()
    groups: dict[str, tuple[float, float]] = {}


class StepRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One step of the table with a cell for each node that takes part."""

    name: str
    undo: bool = False
    state: CellState = "waiting"
    seconds: float = 0.0
    reason: str = ""
    cells: dict[str, Cell] = {}


class DareRun(Struct, frozen=True, forbid_unknown_fields=True):
    """One DARE from request to result. `nodes` are the columns; times are Unix seconds.

    `mark` is what the request carried, for who asked to know it by. `forecasts` were made by the
    coordinator before it began.

    `detection_gap_ms` is the longest time for which a node (`detection_gap_node`) did not look
    whether its peers live, while it was suspended; what died then was seen that much later.

    `rehearsed` is the digest of what a rehearsal found, "" where it found a problem.
    """

    tx: Transaction
    coordinator: str
    author: str = ""
    reason: str = ""
    mark: str = ""
    base_epoch: int = 0
    base_digest: str = ""
    target_digest: str = ""
    nodes: tuple[str, ...] = ()
    plan: Plan = Plan()
    state: RunState = "running"
    restored: RestoreState = ""
    began: float = 0.0
    seconds: float = 0.0
    text: str = ""
    detection_gap_ms: int = 0
    detection_gap_node: str = ""
    steps: tuple[StepRow, ...] = ()
    rehearsed: str = ""
    forecasts: tuple[Forecast, ...] = ()


class RunStarted(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A DARE began; `run` holds all its forward rows, waiting."""

    run: DareRun


class CellChanged(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """One node's cell in one row changed; a row that is not there yet (undo) is appended."""

    tx: Transaction
    step: str
    undo: bool
    node: str
    cell: Cell


class StepChanged(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A row as a whole changed its state."""

    tx: Transaction
    step: str
    undo: bool
    state: CellState
    seconds: float = 0.0
    reason: str = ""


class RunChanged(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """The run as a whole changed its state; `state` other than running/aborting is final."""

    tx: Transaction
    state: RunState
    restored: RestoreState = ""
    seconds: float = 0.0
    text: str = ""
    detection_gap_ms: int = 0
    detection_gap_node: str = ""
    rehearsed: str = ""


Progress = RunStarted | CellChanged | StepChanged | RunChanged


def _with_row(run: DareRun, name: str, *, undo: bool) -> tuple[list[StepRow], int]:
    rows = list(run.steps)
    for index, row in enumerate(rows):
        if row.name == name and row.undo == undo:
            return rows, index
    rows.append(StepRow(name=name, undo=undo))
    return rows, len(rows) - 1


def _is_old_news(row: StepRow, progress: CellChanged | StepChanged) -> bool:
    """Return whether "running" comes after the result: messages may overtake each other."""
    if isinstance(progress, StepChanged):
        return progress.state == "running" and row.state in FINAL
    cell = row.cells.get(progress.node)
    return progress.cell.state == "running" and cell is not None and cell.state in FINAL


def advance(run: DareRun | None, progress: Progress) -> DareRun | None:
    """Return `run` with one `progress` applied; progress of another run leaves it as it is."""
    if isinstance(progress, RunStarted):
        if run is None or run.tx != progress.run.tx:
            return progress.run
        ends = run.state in OPEN and progress.run.state not in OPEN
        taken_over = run.state in OPEN and run.coordinator != progress.run.coordinator
        return progress.run if ends or taken_over else run
    if run is None or progress.tx != run.tx:
        return run
    if isinstance(progress, RunChanged):
        if not may_follow(RUN_MOVES, run.state, progress.state):
            return run
        return msgspec.structs.replace(
            run,
            state=progress.state,
            restored=progress.restored,
            seconds=progress.seconds,
            text=progress.text,
            detection_gap_ms=progress.detection_gap_ms,
            detection_gap_node=progress.detection_gap_node,
            rehearsed=progress.rehearsed,
        )
    rows, index = _with_row(run, progress.step, undo=progress.undo)
    if _is_old_news(rows[index], progress):
        return run
    if isinstance(progress, StepChanged):
        rows[index] = msgspec.structs.replace(
            rows[index], state=progress.state, seconds=progress.seconds, reason=progress.reason
        )
    else:
        cells = {**rows[index].cells, progress.node: progress.cell}
        rows[index] = msgspec.structs.replace(rows[index], cells=cells)
    return msgspec.structs.replace(run, steps=tuple(rows))


def keep(
    run: DareRun | None, past: tuple[DareRun, ...], progress: Progress, most: int
) -> tuple[DareRun | None, tuple[DareRun, ...]]:
    """Return the newest run and those before it with `progress` applied to the one it is of.

    A run that another one displaced goes on among the `past`, of which at most `most` are kept.
    """
    tx = progress.run.tx if isinstance(progress, RunStarted) else progress.tx
    if run is None or run.tx == tx:
        return advance(run, progress), past
    if any(known.tx == tx for known in past):
        told = ((advance(known, progress) or known) if known.tx == tx else known for known in past)
        return run, tuple(told)
    if isinstance(progress, RunStarted):
        return progress.run, (*past, run)[-most:]
    return run, past
