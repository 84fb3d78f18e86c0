"""The one dialog before anything touches the cluster: what will happen, and a deliberate yes.

Enter on arrival harms nothing. The first field has the focus, a note's before a word's; without
one Cancel has it. Where `word` is given (the cluster's name, a group's), the yes stays shut until
it has been typed; without it the person has to walk over to the yes. The line above the buttons
says what Enter does where the cursor is. A screen of its own, so that every dangerous act looks the
same.
"""

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Click, DescendantFocus, Key, Paste
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from nodeagent.model.text import clean
from tui.viewmodels.confirm_hint import Answers, hint_of
from tui.viewmodels.spans import Line, folded, line, put
from tui.widgets.text import Note, plain

NOTE_MAX = 400
WIDTH_PERCENT, WIDTH_MAX = 90, 100
FRAME = 5
"""Cells of the border, the space inside of it, and the scroll bar."""
_HELP = (
    ("Enter", "what the line above the buttons says"),
    ("← →", "from one button to the other"),
    ("↑ ↓ PgUp PgDn", "scroll the lines that say what will happen"),
    ("Tab", "to the next field or button"),
    ("F6", "the command that does the same, where there is one"),
    ("Esc F3", "leave without doing it"),
)


class NoteInput(Input):
    """A line that one walks out of, to the buttons, with Right at its end."""

    class Passed(Message):
        """The cursor was at the end, and went on."""

    def action_cursor_right(self, select: bool = False) -> None:  # noqa: FBT001, FBT002 - Textual's
        """Move the cursor, at the end of the line on to the buttons."""
        if self.cursor_at_end and not select:
            self.post_message(self.Passed())
        else:
            super().action_cursor_right(select)


