"""Help for the screen below: its keys from the list of actions, and the words it uses."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from tui import actions
from tui.viewmodels.finding_page import finding_page
from tui.viewmodels.help_page import Entry, help_lines
from tui.viewmodels.spans import Row
from tui.widgets.live_table import LiveTable

WIDTH_PERCENT, WIDTH_MAX = 96, 100
FRAME = 4
"""Border and padding, in cells."""


def entries(scope: str, *, only: tuple[actions.Action, ...]) -> list[Entry]:
    """Return the keys, label and help of the actions of one scope that are offered."""
    return [
        (" ".join(actions.shown(key) for key in action.keys), action.label, action.help)
        for action in only
        if action.scope == scope
    ]


class HelpScreen(ModalScreen[None]):
    """Shown over everything; any of the keys that opened it closes it.

    `keys` are those of a page that is no section, and so has no place in the list of actions.
    `finding` is the code of the finding under the cursor, whose page comes first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "leave", "Leave"),
        ("f1", "leave", "Leave"),
        ("f3", "leave", "Leave"),
        ("q", "leave", "Leave"),
        ("question_mark", "leave", "Leave"),
    ]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen LiveTable {
        width: 96%; max-width: 100; height: 90%; /* WIDTH_PERCENT, WIDTH_MAX */
        border: round $primary; background: $surface; padding: 0 1;
    }
    """

    def __init__(
        self,
        scope: str,
        title: str,
        offered: tuple[actions.Action, ...],
        keys: tuple[Entry, ...] = (),
        finding: str = "",
    ) -> None:
        super().__init__()
        self._own_keys = keys
        self._finding = finding
        self._scope = scope
        self._title = title
        self._offered = offered
        self._left = False

    def compose(self) -> ComposeResult:
        """Lay out one scrolling page."""
        table = LiveTable(id="help")
        table.border_title = "Help"
        table.border_subtitle = "↑ ↓ scroll, Esc leaves"
        yield table

    def on_mount(self) -> None:
        """Show the page."""
        self.call_after_refresh(self._show)

    def on_resize(self) -> None:
        """Break the lines anew."""
        self.call_after_refresh(self._show)

    def action_leave(self) -> None:
        """Close it, once."""
        if not self._left:
            self._left = True
            self.dismiss(None)

    def _show(self) -> None:
        table = self.query_one("#help", LiveTable)
        mine = [*self._own_keys, *entries(self._scope, only=self._offered)]
        common = entries("app", only=self._offered)
        # By the screen's size: a table that has just been resized still has its old one.
        width = min(WIDTH_MAX, self.app.size.width * WIDTH_PERCENT // 100) - FRAME
        lines = help_lines(self._title, mine, common, width, steps=self._scope == "dare")
        lines = [*finding_page(self._finding, width), *lines]
        table.show_rows([Row("", entry) for entry in lines])
        table.focus()
