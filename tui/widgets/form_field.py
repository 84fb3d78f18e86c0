"""One field of a form: marks, label, editor, what it was, and below it what is wrong.

Shows a `Field` and tells what the person types. It never reads its own value as truth: whoever
owns it hands in the next `Field`, and the text is replaced only where it means something else.
"""

from collections.abc import Sequence

from rich.segment import Segment
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.strip import Strip
from textual.suggester import Suggester
from textual.widgets import Input

from nodeagent.model.reports import Report
from tui.viewmodels.form import Field
from tui.viewmodels.form_shape import FieldPlace
from tui.viewmodels.spans import Line, Span, Tone, cells_of, put
from tui.widgets.form_choice import Choice
from tui.widgets.text import Note, painted

LABEL_WIDTH = 18


class LastWord(Suggester):
    """Completes the last word of a line such as "alpha > br" from the names there are."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.words = tuple(words)

    async def get_suggestion(self, value: str) -> str | None:
        """Return the line with its last word complete, None where nothing fits."""
        head, space, last = value.rpartition(" ")
        if not last or last == ">":
            return None
        used = head.split()
        for word in self.words:
            if word.startswith(last) and word != last and word not in used:
                return f"{head}{space}{word}"
        return None


class ValueInput(Input):
    """An input that, while the cursor is elsewhere, shows that there is more than fits."""

    def render_line(self, y: int) -> Strip:
        """Return the value as it is typed, or cut with an ellipsis."""
        width = self.scrollable_content_region.width
        if y or cells_of(self.value) <= width:
            return super().render_line(y)
        if self.has_focus:
            return self._marked(super().render_line(y), width)
        strip = Strip([Segment(put(self.value, width).text)])
        return strip.extend_cell_length(width + 1).apply_style(self.rich_style)

    def _marked(self, strip: Strip, width: int) -> Strip:
        """Return what is seen of a long value with an ellipsis where it goes on.

        Never over the cursor, which tells where one types.
        """
        start = self.scroll_offset.x
        cursor = cells_of(self.value[: self.cursor_position]) - start
        if start > 0 and cursor > 0:
            strip = _with_more(strip, 0)
        if cells_of(self.value) - start > width and cursor != width - 1:
            strip = _with_more(strip, width - 1)
        return strip


def _with_more(strip: Strip, place: int) -> Strip:
    """Return a line with an ellipsis in the cell at `place`, which keeps its look."""
    style = next(iter(strip.crop(place, place + 1))).style
    mark = Strip([Segment("…", style)])
    return Strip.join([strip.crop(0, place), mark, strip.crop(place + 1)])


def finding_line(report: Report) -> Line:
    """Return a finding as the line under its field."""
    tone: Tone = "bad" if report.severity == "error" else "warn"
    mark = "!" if report.severity == "error" else "?"
    return (put(f"{mark} {report.code} {report.text}", 0, tone),)


class FieldRow(Vertical):
    """The field at `place` on one line, and its finding on the next.

    It stays while the form is laid out anew around it, so that no key is lost.
    """

    DEFAULT_CSS = """
    FieldRow { height: auto; }
    FieldRow > Horizontal { height: 1; }
    FieldRow .label { width: 23; height: 1; }
    FieldRow Input { width: 1fr; height: 1; border: none; padding: 0 1; background: $boost; }
    FieldRow Input:focus { background: $primary 35%; border: none; }
    FieldRow .was { width: auto; max-width: 40%; height: 1; padding-left: 1; display: none;
        text-wrap: nowrap; text-overflow: ellipsis; }
    FieldRow .was.-shown { display: block; }
    FieldRow .finding { height: auto; padding-left: 5; display: none; }
    FieldRow .finding.-shown { display: block; }
    FieldRow .label.-here { text-style: bold; background: $primary 15%; }
    """

    class Edited(Message):
        """The person typed or chose something."""

        def __init__(self, row: "FieldRow", text: str) -> None:
            super().__init__()
            self.row = row
            self.text = text

    class Entered(Message):
        """The cursor came into the field."""

        def __init__(self, row: "FieldRow") -> None:
            super().__init__()
            self.row = row

    def __init__(
        self,
        field: Field,
        place: FieldPlace,
        words: Sequence[str] = (),
        *,
        disabled: bool = False,
    ) -> None:
        super().__init__()
        self.field = field
        self.place = place
        self._words = tuple(words)
        self._locked = disabled
        self._local: Report | None = None
        self._shown: tuple[Field, Report | None] | None = None
        self.editor = self._made()

    def compose(self) -> ComposeResult:
        """Lay out the line and the finding below it."""
        with Horizontal():
            yield Note(classes="label")
            yield self.editor
            yield Note(classes="was")
        yield Note(classes="finding")

    def on_mount(self) -> None:
        """Show the marks and findings there are."""
        self._show()

    @property
    def text(self) -> str:
        """Return what stands in the field now."""
        return self.editor.value

    @property
    def has_cursor(self) -> bool:
        """Return whether the person is typing here."""
        return self.editor.has_focus

    def show(self, field: Field, local: Report | None = None) -> None:
        """Show marks, finding and what it was; `local` is a finding about what was typed."""
        self.field, self._local = field, local
        if self.is_mounted:
            self._show()

    def _show(self) -> None:
        field, local = self.field, self._local
        if self._shown == (field, local):
            return  # each painting lays the page out anew
        self._shown = (field, local)
        worst = local or field.worst
        marks = f"{field.marks[:3]}{'!' if local else field.marks[3]}"
        tone: Tone = "bad" if marks[3] == "!" else "draft" if marks[3] == "~" else "dim"
        label = put(f"{field.label}", LABEL_WIDTH, "" if not field.inherited else "dim")
        text = painted([(Span(marks, tone), Span(" "), label)])
        self.query_one(".label", Note).update(text, layout=False)
        self._was(field)
        finding = self.query_one(".finding", Note)
        finding.set_class(worst is not None, "-shown")
        if worst is not None:
            finding.paint([finding_line(worst)])

    def put_text(self, text: str) -> None:
        """Replace what stands in the field without telling of it."""
        editor = self.editor
        if editor.value == text:
            return
        with editor.prevent(Input.Changed, Choice.Changed):
            editor.value = text
        if isinstance(editor, Input):
            editor.cursor_position = len(text)

    def bar(self, *, locked: bool) -> None:
        """Let nothing be typed, or let it again."""
        if self.editor.disabled != locked:
            self.editor.disabled = self._locked = locked

    def enter(self) -> None:
        """Put the cursor into the field."""
        self.editor.focus()

    def _made(self) -> Input | Choice:
        field = self.field
        if self.place.words:
            needed = field.spec.required
            return Choice(self.place.words, field.text, needed=needed, disabled=self._locked)
        return ValueInput(
            field.text,
            compact=True,
            disabled=self._locked,
            select_on_focus=True,  # everywhere alike: typing replaces, an arrow key keeps
            suggester=LastWord(self._words) if self._words else None,
        )

    def _was(self, field: Field) -> None:
        unit = f"{field.spec.unit} " if field.spec.unit else ""
        was = "" if field.was is None else f"was {field.was or '(nothing)'}"
        was = "new" if field.is_new else was
        note = self.query_one(".was", Note)
        note.set_class(bool(unit or was), "-shown")
        note.paint([(put(unit, 0, "dim"), put(was, 0, "draft"))])

    def on_descendant_focus(self) -> None:
        """Tell that the cursor is here."""
        self.query_one(".label").add_class("-here")
        self.post_message(self.Entered(self))

    def on_descendant_blur(self) -> None:
        """Let the label fall back."""
        self.query_one(".label").remove_class("-here")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Edited(self, event.value))

    @on(Choice.Changed)
    def _chosen(self, event: Choice.Changed) -> None:
        event.stop()
        self.post_message(self.Edited(self, event.value))
