"""A pane: fixed head lines over rows; and how panes share the height of a screen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui.viewmodels.spans import Align, Line, Row, Span, Tone, cells_of, cut, put, rule, width_of

GAP = Span("  ")
MORE_LEAST = 30
"""Narrower panes have no room to say that there is more."""


@dataclass(frozen=True, slots=True)
class Pane:
    """What one table shows."""

    head: tuple[Line, ...] = ()
    rows: tuple[Row, ...] = ()

    @property
    def height(self) -> int:
        """Return the lines it would take to show everything."""
        return len(self.head) + len(self.rows)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, its width in cells, and how its text stands."""

    title: str
    width: int
    align: Align = "left"


def titled(title: Iterable[Span | str], width: int, right: Iterable[Span | str] = ()) -> Line:
    """Return a pane's heading."""
    return rule(title, width, right)


def header(columns: Sequence[Column], width: int, indent: str = "  ") -> Line:
    """Return the line of column titles."""
    spans: list[Span] = [Span(indent)]
    for column in columns:
        spans += [put(column.title, column.width, "dim", align=column.align), Span("  ")]
    return cut(tuple(spans[:-1]), width)


def row(
    columns: Sequence[Column], cells: Sequence[Span | Line], width: int, indent: str = "  "
) -> Line:
    """Return one line with `cells` under their columns; a cell may be several spans."""
    spans: list[Span] = [Span(indent)]
    used = len(indent) - 2
    for column, value in zip(columns, cells, strict=True):
        if isinstance(value, Span):
            spans.append(put(value.text, column.width, value.tone, align=column.align))
        else:
            spans += _filled(value, column.width)
        spans.append(GAP)
        used += column.width + 2
    kept = tuple(spans[:-1])
    return kept if used <= width else cut(kept, width)


def _filled(value: Line, width: int) -> list[Span]:
    used = width_of(value)
    if used > width:
        return list(cut(value, width))
    return [*value, Span(" " * (width - used))]


def column_width(title: str, texts: Iterable[str], most: int) -> int:
    """Return the width a column needs, at most `most`."""
    longest = max((cells_of(put(text).text) for text in texts), default=0)
    return max(1, min(most, max(len(title), longest)))


def taken(columns: Sequence[Column]) -> int:
    """Return the cells that columns take with their gaps and the indent."""
    return 2 + sum(column.width + 2 for column in columns)


def share(room: int, wanted: Sequence[tuple[int, int]], *, grow: int = -1) -> tuple[int, ...]:
    """Return heights for panes that want (least, most) lines when there are `room` lines.

    The biggest yields first, down to its least; what is left over goes to the pane `grow`.
    """
    heights = [most for _, most in wanted]
    least = [low for low, _ in wanted]
    while sum(heights) > room:
        slack = [
            (height - low, index)
            for index, (height, low) in enumerate(zip(heights, least, strict=True))
        ]
        most, index = max(slack)
        if most <= 0:
            break
        heights[index] -= 1
    if sum(heights) < room:
        heights[grow] += room - sum(heights)
    return tuple(heights)


def fitted(pane: Pane, height: int, width: int, above: int = 0) -> Pane:
    """Return a pane for `height` lines whose heading says how many rows are out of sight.

    `above` is how many rows it is scrolled down.
    """
    hidden = pane.height - height
    if hidden <= 0 or not pane.head or width < MORE_LEAST:
        return pane
    above = min(above, hidden)
    below = hidden - above
    text = f"{above} ↑ {below} ↓" if above and below else f"{hidden} more {'↑' if above else '↓'}"
    more = put(f" {text} ", 0, "dim")
    head = (*cut(pane.head[0], width - width_of((more,))), more)
    return Pane((head, *pane.head[1:]), pane.rows)


def plural(count: int, word: str) -> str:
    """Return "1 node", "2 nodes"."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def lines_as_rows(lines: Iterable[Line]) -> tuple[Row, ...]:
    """Return rows that cannot hold the cursor."""
    return tuple(Row("", value) for value in lines)


def toned(text: str, tone: Tone = "") -> Span:
    """Return a cell."""
    return put(text, 0, tone)
