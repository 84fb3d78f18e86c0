"""A text to read and nothing else: the command behind a form, the reports of a refusal."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.text import Text
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen

from nodeagent.model.text import clean
from tui.keep import keep
from tui.viewmodels.spans import Line, folded, line, put
from tui.widgets.lines import Lines
from tui.widgets.text import Note

_KEYS = (("↑ ↓ PgUp PgDn", "scroll"), ("Esc F3 Enter", "back"))
_COPY_KEYS = (
    ("y", "copy the command, where the terminal takes copies (OSC 52)"),
    ("s", "write the command to a new file"),
)
_WAY_BACK = "↑ ↓ scroll, Esc back"
_COPIES = ", y copies the command, s writes it to a file"


def program_of(app: App[Any]) -> str:
    """Return how this console was called, for commands that do the same."""
    return str(getattr(app, "command", "clustertui"))


Shown = Sequence[Line] | Callable[[int], Sequence[Line]]
"""Lines, or what makes them for a width, as often as that changes."""


def show_keys(screen: Screen[Any], keys: Sequence[tuple[str, str]]) -> None:
    """Show the keys of a dialog beside it, each with what it does; the dialog stays as it is."""
    lines = [line(put(key, 16, "key"), text) for key, text in keys]
    screen.app.push_screen(ShowScreen("Keys of this dialog", lines, is_help=True))


class ShowScreen(ModalScreen[None]):
    """Lines under a title; Esc, F3 or Enter leaves, and so does the key that opened it.

    `copied` is what `y` hands to the terminal's clipboard and `s` writes to a file, "" for nothing.
    F1 shows the keys, unless the lines are help themselves (`is_help`): then it leaves.
    """

    BINDINGS = [
        ("escape,f3,f6,enter", "leave", "Back"),
        ("f1", "help", "Help"),
        ("up,k", "scroll(-1)", "Up"),
        ("down,j", "scroll(1)", "Down"),
        ("pageup", "scroll(-10)", "Page up"),
        ("pagedown", "scroll(10)", "Page down"),
        ("y", "copy", "Copy"),
        ("s", "save", "Save"),
    ]
    DEFAULT_CSS = """
    ShowScreen { align: center middle; }
    ShowScreen > Vertical {
        width: 90%; max-width: 110; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    ShowScreen Lines { height: auto; max-height: 70vh; }
    """

    def __init__(
        self, title: str, lines: Shown, copied: str = "", *, is_help: bool = False
    ) -> None:
        super().__init__()
        self._is_help = is_help
        self._copied = copied
        self._heading = title
        self._lines = lines
        self._left = False

    def compose(self) -> ComposeResult:
        """Lay out the lines over the way back."""
        with Vertical() as frame:
            frame.border_title = Text(clean(self._heading, 80))
            yield Lines()
            yield Note(_WAY_BACK + (_COPIES if self._copied else ""))

    def on_resize(self) -> None:
        """Show the lines, broken where they are too long for the screen."""
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        lines = self.query_one(Lines)
        width = lines.size.width
        made = self._lines(width) if callable(self._lines) else self._lines
        lines.show_lines([part for entry in made for part in folded(entry, width)])

    def action_scroll(self, lines: int) -> None:
        """Move the lines."""
        self.query_one(Lines).scroll_relative(y=lines, animate=False)

    def action_copy(self) -> None:
        """Hand the command to the terminal, which may or may not take it."""
        if self._copied:
            self.app.copy_to_clipboard(self._copied)
            self.query_one(Note).say("copied, if this terminal takes it (OSC 52); s writes a file")

    def action_save(self) -> None:
        """Write the command to a new file, for a terminal that takes no copies."""
        if self._copied:
            try:
                said = f"written to {keep('command', '.txt', self._copied)}"
            except OSError as error:
                said = f"could not be written: {error.strerror or error}"
            self.query_one(Note).say(clean(said))

    def action_help(self) -> None:
        """Show the keys; of help itself there is none, so F1 leaves what it opened."""
        if self._is_help:
            self.action_leave()
        else:
            show_keys(self, (*(_COPY_KEYS if self._copied else ()), *_KEYS))

    def action_leave(self) -> None:
        """Go back."""
        if not self._left:
            self._left = True
            self.dismiss(None)
