"""A list with a page for each object: side by side where there is room, one after the other else.

Nodes, networks and groups are such sections. They share filter, order, problems-only, freeze, and
the ways into the forms.
"""

from abc import abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from tui.screens.base import SectionScreen
from tui.viewmodels.ages import Moment
from tui.viewmodels.draft_rows import draft_detail, draft_rows, drafted
from tui.viewmodels.facts import Look
from tui.viewmodels.panes import Pane
from tui.viewmodels.problems import Problem
from tui.viewmodels.spans import Line, Row, Span, joined, line, put, spread
from tui.viewmodels.store import View
from tui.widgets.filter_bar import FilterBar
from tui.widgets.live_table import LiveTable

WIDE = 120


class ListingScreen(SectionScreen):
    """The list and the page. A subclass says how both are made."""

    kind: ClassVar[str] = ""
    orders: ClassVar[tuple[str, ...]] = ("file", "name")
    DEFAULT_CSS = """
    ListingScreen #sides { height: 1fr; }
    ListingScreen #lists { width: 1fr; }
    ListingScreen #list { height: 1fr; }
    ListingScreen #below { height: auto; display: none; }
    ListingScreen #page { width: 1fr; height: 1fr; display: none; }
    ListingScreen.-wide #page { display: block; margin-left: 1; }
    ListingScreen.-page #page { display: block; }
    ListingScreen.-page.-narrow #lists { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._order = 0
        self._only_problems = False
        self._held: tuple[Look, tuple[Problem, ...]] | None = None
        self._needle = ""

    @abstractmethod
    def list_pane(self, width: int, order: str) -> Pane:
        """Return the list."""

    @abstractmethod
    def page_lines(self, name: str, width: int) -> list[Line]:
        """Return the page of one object."""

    def below_pane(self, width: int) -> Pane:
        """Return what stands below the list."""
        del width
        return Pane()

    def body(self) -> Iterable[Widget]:
        """Yield list and page."""
        with Horizontal(id="sides"):
            with Vertical(id="lists"):
                yield LiveTable(id="list")
                yield LiveTable(id="below")
            yield LiveTable(id="page")
        yield FilterBar()

    def on_mount(self) -> None:
        """Start on the list."""
        self.table.focus()

    @property
    def table(self) -> LiveTable:
        """Return the list."""
        return self.query_one("#list", LiveTable)

    @property
    def name_under_cursor(self) -> str:
        """Return the object under the cursor, "" where there is none."""
        return self.table.cursor.partition(":")[2]

    @property
    def name_in_file(self) -> str:
        """Return by which name the file knows the object under the cursor."""
        return self.name_under_cursor

    def paint(self, view: View, now: Moment) -> None:
        """Show the list and the page of what the cursor is on."""
        del view, now
        wide = self.size.width >= WIDE
        self.set_class(wide, "-wide")
        self.set_class(not wide, "-narrow")
        if self._held is not None:  # sorting, filters and pages go on with what is held
            self.look, self.problems = self._held
        width = self.size.width // 2 if wide else self.size.width
        lists = self.query_one("#lists")
        if lists.styles.width is None or lists.styles.width.value != width:
            lists.styles.width = width
        self._paint_list(width)
        if wide or self.has_class("-page"):
            room = self.size.width - width - 1 if wide else self.size.width
            self._paint_page(room)

    def _paint_list(self, width: int) -> None:
        pane = self.list_pane(width, self.orders[self._order])
        drafts = draft_rows(self.session.view, self.kind, width)
        rows = [row for row in (*pane.rows, *drafts) if self._wanted(row)]
        if not rows and pane.rows:
            rows = [Row("", line("  ", put("nothing matches", 0, "dim")))]
        remarks = self._remarks(drafted=bool(drafts))
        head = (spread(pane.head[0], remarks, width), *pane.head[1:])
        self.table.show_rows(rows, head if remarks else pane.head)
        below = self.below_pane(width)
        table = self.query_one("#below", LiveTable)
        table.display = bool(below.height)
        table.show_rows(below.rows, below.head)

    def _paint_page(self, width: int) -> None:
        name = self.name_under_cursor
        lines = self.page_lines(name, width) if name else []
        if name in drafted(self.session.view, self.kind):
            lines = draft_detail(self.kind, name, width)
        page = self.query_one("#page", LiveTable)
        page.show_rows([Row("", entry) for entry in lines[1:]], lines[:1])

    def _wanted(self, row: Row) -> bool:
        text = joined(row.line).casefold()
        if any(word not in text for word in self._needle.casefold().split()):
            return False
        if not self._only_problems:
            return True
        return row.key in {problem.key for problem in self.problems}

    def _remarks(self, *, drafted: bool) -> Line:
        words = []
        if self._order:
            words.append(f"by {self.orders[self._order]}")
        if self._only_problems:
            words.append("problems only")
        if self._held is not None:
            words.append(f"FROZEN, {'all but the draft' if drafted else 'what you see'} is old")
        if self._needle:
            words.append(f'with "{self._needle}"')
        return line(Span(" "), put(", ".join(words), 0, "accent"), Span(" ")) if words else ()

    def select(self, key: str) -> None:
        """Put the cursor on the object and open its page."""
        self.repaint()
        self.table.select(key)
        self.action_open()

    def action_open(self) -> None:
        """Open the page of the object under the cursor."""
        if not self.name_under_cursor:
            return
        self.add_class("-page")
        self.repaint()
        page = self.query_one("#page", LiveTable)
        page.scroll_to(y=0, animate=False)
        page.focus()

    def action_back(self) -> None:
        """From the page to the list, from the list to the dashboard."""
        if self.has_class("-page"):
            self.remove_class("-page")
            self.table.focus()
        elif self._needle:
            self.query_one(FilterBar).action_drop()
        else:
            super().action_back()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).open()

    def action_problems(self) -> None:
        """Show only what has a problem, or all again."""
        self._only_problems = not self._only_problems
        self.repaint()

    def action_sort(self) -> None:
        """Take the next order."""
        self._order = (self._order + 1) % len(self.orders)
        self.repaint()

    def action_freeze(self) -> None:
        """Hold the list still, or let it go on."""
        self._held = (self.look, self.problems) if self._held is None else None
        self.repaint()
        self.desk.tell("live again" if self._held is None else "held still; f lets it go on")

    def action_edit(self) -> None:
        """Change the object in the draft."""
        if self.name_under_cursor:
            self.desk.edit_object((self.kind, self.name_in_file))

    def action_add(self) -> None:
        """Add an object of this kind to the draft."""
        self.desk.add_object(self.kind)

    def action_remove(self) -> None:
        """Remove the object from the draft."""
        if self.name_under_cursor:
            self.desk.remove_object((self.kind, self.name_in_file))

    @on(LiveTable.Moved, "#list")
    def _moved(self) -> None:
        self.repaint()

    @on(LiveTable.Opened, "#list")
    def _opened(self) -> None:
        self.action_open()

    @on(FilterBar.Changed)
    def _filtered(self, event: FilterBar.Changed) -> None:
        event.stop()
        self._needle = self.query_one(FilterBar).needle
        self.repaint()

    @on(FilterBar.Left)
    def _filter_left(self) -> None:
        self.table.focus()
