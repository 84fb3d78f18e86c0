"""The draft as the text it is, for those who would rather type it; findings below, by line."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import TextArea

from nodeagent.model.reports import Report
from tui.screens.forms.bench import Bench, bench_of
from tui.viewmodels.form_page import count_text, keys_line
from tui.viewmodels.spans import Line, Row, Tone, line, put, rule
from tui.viewmodels.text_change import changed_piece, place_in
from tui.widgets.lines import Lines
from tui.widgets.live_table import LiveTable
from tui.widgets.message import MessageLine

Path = tuple[str, ...]
KEYS = (("F3", "back"), ("^Z", "undo"), ("^Y", "redo"), ("Enter", "go to line"), ("^S", "done"))
LOCKED_KEYS = (("F3", "back"), ("Enter", "go to line"), ("^S", "done"))
HELP = (
    ("Esc F3 F7 ^S", "back", "Leave; what was typed is in the draft"),
    ("^Z ^Y", "undo, redo", "Take the last edit back; do it again"),
    ("F6", "findings", "To the findings below, and back to the text"),
    ("Enter", "go to line", "Among the findings: to the line that is meant"),
)


class RawScreen(Screen[None]):
    """The whole draft in an editor, from the object at `path` or from a line on."""

    BINDINGS = [
        Binding("escape,f3,f7,ctrl+s", "leave", "back", priority=True),
        Binding("f6", "app.focus_next", "findings", show=False),
    ]
    DEFAULT_CSS = """
    RawScreen { layout: vertical; }
    RawScreen #title { height: 1; background: $panel; }
    RawScreen TextArea { height: 1fr; border: none; padding: 0; }
    RawScreen #findings { height: auto; max-height: 7; }
    RawScreen #keys { height: 1; background: $panel; }
    """

    help_keys = HELP
    is_typed_in = True

    def __init__(self, path: Path = (), *, line: int = 0) -> None:
        super().__init__()
        self._path = path
        self._line = line
        self._left = False
        self._drafted = self._shown = ""
        """The draft as it was last seen here, and what stood in the editor for it."""

    place_item = "the text"
    """What is edited here, as other consoles are told it."""

    @property
    def bench(self) -> Bench:
        """Return the bench with the draft."""
        return bench_of(self.app)

    def compose(self) -> ComposeResult:
        """Lay out the text over its findings."""
        area = TextArea(
            self.bench.draft.text,
            show_line_numbers=True,
            soft_wrap=False,
            read_only=self.bench.read_only,
            tab_behavior="focus",
            compact=True,
        )
        self._drafted, self._shown = self.bench.draft.text, area.text
        yield Lines(id="title")
        yield area
        yield LiveTable(id="findings")
        yield MessageLine(id="message")
        yield Lines(id="keys")

    def on_mount(self) -> None:
        """Go to the object, and follow the verdict."""
        self.bench.edit(self.bench.draft.settled())
        self.bench.changed.subscribe(self, self._refresh)
        area = self.query_one(TextArea)
        area.focus()
        self.call_after_refresh(self._begin)

    def on_resize(self) -> None:
        """Draw the lines over the new width."""
        self.call_after_refresh(self._refresh)

    def _begin(self) -> None:
        places = self.bench.review.places
        number = self._line
        if places is not None and self._path:
            number = places.find(self._path).line
        if number:
            self._go_to(number)
        self._refresh()

    @on(TextArea.Changed)
    def _typed(self, event: TextArea.Changed) -> None:
        event.stop()
        text = event.text_area.text
        if self.bench.read_only:
            self._lock()
        elif text != self._shown:  # else it was put here, and is the draft already
            self._drafted, self._shown = text, text
            self.bench.edit(self.bench.draft.typed(text, mark="raw text"))

    def _take_draft(self) -> None:
        """Show a draft that was changed elsewhere, or the next letter would undo that change.

        Letters that are still on their way to the draft go before it.
        """
        area, text = self.query_one(TextArea), self.bench.draft.text
        if text == self._drafted or area.text != self._shown:
            return
        start, end, piece = changed_piece(area.text, text)
        area.replace(piece, place_in(area.text, start), place_in(area.text, end))
        self._drafted, self._shown = text, area.text

    def _lock(self) -> None:
        """Let nothing more be typed, as who may edit is another question than it was before."""
        area = self.query_one(TextArea)
        if area.read_only:
            return
        area.read_only = True
        if area.text != self._shown:
            self.bench.keep_in_file(area.text)

    @on(LiveTable.Opened)
    def _open(self, event: LiveTable.Opened) -> None:
        event.stop()
        report = self._reports()[int(event.key)]
        if report.place.line:
            self._go_to(report.place.line)
            self.query_one(TextArea).focus()

    def action_leave(self) -> None:
        """Leave; the draft stays."""
        if not self._left:
            self._left = True
            self.bench.keep()
            self.dismiss()

    def _go_to(self, number: int) -> None:
        self.query_one(TextArea).move_cursor((number - 1, 0), center=True)

    @property
    def finding(self) -> str:
        """Return the code of the finding under the cursor, for the help; "" without one."""
        cursor, reports = self.query_one("#findings", LiveTable).cursor, self._reports()
        return reports[int(cursor)].code if cursor and int(cursor) < len(reports) else ""

    def _reports(self) -> tuple[Report, ...]:
        return self.bench.review.reports

    def _refresh(self, _bench: Bench | None = None) -> None:
        bench, width = self.bench, self.size.width
        self._take_draft()
        if bench.read_only:
            self._lock()
        else:
            self.query_one(TextArea).read_only = False
        reports = self._reports()
        title = line(put(" DRAFT as text", 0, "draft"), f"   {bench.saved}")
        if bench.read_only:
            title = line(*title, put("   can be read only", 0, "warn"))
        self.query_one("#title", Lines).show_lines([title])
        keys = LOCKED_KEYS if bench.read_only else KEYS
        self.query_one("#keys", Lines).show_lines([keys_line(keys)])
        head = rule((put(count_text(len(reports), "finding"), 0, "head"),), width)
        rows = [Row(str(index), finding_row(report)) for index, report in enumerate(reports)]
        self.query_one("#findings", LiveTable).show_rows(rows, [head])


def finding_row(report: Report) -> Line:
    """Return a finding with its line on one row."""
    tone: Tone = "bad" if report.severity == "error" else "warn"
    number = f"{report.place.line:>5}  " if report.place.line else "       "
    hint = f"  ({report.hint})" if report.hint else ""
    return line(put(number, 0, "dim"), put(f"{report.code} ", 0, tone), report.text, put(hint))
