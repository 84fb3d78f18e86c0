"""A small menu in a dialog: pick one of a few lines, or leave. Its result is a key or None."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.screens.show import show_keys
from tui.viewmodels.spans import Row, line, put, wrap
from tui.widgets.lines import Lines
from tui.widgets.live_table import LiveTable
from tui.widgets.text import Note, plain

ROWS_MAX = 24
_HELP = (
    ("↑ ↓ Home End", "to another row"),
    ("Enter", "what the last line of the menu says, with the row under the cursor"),
    ("Esc F3", "leave without choosing"),
)


class MenuScreen(ModalScreen[str | None]):
    """Choose a row. `hint` says what will happen with the choice, `details` more of each row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "leave", "Leave"),
        ("f3", "leave", "Leave"),
        ("f1", "help", "Help"),
        ("enter", "choose", "Choose"),
    ]
    DEFAULT_CSS = """
    MenuScreen { align: center middle; }
    MenuScreen > Vertical {
        width: 90%; max-width: 76; height: auto; max-height: 100%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    MenuScreen LiveTable { height: auto; }
    MenuScreen Note { margin-top: 1; }
    MenuScreen #detail { height: 3; margin-top: 1; }
    MenuScreen .hint { color: $secondary; margin-top: 0; }
    """

    def __init__(
        self,
        title: str,
        rows: Sequence[Row],
        hint: str = "",
        details: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._heading = title
        self._rows = tuple(rows)
        self._hint = hint or "Enter chooses, Esc leaves"
        self._details = dict(details or {})
        self._answered = False

    def compose(self) -> ComposeResult:
        """Lay out the rows under the title."""
        with Vertical() as frame:
            frame.border_title = plain(self._heading, 70)
            yield LiveTable(id="choices")
            if self._details:
                yield Lines(id="detail")
            yield Note(self._hint, classes="hint")

    def on_mount(self) -> None:
        """Start on the first row."""
        table = self.query_one("#choices", LiveTable)
        table.show_rows(self._rows)
        table.focus()
        self._show_detail()

    def on_resize(self) -> None:
        """Keep what is said of the row on the screen, however many rows there are."""
        around = 4 + 4 * bool(self._details)
        room = max(3, min(ROWS_MAX, self.size.height - around))
        table = self.query_one("#choices", LiveTable)
        table.styles.max_height = room
        more = f"{room} of {len(self._rows)}, the others by ↑ ↓" if len(self._rows) > room else ""
        table.screen.query_one(Vertical).border_subtitle = plain(more, 60)

    def action_choose(self) -> None:
        """Take the row under the cursor."""
        self._answer(self.query_one("#choices", LiveTable).cursor or None)

    def action_help(self) -> None:
        """Show the keys of this menu."""
        show_keys(self, _HELP)

    def action_leave(self) -> None:
        """Take none."""
        self._answer(None)

    @on(LiveTable.Moved)
    def _show_detail(self) -> None:
        if self._details:
            key = self.query_one("#choices", LiveTable).cursor
            detail = self.query_one("#detail", Lines)
            texts = wrap(self._details.get(key, ""), (detail.size.width or 70) - 1)
            detail.show_lines([line(put(text)) for text in texts])

    @on(LiveTable.Opened)
    def _opened(self, event: LiveTable.Opened) -> None:
        self._answer(event.key)

    def _answer(self, key: str | None) -> None:
        # A second dismiss would end the app, and two keys can be on their way at once.
        if not self._answered:
            self._answered = True
            self.dismiss(key)
