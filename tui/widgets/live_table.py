"""A table of live rows: the cursor belongs to an object's key, not to a row number.

Rows come and go, are sorted and filtered under the cursor; it stays with its object while that
is there, and goes to the nearest row when it is not.
"""

from collections.abc import Sequence

from rich.style import Style
from textual.binding import Binding
from textual.events import Click, MouseDown
from textual.message import Message

from tui.viewmodels.spans import Line, Row
from tui.widgets.lines import Lines


class LiveTable(Lines, can_focus=True):
    """Rows with keys under a fixed head, and a cursor that moves over those that have a key."""

    BINDINGS = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home,g", "edge(-1)", "first", show=False),
        Binding("end,G", "edge(1)", "last", show=False),
    ]

    class Moved(Message):
        """The cursor came to stand on another object."""

        def __init__(self, table: "LiveTable", key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> "LiveTable":
            """Return the table."""
            return self.table

    class Opened(Moved):
        """The object under the cursor was opened."""

    class Scrolled(Message):
        """Other rows are in sight."""

    quiet = False
    """Whether the cursor is hidden, and the first rows are shown, while the keys go elsewhere."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._keys: tuple[str, ...] = ()
        self._index = -1
        self.cursor = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of the rows shown, in their order ("" for rows without)."""
        return self._keys

    def show_rows(self, rows: Sequence[Row], head: Sequence[Line] = ()) -> None:
        """Show `rows`; the cursor stays with its object."""
        before, old_index = self.cursor, self._index
        self._keys = tuple(row.key for row in rows)
        self._place(old_index)
        self.show_lines(tuple(row.line for row in rows), head)
        if self._index != old_index:
            self._repaint(old_index)
            self._repaint(self._index)
            self.call_after_refresh(self._reveal)
        if self.cursor != before:
            self.post_message(self.Moved(self, self.cursor))

    def select(self, key: str) -> None:
        """Put the cursor on the object `key`; one that is not shown yet is waited for."""
        if key in self._keys:
            self._go(self._keys.index(key))
        else:
            self.cursor = key

    def action_move(self, by: int) -> None:
        """Move by rows that can hold the cursor."""
        index = self._index + by
        while 0 <= index < len(self._keys):
            if self._keys[index]:
                self._go(index)
                return
            index += by
        self.scroll_relative(y=by, animate=False)

    def action_page(self, direction: int) -> None:
        """Move by a page; where no row beyond can hold the cursor, what is seen moves alone."""
        step = max(1, self.size.height - len(self.head) - 1)
        there = self._nearest(self._index + direction * step)
        if there in {-1, self._index}:
            self.scroll_relative(y=direction * step, animate=False)
        else:
            self._go(there)

    def action_edge(self, direction: int) -> None:
        """Go to the first or the last object, or line."""
        there = self._nearest(0 if direction < 0 else len(self._keys) - 1)
        if there not in {-1, self._index}:
            self._go(there)
        elif direction < 0:
            self.scroll_home(animate=False)
        else:
            self.scroll_end(animate=False)

    def action_open(self) -> None:
        """Open the object under the cursor."""
        if self.cursor:
            self.post_message(self.Opened(self, self.cursor))

    def on_mouse_down(self, event: MouseDown) -> None:
        """Put the cursor where the mouse is."""
        index = self.row_at(event.y)
        if index >= 0 and self._keys[index]:
            self._go(index)

    def on_click(self, event: Click) -> None:
        """Open on a double click."""
        if event.chain == 2 and self.row_at(event.y) == self._index:
            self.action_open()

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.call_after_refresh(self._reveal)

    def on_focus(self) -> None:
        """Show the cursor strongly."""
        self._repaint(self._index)
        self.call_after_refresh(self._reveal)

    def on_blur(self) -> None:
        """Show the cursor faintly."""
        self._repaint(self._index)
        self.call_after_refresh(self._reveal)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Let whoever says what is out of sight say it anew."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.post_message(self.Scrolled())

    def _place(self, old_index: int) -> None:
        if self.cursor in self._keys and self.cursor:
            self._index = self._keys.index(self.cursor)
            return
        self._index = self._nearest(max(0, old_index))
        self.cursor = self._keys[self._index] if self._index >= 0 else ""

    def _nearest(self, wanted: int) -> int:
        places = [index for index, key in enumerate(self._keys) if key]
        if not places:
            return -1
        return min(places, key=lambda index: abs(index - wanted))

    def _go(self, index: int) -> None:
        if index < 0 or index == self._index:
            return
        old, self._index = self._index, index
        self.cursor = self._keys[index]
        self._repaint(old)
        self._repaint(index)
        self._reveal()
        self.post_message(self.Moved(self, self.cursor))

    def _repaint(self, index: int) -> None:
        if index >= 0:
            self._touch(index)

    def _reveal(self) -> None:
        room = self.size.height - len(self.head)
        top = self.scroll_offset.y
        if self.quiet and not self.has_focus:  # the gravest is first, and must not be out of sight
            self.scroll_to(y=0, animate=False, force=True)
            return
        if room <= 0 or self._index < 0:
            return
        if self._index < top:
            self.scroll_to(y=self._index, animate=False, force=True)
        elif self._index >= top + room:
            self.scroll_to(y=self._index - room + 1, animate=False, force=True)

    def _row_style(self, index: int) -> Style:
        if index != self._index or (self.quiet and not self.has_focus):
            return self.rich_style
        name = "row" if self.has_focus else "row-faint"
        return self.rich_style + self._style(name)
