"""The verify section: every finding on the draft; Enter goes to the field that is meant."""

from collections.abc import Iterable
from functools import partial

from textual import on
from textual.containers import Vertical
from textual.widget import Widget

from nodeagent.model.reports import Report
from tui.screens.base import SectionScreen
from tui.screens.forms import Bench, bench_of, open_form
from tui.screens.forms.as_text import RawScreen
from tui.screens.show import ShowScreen
from tui.viewmodels import draft_data as raw
from tui.viewmodels import findings as page
from tui.viewmodels.ages import Moment
from tui.viewmodels.finding_page import finding_page
from tui.viewmodels.form_kinds import HIDDEN
from tui.viewmodels.store import View
from tui.widgets.lines import Lines
from tui.widgets.live_table import LiveTable


class VerifyScreen(SectionScreen):
    """Section 6."""

    scope = "verify"
    DEFAULT_CSS = """
    VerifyScreen #findings { height: 1fr; }
    VerifyScreen #finding { height: 7; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[object, ...] = ()

    @property
    def bench(self) -> Bench:
        """Return the bench with the draft."""
        return bench_of(self.app)

    def body(self) -> Iterable[Widget]:
        """Yield the findings over the one under the cursor in full."""
        yield Lines(id="verdict")
        with Vertical():
            yield LiveTable(id="findings")
        yield Lines(id="finding")

    def on_mount(self) -> None:
        """Follow the draft."""
        self.bench.changed.subscribe(self, self._changed)
        self.query_one("#findings").focus()

    def on_resize(self) -> None:
        """Cut the lines anew."""
        self._shown = ()

    def _changed(self, _bench: Bench) -> None:
        if self.is_current:
            self.repaint()

    def paint(self, view: View, now: Moment) -> None:
        """Show the findings; what has not changed since the last paint is left alone."""
        del view, now
        bench = self.bench
        shown = (bench.review, bench.judged, self.size)
        if shown == self._shown:
            return
        self._shown = shown
        width = self.size.width
        verdict = page.verdict_line(bench.review, width, judged=bench.judged)
        self.query_one("#verdict", Lines).show_lines([verdict])
        table = self.query_one("#findings", LiveTable)
        table.show_rows(page.report_rows(bench.review.reports, width), [])
        self._paint_finding()

    @on(LiveTable.Moved)
    def _moved(self, event: LiveTable.Moved) -> None:
        event.stop()
        self._paint_finding()

    def _paint_finding(self) -> None:
        lines = page.finding_lines(self._report(), self.size.width)
        self.query_one("#finding", Lines).show_lines(lines)

    @property
    def finding(self) -> str:
        """Return the code of the finding under the cursor, for the help; "" without one."""
        report = self._report()
        return report.code if report else ""

    def _report(self) -> Report | None:
        cursor = self.query_one("#findings", LiveTable).cursor
        reports = self.bench.review.reports
        return reports[int(cursor)] if cursor and int(cursor) < len(reports) else None

    @on(LiveTable.Opened)
    def _opened(self, event: LiveTable.Opened) -> None:
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """Go to the field that the finding is about, or to its line of the text."""
        report = self._report()
        if report is None:
            return
        data = raw.data_of(self.bench.draft.text)
        path, key = raw.split(data, report.place.key)
        if not path:
            self.app.push_screen(RawScreen(line=report.place.line))
            return
        kind = raw.kind_of(path, data)
        if key == "type" and kind in HIDDEN:
            key = HIDDEN[kind].key
        open_form(self.app, path, focus=raw.dotted((*path, key)))

    def action_explain(self) -> None:
        """Show the page of the finding under the cursor."""
        code = self.finding
        if finding_page(code, self.size.width):
            self.app.push_screen(ShowScreen(f"Finding {code}", partial(finding_page, code)))

    def action_as_text(self) -> None:
        """Edit the whole file as text, at the finding's line."""
        report = self._report()
        self.app.push_screen(RawScreen(line=report.place.line if report else 0))
