"""The coordinator's notice board: every step's start, result, seconds and reason, per node.

What is written here goes to this agent's consoles and to all peers for theirs, and is kept as the
run's record.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from nodeagent.config.forecast import forecasts
from nodeagent.core.effects import Publish
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
)
from nodeagent.model.text import clean
from nodeagent.wire.live import ProgressMade
from nodeagent.wire.peer import ProgressNote

if TYPE_CHECKING:
    from nodeagent.core.audience import Request
    from nodeagent.core.shared import Shared
    from nodeagent.model.health import CellState, RestoreState, RunState
    from nodeagent.model.reports import Severity
    from nodeagent.model.times import Forecast

_NONE: Mapping[str, tuple[int, int]] = MappingProxyType({})


def first_record(shared: Shared, request: Request, rows: tuple[str, ...]) -> DareRun:
    """Return the record of a run that begins now, all its rows waiting."""
    return DareRun(
        tx=request.tx,
        coordinator=shared.name,
        author=request.author,
        reason=request.reason,
        mark=request.mark,
        base_epoch=request.base.epoch,
        base_digest=request.base.digest,
        target_digest=request.digest,
        nodes=tuple(request.participants),
        plan=request.plan,
        began=shared.now.unix,
        steps=tuple(StepRow(name=row) for row in rows),
        forecasts=_forecasts(shared, request),
    )


def _forecasts(shared: Shared, request: Request) -> tuple[Forecast, ...]:
    active = shared.log.configuration
    if active is None:
        return ()
    return forecasts(request.plan, active, request.candidate, shared.times.known)


class Board:
    """Publishes one run's progress, from its beginning or from where another one left it.

    Of a rehearsal (`quiet`) only consoles of this agent are told, and nothing is kept: it is no
    part of the cluster's history.
    """

    def __init__(self, shared: Shared, run: DareRun, *, quiet: bool = False) -> None:
        self._shared = shared
        self._quiet = quiet
        self._step_began: dict[tuple[str, bool], int] = {}
        self._began_ms = shared.now.ms - int(max(0.0, shared.now.unix - run.began) * 1000)
        self._peers = tuple(dict.fromkeys((*shared.log.standing.view, *run.nodes)))
        self.run_record = run

    def start(self) -> None:
        """Tell everybody that the run began."""
        self._tell(RunStarted(self.run_record))

    def taken_over(self) -> None:
        """Tell everybody who goes on with it, and its record so far: some may have missed it."""
        shared, lost = self._shared, self.run_record.coordinator
        self.run_record = msgspec.structs.replace(self.run_record, coordinator=shared.name)
        shared.tell("warning", self.run_record.tx, f"{lost} was lost; {shared.name} goes on")
        self._tell(RunStarted(self.run_record))

    def _tell(self, progress: Progress) -> None:
        record = advance(self.run_record, progress)
        assert record is not None, "an own run stays"
        self.run_record = record
        self._shared.out.append(Publish(ProgressMade(progress)))
        if self._quiet:
            return
        self._shared.fold(progress)
        others = [node for node in self._peers if node != self._shared.name]
        self._shared.send_all(others, ProgressNote(progress))

    def _seconds(self, step: str, *, undo: bool) -> float:
        began = self._step_began.setdefault((step, undo), self._shared.now.ms)
        return (self._shared.now.ms - began) / 1000

    def step(self, name: str, state: CellState, *, undo: bool, reason: str = "") -> None:
        """Say how a row as a whole stands."""
        seconds = self._seconds(name, undo=undo)
        text = clean(reason, 300)
        self._tell(StepChanged(self.run_record.tx, name, undo, state, seconds, text))

    def cell(
        self,
        step: str,
        node: str,
        state: CellState,
        *,
        undo: bool,
        reason: str = "",
        evidence: tuple[str, ...] = (),
        ages: Mapping[str, tuple[int, int]] = _NONE,
    ) -> None:
        """Say how one node's part in a row stands.

        `ages`: how many milliseconds ago each group's release or acquire began, and ended.
        """
        seconds = self._seconds(step, undo=undo)
        began = self._shared.now.unix - seconds
        lines = tuple(clean(line, 300) for line in evidence)
        unix = self._shared.now.unix
        groups = {clean(g, 63): (unix - b / 1000, unix - e / 1000) for g, (b, e) in ages.items()}
        cell = Cell(state, began, seconds, clean(reason, 300), lines, groups)
        self._tell(CellChanged(self.run_record.tx, step, undo, node, cell))

    def run(
        self,
        state: RunState,
        *,
        text: str,
        restored: RestoreState = "",
        gap: tuple[int, str] = (0, ""),
        rehearsed: str = "",
    ) -> None:
        """Say how the run as a whole stands; `gap`: worst detection gap in ms, and its node."""
        seconds = (self._shared.now.ms - self._began_ms) / 1000
        told = clean(text, 500)
        self._tell(RunChanged(self.run_record.tx, state, restored, seconds, told, *gap, rehearsed))

    def end(self, state: RunState, text: str, restored: RestoreState, gap: tuple[int, str]) -> None:
        """Say how the run ended, also as an event."""
        self.run(state, text=text, restored=restored, gap=gap)
        severity: Severity = "note" if state == "done" else "warning"
        self._shared.tell(severity, self.run_record.tx, f"{state}: {text}", self.run_record.reason)