class ConfirmScreen(ModalScreen[bool]):
    """Ask for a yes; its result is True for yes, False for everything else.

    `lines` say what will happen; they scroll (Up, Down, PgUp, PgDn) where they are many. `word`
    is what has to be typed, "" for a plain question. `yes` and `no` are the buttons' labels.
    With `note` (a label) one line may be written that goes with the yes; it is then in `noted`.
    `command` makes of that line the command that does the same, which F6 shows.
    """

    BINDINGS = [
        ("escape", "cancel", "Cancel"),
        ("f3", "cancel", "Cancel"),
        ("f1", "help", "Help"),
        ("f6", "command", "Command"),
        ("left", "button('#no')", "Previous button"),
        ("right", "button('#yes')", "Next button"),
        ("up", "scroll(-1)", "Scroll up"),
        ("down", "scroll(1)", "Scroll down"),
        ("pageup", "scroll(-8)", "Page up"),
        ("pagedown", "scroll(8)", "Page down"),
    ]

    note_needed = False
    """Whether the yes stays shut until the note is written, and while it is wrong."""

    DEFAULT_CSS = """
    ConfirmScreen { align: center middle; }
    ConfirmScreen > Vertical {
        width: 90%; max-width: 100; height: auto;
        border: round $error; background: $surface; padding: 0 1;
    }
    ConfirmScreen.-plain > Vertical { border: round $primary; }
    ConfirmScreen VerticalScroll { height: auto; scrollbar-size-vertical: 1; }
    ConfirmScreen .lines { height: auto; }
    ConfirmScreen .ask { height: 1; margin-top: 1; }
    ConfirmScreen .ask Note { width: auto; color: $text-muted; }
    ConfirmScreen Input { border: none; height: 1; width: 1fr; padding: 0 1; background: $panel; }
    ConfirmScreen Input:focus { background: $primary 30%; }
    ConfirmScreen #hint { color: $secondary; }
    ConfirmScreen.-plain #hint { margin-top: 1; }
    ConfirmScreen #hint.-wrong { color: $text-error; }
    ConfirmScreen #hint.-ready { color: $text-warning; text-style: bold; }
    ConfirmScreen #buttons { height: 1; align-horizontal: right; }
    ConfirmScreen Button { margin-left: 2; min-width: 12; }
    ConfirmScreen Button:focus { text-style: bold reverse; }
    """

    def __init__(
        self,
        title: str,
        lines: Sequence[str | Line],
        word: str = "",
        *,
        yes: str = "Go on",
        no: str = "Cancel",
        note: str = "",
        command: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__()
        self._command = command
        self._heading = plain(title, 90)
        self._lines = tuple(line(put(one)) if isinstance(one, str) else one for one in lines)
        self._word = word
        self._yes = plain(yes, 30)
        self._no = plain(no, 30)
        self._note = note
        self.noted = ""
        self._wrong = ""
        self._answered = False
        self._field = "#note" if note else "#word" if word else ""
        """Where the cursor was last, and what is typed on a button goes; "" without a field."""

    def wrong_with(self, note: str) -> str:
        """Return what is wrong with the note, "" for nothing."""
        del note
        return ""

    def compose(self) -> ComposeResult:
        """Lay out the lines, the word's field where one is asked for, and the two buttons."""
        with Vertical() as frame:
            frame.border_title = self._heading
            with VerticalScroll(can_focus=False):
                yield Note(classes="lines")
            if self._note:
                with Horizontal(classes="ask"):
                    yield Note(f"{self._note} ")
                    yield NoteInput(
                        id="note", compact=True, max_length=NOTE_MAX, select_on_focus=False
                    )
            if self._word:
                with Horizontal(classes="ask"):
                    yield Note(f"Type {clean(self._word, 63)} to allow it: ")
                    yield Input(id="word", compact=True, select_on_focus=False)
            yield Note(id="hint")
            with Horizontal(id="buttons"):
                yield Button(self._no, id="no", compact=True)
                yield Button(
                    self._yes,
                    id="yes",
                    compact=True,
                    variant="error" if self._word else "primary",
                    disabled=bool(self._word) or self.note_needed,
                )

    def on_mount(self) -> None:
        """Start in the first field, the note's before the word's, else on Cancel."""
        self.set_class(not self._word, "-plain")
        self._paint_lines()
        self.set_focus(self.query_one(self._field or "#no"))
        self._show_hint()

    def on_resize(self) -> None:
        """Keep the field and the buttons on the screen, however many lines there are."""
        around = 7 + 2 * bool(self._word) + 2 * bool(self._note)
        self.query_one(VerticalScroll).styles.max_height = max(2, self.size.height - around)
        self._paint_lines()

    def _paint_lines(self) -> None:
        """Show the lines, those that are too long folded under their own indent."""
        width = min(WIDTH_MAX, self.app.size.width * WIDTH_PERCENT // 100) - FRAME
        self.query_one(".lines", Note).paint(
            [part for entry in self._lines for part in folded(entry, width)]
        )

    def on_key(self, event: Key) -> None:
        """Let a person who begins to type the word, or the note, on a button do so."""
        # A field keeps its own keys; the others were meant for a button, wherever the focus is now.
        if event.is_printable and event.character:
            event.stop()
            self._type(event.character)

    def on_paste(self, event: Paste) -> None:
        """Let what is pasted on a button go where it is wanted."""
        event.stop()
        self._type(" ".join(event.text.splitlines()))

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Say what Enter does there; what is typed on a button belongs to the last field."""
        if isinstance(event.widget, Input):
            self._field = f"#{event.widget.id}"
        self._show_hint()

    def _type(self, text: str) -> None:
        if not self._field:
            return
        field = self.query_one(self._field, Input)
        if field.value or text.strip():
            self.set_focus(field)
            field.insert_text_at_cursor(text)

    def action_button(self, which: str) -> None:
        """Walk to a button, unless it is shut; at once, for the next key may be here already."""
        button = self.query_one(which, Button)
        if not button.disabled:
            self.set_focus(button)

    def action_help(self) -> None:
        """Show the keys of this dialog."""
        from tui.screens.show import show_keys

        show_keys(self, _HELP)

    def action_command(self) -> None:
        """Show the command that does the same, to copy."""
        from tui.screens.show import ShowScreen

        if self._command is not None:
            command = self._command(self.noted)
            lines = [line("The same without a screen:"), line(""), line(put(command, 0, "accent"))]
            self.app.push_screen(ShowScreen("The command", lines, command))

    def action_scroll(self, lines: int) -> None:
        """Move the lines without taking the focus from the buttons."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_cancel(self) -> None:
        """Leave without doing it."""
        self._answer(yes=False)

    @on(Input.Changed, "#word")
    def _word_typed(self, event: Input.Changed) -> None:
        self.query_one("#yes", Button).disabled = event.value != self._word
        self._show_hint()

    def _show_hint(self) -> None:
        place = self.focused.id if self.focused is not None else ""
        typed = self.query_one("#word", Input).value if self._word else ""
        answers = Answers(
            str(self._yes), self._word, typed, self.note_needed, self.noted, self._wrong
        )
        hint = self.query_one("#hint", Note)
        hint.say(hint_of(answers, place or ""))
        hint.set_class(bool(self._wrong), "-wrong")
        hint.set_class(bool(self._word) and answers.ready and place in {"word", "yes"}, "-ready")

    def on_click(self, event: Click) -> None:
        """Keep the cursor in its field when somebody clicks beside it."""
        if self._word and not isinstance(event.widget, Input | Button):
            self.query_one(self._field).focus()

    @on(Input.Submitted, "#word")
    def _word_submitted(self, event: Input.Submitted) -> None:
        if event.value == self._word:
            self._answer(yes=True)

    @on(Input.Changed, "#note")
    def _note_typed(self, event: Input.Changed) -> None:
        self.noted = event.value.strip()
        if self.note_needed:
            self._wrong = self.wrong_with(self.noted) if self.noted else ""
            self.query_one("#yes", Button).disabled = bool(self._wrong) or not self.noted
        self._show_hint()

    @on(Input.Submitted, "#note")
    def _note_done(self) -> None:
        """Go on to what is next: the word, or the button that was written for."""
        following = self.query_one("#word" if self._word else "#yes" if self.noted else "#no")
        if following is self.focused and following.id == "yes":
            self._answer(yes=True)  # two Enters were on their way at once
        elif not following.disabled:
            self.set_focus(following)

    @on(NoteInput.Passed)
    def _note_passed(self) -> None:
        following = self.query_one("#word" if self._word else "#yes")
        if not following.disabled:
            self.set_focus(following)

    @on(Button.Pressed, "#yes")
    def _yes_pressed(self) -> None:
        self._answer(yes=True)

    @on(Button.Pressed, "#no")
    def _no_pressed(self) -> None:
        self._answer(yes=False)

    def _answer(self, *, yes: bool) -> None:
        # A second dismiss would end the app, and two keys can be on their way at once.
        if self._answered:
            return
        self._answered = True
        self.dismiss(yes)
