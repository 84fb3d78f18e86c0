"""A text to read and nothing else: the command behind a form, the reports of a refusal."""

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from nodeagent.model.text import clean
from tui.viewmodels.spans import Line, folded
from tui.widgets.lines import Lines
from tui.widgets.text import Note


class ShowScreen(ModalScreen[None]):
    """Lines under a title; Esc, F3 or Enter leaves, and so does the key that opened it."""

    BINDINGS = [
        ("escape,f1,f3,f6,enter", "leave", "Back"),
        ("up,k", "scroll(-1)", "Up"),
        ("down,j", "scroll(1)", "Down"),
        ("pageup", "scroll(-10)", "Page up"),
        ("pagedown", "scroll(10)", "Page down"),
    ]
    DEFAULT_CSS = """
    ShowScreen { align: center middle; }
    ShowScreen > Vertical {
        width: 90%; max-width: 110; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    ShowScreen Lines { height: auto; max-height: 70vh; }
    """

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._heading = title
        self._lines = tuple(lines)
        self._left = False

    def compose(self) -> ComposeResult:
        """Lay out the lines over the way back."""
        with Vertical() as frame:
            frame.border_title = Text(clean(self._heading, 80))
            yield Lines()
            yield Note("↑ ↓ scroll, Esc back")

    def on_resize(self) -> None:
        """Show the lines, broken where they are too long for the screen."""
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        lines = self.query_one(Lines)
        width = lines.size.width
        lines.show_lines([part for entry in self._lines for part in folded(entry, width)])

    def action_scroll(self, lines: int) -> None:
        """Move the lines."""
        self.query_one(Lines).scroll_relative(y=lines, animate=False)

    def action_leave(self) -> None:
        """Go back."""
        if not self._left:
            self._left = True
            self.dismiss(None)
