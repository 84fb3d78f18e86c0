"""The events section: everything that happened, newest last, held still on demand."""

from collections.abc import Iterable

from textual import on
from textual.widget import Widget

from tui.keep import keep
from tui.screens.base import SectionScreen
from tui.viewmodels.ages import Moment
from tui.viewmodels.events import event_detail, events_page, first_since, json_lines, waiting_text
from tui.viewmodels.facts import Look
from tui.viewmodels.panes import Pane
from tui.viewmodels.spans import Line
from tui.viewmodels.store import View
from tui.widgets.filter_bar import FilterBar
from tui.widgets.lines import Lines
from tui.widgets.live_table import LiveTable


class EventsScreen(SectionScreen):
    """Section 8. The cursor on the last line follows what comes."""

    scope = "events"
    DEFAULT_CSS = """
    EventsScreen #list { height: 1fr; }
    EventsScreen #detail { height: auto; max-height: 8; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._needle = ""
        self._only_bad = False
        self._held: Look | None = None
        self._shown: tuple[object, ...] = ()

    def body(self) -> Iterable[Widget]:
        """Yield the list and the event under the cursor in full."""
        yield LiveTable(id="list")
        yield Lines(id="detail")
        yield FilterBar()

    def on_mount(self) -> None:
        """Start on the list."""
        self.table.focus()

    @property
    def table(self) -> LiveTable:
        """Return the list."""
        return self.query_one("#list", LiveTable)

    def paint(self, view: View, now: Moment) -> None:
        """Show the events; nothing is worked out again while nothing came."""
        del now
        width = self.size.width
        left = self.session.left_at
        following = self._following
        state = (view.events, width, self._needle, self._only_bad, self._held, left, following)
        if len(state) == len(self._shown) and all(
            new is old or new == old for new, old in zip(state[1:], self._shown[1:], strict=True)
        ) and state[0] is self._shown[0]:  # fmt: skip
            return
        self._shown = state
        held = self._held
        waiting = waiting_text(held.view.events, view.events) if held is not None else ""
        pane = events_page(
            self._held or self.look,
            width,
            needle=self._needle,
            only_bad=self._only_bad,
            waiting=waiting,
            following=following,
            left=left,
        )
        self._show(pane, following=following)

    @property
    def _following(self) -> bool:
        """Return whether the cursor is on the newest event, to stay on the newest."""
        keys = self.table.keys
        return not keys or self.table.cursor == keys[-1]

    def _show(self, pane: Pane, *, following: bool) -> None:
        table = self.table
        table.show_rows(pane.rows, pane.head)
        if following and pane.rows:
            table.select(pane.rows[-1].key)
        self._show_detail()

    def _show_detail(self) -> None:
        width = self.size.width
        lines: list[Line] = event_detail(self.look, self.table.cursor, width)
        self.query_one("#detail", Lines).show_lines(lines)

    def select(self, key: str) -> None:
        """Put the cursor on one event."""
        self.table.select(key)

    def action_back(self) -> None:
        """Drop the filter first, then back to the dashboard."""
        if self._needle:
            self.query_one(FilterBar).action_drop()
        else:
            super().action_back()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).open()

    def action_problems(self) -> None:
        """Show only warnings and errors, or all again."""
        self._only_bad = not self._only_bad
        self.repaint()

    def action_freeze(self) -> None:
        """Hold the list still, or let it go on."""
        self._held = self.look if self._held is None else None
        self.repaint()

    def action_since_left(self) -> None:
        """Go to the first event after the console was last left."""
        left = self.session.left_at
        first = first_since(self.look, self.table.keys, left) if left else ""
        if first:
            self.table.select(first)
        else:
            self.desk.tell(
                "nothing has happened since" if left else "it is not known when you left"
            )

    def action_report(self) -> None:
        """Write the events as JSON lines."""
        path = keep("events", ".jsonl", json_lines(self.session.view.events))
        self.desk.tell(f"written to {path}")

    @on(LiveTable.Moved)
    def _moved(self) -> None:
        self._show_detail()
        self.repaint()

    @on(FilterBar.Changed)
    def _filtered(self, event: FilterBar.Changed) -> None:
        event.stop()
        self._needle = self.query_one(FilterBar).needle
        self.repaint()

    @on(FilterBar.Left)
    def _filter_left(self) -> None:
        self.table.focus()
