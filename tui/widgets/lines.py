"""Lines of spans on the screen: the painter under every live widget of the console.

A plain line API: rows are given whole, compared with the last ones, and only those that differ are
painted again (a table widget that repaints everything for one cell costs up to fifty times more).
Tones are looked up in the theme's variables, so a change of theme reaches every line. They are no
component classes: Textual would work out all of them for each widget whenever it is restyled, a
fifth of what a walk through the console costs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from nodeagent.model.text import clean
from tui.viewmodels.spans import Line, cut, line, put


@dataclass(frozen=True, slots=True)
class _Look:
    """How a tone looks: variables of the theme, and a style of the text."""

    color: str = ""
    background: str = ""
    text: str = ""


_LOOKS: Mapping[str, _Look] = {
    "ok": _Look("text-success"),
    "busy": _Look("text-accent", text="bold"),
    "warn": _Look("text-warning", text="bold"),
    "bad": _Look("text-error", text="bold"),
    "dim": _Look("secondary"),
    "rule": _Look("primary-muted"),
    "head": _Look("text-primary", text="bold"),
    "strong": _Look(text="bold"),
    "accent": _Look("text-accent"),
    "cursor": _Look(text="bold reverse"),
    "draft": _Look("text-warning"),
    "key": _Look("text-primary", text="bold"),
    "row": _Look(background="primary-muted", text="bold"),
    "row-faint": _Look(background="panel"),
}
_WITHOUT_COLOUR: Mapping[str, str] = {"row": "bold reverse", "row-faint": "underline"}
"""Text of what is told from its surroundings by its background alone."""


class Lines(ScrollView, can_focus=False):
    """Lines under an optional fixed head; they scroll when there are more than fit.

    Where the keys cannot come to scroll them, the last line says how many are out of sight.
    """

    DEFAULT_CSS = """
    Lines { height: auto; width: 1fr; scrollbar-size: 0 0; background: transparent; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._head: tuple[Line, ...] = ()
        self._lines: tuple[Line, ...] = ()
        self._strips: dict[int, Strip] = {}
        self._styles_of: dict[str, Style] = {}
        self._theme: Mapping[str, str] = {}

    @property
    def head(self) -> tuple[Line, ...]:
        """Return the lines that never scroll."""
        return self._head

    @property
    def lines(self) -> tuple[Line, ...]:
        """Return the lines below the head."""
        return self._lines

    def show_lines(self, lines: Sequence[Line], head: Sequence[Line] = ()) -> None:
        """Show `lines` under `head`; only what differs from before is painted."""
        new_head, new = tuple(head), tuple(lines)
        if len(new_head) != len(self._head) or len(new) != len(self._lines):
            self._head, self._lines = new_head, new
            self._strips.clear()
            self._measure()
            self.refresh(layout=self._grows())
            return
        for index, (old, line_) in enumerate(zip(self._head, new_head, strict=True)):
            if old != line_:
                self.refresh(Region(0, index, self.size.width, 1))
        old_lines = self._lines
        self._head, self._lines = new_head, new
        for index, (old, line_) in enumerate(zip(old_lines, new, strict=True)):
            if old != line_:
                self._touch(index)

    def show_head(self, head: Sequence[Line]) -> None:
        """Show another head over the same lines."""
        self.show_lines(self._lines, head)

    def _grows(self) -> bool:
        height = self.styles.height
        return height is None or height.is_auto

    def _measure(self) -> None:
        self.virtual_size = Size(max(1, self.size.width), len(self._head) + len(self._lines))

    def on_resize(self) -> None:
        """Cut the lines anew."""
        self._strips.clear()
        self._measure()

    def notify_style_update(self) -> None:
        """Forget what the old theme looked like."""
        super().notify_style_update()
        self._strips.clear()
        if self._theme is not self.app.theme_variables:
            self._theme = self.app.theme_variables
            self._styles_of.clear()
            self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """Return the height of all lines."""
        return len(self._head) + len(self._lines)

    def render_line(self, y: int) -> Strip:
        """Return the strip at `y` of the widget."""
        if y < len(self._head):
            return self._strip(self._head[y], self.rich_style)
        index = y - len(self._head) + self.scroll_offset.y
        hidden = len(self._lines) - index - 1
        if hidden > 0 and y == self.size.height - 1 and y and not self.can_focus:
            return self._strip(_more(hidden + 1), self.rich_style)
        if index >= len(self._lines):
            return Strip.blank(self.size.width, self.rich_style)
        strip = self._strips.get(index)
        if strip is None:
            strip = self._strip(self._lines[index], self._row_style(index))
            self._strips[index] = strip
        return strip

    def row_at(self, y: int) -> int:
        """Return the index of the line at widget row `y`, -1 where there is none."""
        index = y - len(self._head) + self.scroll_offset.y
        return index if y >= len(self._head) and index < len(self._lines) else -1

    def _touch(self, index: int) -> None:
        self._strips.pop(index, None)
        self.refresh(Region(0, index + len(self._head) - self.scroll_offset.y, self.size.width, 1))

    def _row_style(self, index: int) -> Style:
        del index
        return self.rich_style

    def _style(self, tone: str) -> Style:
        if not tone:
            return Style.null()
        style = self._styles_of.get(tone)
        if style is None:
            style = _style_of(tone, self.app.theme_variables, self.app.no_color)
            self._styles_of[tone] = style
        return style

    def _strip(self, spans: Line, base: Style) -> Strip:
        styles: dict[str, Style] = {}
        segments = []
        for span in cut(spans, self.size.width) if self.size.width else spans:
            style = styles.get(span.tone)
            if style is None:
                style = styles[span.tone] = _over(base, self._style(span.tone))
            segments.append(Segment(clean(span.text), style))
        return Strip(segments).adjust_cell_length(self.size.width, base)


def _style_of(tone: str, theme: Mapping[str, str], plain: bool) -> Style:  # noqa: FBT001
    look = _LOOKS[tone]
    text = _WITHOUT_COLOUR.get(tone, look.text) if plain else look.text
    color, ground = (_colour(theme, name) for name in (look.color, look.background))
    return Style(color=color, bgcolor=ground) + Style.parse(text)


def _colour(theme: Mapping[str, str], name: str) -> RichColor | None:
    if not name:
        return None
    colour = Color.parse(theme[name].partition(" ")[0])  # "ansi_blue 50%": a cell has no half
    return colour.rich_color if colour.a else None


def _over(base: Style, style: Style) -> Style:
    """Return `style` on `base`; what would be reversed twice stands out by not being so."""
    both = base + style
    return both + Style(reverse=False) if base.reverse and style.reverse else both


def _more(count: int) -> Line:
    return line(put(f"  … and {count} more lines", 0, "dim"))


def blank() -> Line:
    """Return an empty line."""
    return line("")
