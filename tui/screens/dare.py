"""The DARE section: steps down, nodes across, live; leaving it stops nothing."""

from collections.abc import Iterable, Mapping

from textual import on
from textual.widget import Widget

from nodeagent.model.run import DareRun
from nodeagent.wire.console import Abort, Done
from tui.keep import keep
from tui.screens.base import SectionScreen
from tui.screens.confirm import ConfirmScreen
from tui.viewmodels import dare
from tui.viewmodels.ages import Moment
from tui.viewmodels.dare_report import report_text
from tui.viewmodels.matrix import (
    Spot,
    columns_of,
    current_row,
    find_row,
    matrix_pane,
    strip_lines,
)
from tui.viewmodels.spans import Row, Span, line, put
from tui.viewmodels.store import View
from tui.widgets.lines import Lines
from tui.widgets.live_table import LiveTable
from tui.widgets.matrix_table import MatrixTable


class DareScreen(SectionScreen):
    """Section 7. The cursor follows the running row until the person moves it."""

    scope = "dare"
    DEFAULT_CSS = """
    DareScreen #summary { height: auto; max-height: 3; }
    DareScreen #matrix { height: auto; }
    DareScreen #evidence { height: 1fr; }
    DareScreen #outlook { height: auto; }
    DareScreen #legend { height: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._tx = ""
        self._node = ""
        self._following = True
        self._full = False
        self._asking: ConfirmScreen | None = None

    def body(self) -> Iterable[Widget]:
        """Yield summary, matrix, evidence, outlook and legend."""
        yield Lines(id="summary")
        yield MatrixTable(id="matrix")
        yield LiveTable(id="evidence")
        yield Lines(id="outlook")
        yield Lines(id="legend")

    def on_mount(self) -> None:
        """Start on the matrix."""
        self.matrix.focus()

    @property
    def matrix(self) -> MatrixTable:
        """Return the matrix."""
        return self.query_one("#matrix", MatrixTable)

    @property
    def run(self) -> DareRun | None:
        """Return the DARE that is shown: the chosen one, else the last."""
        runs = self.session.view.shown_runs
        chosen = next((run for run in runs if run.tx == self._tx), None)
        run = chosen or (runs[-1] if runs else None)
        return dare.as_told(run) if run is not None else None

    @property
    def shown_tx(self) -> str:
        """Return the DARE that is shown, which need not be the one that goes on."""
        return self.run.tx if self.run is not None else ""

    @property
    def unfit(self) -> frozenset[str]:
        """Return what cannot be done with the DARE that is shown."""
        runs = self.session.view.shown_runs
        names = [] if dare.can_abort(self.run) else ["abort"]
        names += ["report", "evidence"] if not runs else []
        index = next((i for i, run in enumerate(runs) if self.run and run.tx == self.run.tx), 0)
        names += ["older"] if index == 0 else []
        names += ["newer"] if index >= len(runs) - 1 else []
        return frozenset(names)

    @property
    def in_evidence(self) -> bool:
        """Return whether the keys move the evidence; they come to it by Tab and the mouse, too."""
        return self._full or self.query_one("#evidence").has_focus

    @property
    def labels(self) -> Mapping[str, str]:
        """Return what the key of the evidence does while one is in it."""
        return {"evidence": "back to the matrix"} if self.in_evidence else {}

    @property
    def short(self) -> bool:
        """Return whether every line counts."""
        return self.size.height < 32

    @property
    def spot(self) -> Spot:
        """Return the selected cell."""
        return Spot(self.matrix.cursor, self._node)

    def paint(self, view: View, now: Moment) -> None:
        """Show the DARE, or how to come to one."""
        run = self.run
        self._close_late_question(run)
        if run is None:
            self._paint_nothing()
            return
        width = self.size.width
        runs = view.shown_runs
        skew = view.skew
        place = [entry.tx for entry in runs].index(run.tx) + 1
        self.query_one("#summary", Lines).show_lines(
            dare.summary_lines(
                run, now, skew, width, place=place, count=len(runs), short=self.short
            )
        )
        self._follow(run)
        outlook = self.query_one("#outlook", Lines)
        lost, moved = dare.is_lost(view, run), dare.moved_on(view, run, now)
        outlook.show_lines(dare.outlook_lines(run, width, lost=lost, moved=moved))
        outlook.styles.max_height = most = 12 if self._full else 3 if self.short else 6
        legend = self.query_one("#legend", Lines)
        legend.display = not self.short
        legend.show_lines([dare.legend(width)])
        self._paint_matrix(run, now, skew, min(most, len(outlook.lines)))

    def _paint_matrix(self, run: DareRun, now: Moment, skew: float, below: int) -> None:
        width = self.size.width
        pane = matrix_pane(run, now, skew, width, self.spot, short=self.short)
        strip = strip_lines(run, self.spot.row, width)
        evidence = [*strip, *dare.cell_lines(run, self.spot, width)]
        above = len(self.query_one("#summary", Lines).lines)
        room = max(4, self.query_one("#body").size.height - above - below - (not self.short))
        most = len(evidence) + 1
        least = min(most, room - 4) if self._full else min(most, 2 + len(strip))
        height = max(4, min(pane.height, room - least))
        if self.matrix.styles.height is None or self.matrix.styles.height.value != height:
            self.matrix.styles.height = height
        self.matrix.show_rows(pane.rows, pane.head)
        head = dare.evidence_heading(run, self.spot, now, skew, width, read=self.in_evidence)
        rows = [Row("", entry) for entry in evidence]
        self.query_one("#evidence", LiveTable).show_rows(rows, [head])

    def _paint_nothing(self) -> None:
        lines = [
            line(""),
            line("  ", put("No DARE has been run that this agent remembers.", 0, "strong")),
            line("  ", "Change the draft (5), look what is wrong with it (6), then run it there."),
        ]
        self.query_one("#summary", Lines).show_lines(lines)
        self.matrix.show_rows([Row("", line(Span(" ")))], ())

    def _follow(self, run: DareRun) -> None:
        if self._node not in run.nodes:
            self._node = run.nodes[0] if run.nodes else ""
        if not self._following:
            return
        key = current_row(run)
        row = find_row(run, key)
        if row is None:
            return
        self.matrix.cursor = key
        busy = [n for n, cell in row.cells.items() if cell.state in {"failed", "lost", "running"}]
        worst = [n for n in busy if row.cells[n].state in {"failed", "lost"}]
        wanted = worst or busy
        if wanted and self._node not in wanted:
            self._node = wanted[0]

    # --- keys -------------------------------------------------------------------------------------

    @on(MatrixTable.Walked)
    def _walked(self, event: MatrixTable.Walked) -> None:
        run = self.run
        self._following = False
        if run is None or not run.nodes:
            return
        nodes = columns_of(run, self.spot) if len(run.nodes) <= 9 else run.nodes
        index = nodes.index(self._node) if self._node in nodes else 0
        self._node = nodes[max(0, min(len(nodes) - 1, index + event.by))]
        self.repaint()

    @on(LiveTable.Moved)
    def _moved(self) -> None:
        self.repaint()

    @on(MatrixTable.Touched)
    def _touched(self) -> None:
        self._following = False

    def select(self, key: str) -> None:
        """Show the DARE named by `key`."""
        self._show_run(key.removeprefix("run:"))

    def follow(self, tx: str) -> None:
        """Show the DARE `tx` and keep the cursor where it works."""
        self._show_run(tx)

    def _show_run(self, tx: str) -> None:
        self._tx = tx
        self._following = True
        self.repaint()

    def action_evidence(self) -> None:
        """Give the evidence more room, and the keys; again: back."""
        self._full = not self.in_evidence
        self.set_focus(self.query_one("#evidence" if self._full else "#matrix"))
        self.repaint()

    def action_back(self) -> None:
        """From the evidence to the matrix, from there to the dashboard."""
        if self.in_evidence:
            self.action_evidence()
        else:
            super().action_back()

    def action_older(self) -> None:
        """Show the DARE before this one."""
        self._step(-1)

    def action_newer(self) -> None:
        """Show the DARE after this one."""
        self._step(1)

    def _step(self, by: int) -> None:
        runs = self.session.view.shown_runs
        run = self.run
        if run is None:
            return
        index = [entry.tx for entry in runs].index(run.tx) + by
        if 0 <= index < len(runs):
            self._show_run(runs[index].tx)

    def action_report(self) -> None:
        """Write the report as a text file and say where it is."""
        run = self.run
        if run is not None:
            view, now = self.session.view, self.session.now
            moved = dare.moved_on(view, run, now)
            text = report_text(run, moved, now.wall - view.skew)
            path = keep(f"dare-{run.tx}", ".txt", text)
            self.desk.tell(f"report written to {path}")

    def action_abort(self) -> None:
        """Ask, with the consequences, then ask the coordinator to abort."""
        run = self.run
        if self.session.read_only:
            self.desk.tell(self.session.locked, severity="warning")
            return
        if run is None or not dare.can_abort(run):
            why = (
                "it is decided: only forward" if run and dare.decided(run) else "nothing is running"
            )
            self.desk.tell(f"cannot abort: {why}", severity="warning")
            return
        word = self.session.view.cluster_name
        lines = [dare.abort_forecast(run)]
        self._asking = ConfirmScreen(
            f"Abort DARE {run.tx}", lines, word, yes="Abort it", no="Let it run"
        )
        self.app.push_screen(self._asking, lambda yes: self._confirmed(run.tx, yes=bool(yes)))

    def _close_late_question(self, run: DareRun | None) -> None:
        """Close the question whether to abort once there is nothing left to abort."""
        asking = self._asking
        if asking is None or run is None or dare.can_abort(run):
            return
        self._asking = None
        asking.action_cancel()
        why = "it is decided: only forward" if dare.decided(run) else "it is over"
        self.desk.tell(f"DARE {run.tx} cannot be aborted any more: {why}", severity="warning")

    def _confirmed(self, tx: str, *, yes: bool) -> None:
        self._asking = None
        if not yes:
            return
        run = self.run
        if run is None or run.tx != tx or not dare.can_abort(run):
            self.desk.tell("too late to abort: it is decided or over", severity="warning")
            return
        self.desk.guarded(lambda: self._abort(tx), "abort")

    async def _abort(self, tx: str) -> None:
        answer = await self.session.ask(Abort(tx))
        if isinstance(answer, Done):
            self.desk.tell(answer.text or "abort asked for")
