"""Lines as data: pieces of text with a tone, cut and padded to terminal cells.

Every view is a list of such lines, computed here and only painted by the widgets. A tone is a
meaning ("warn"), not a colour: the theme decides how it looks, and letters and words say the same
for terminals without colour. Foreign text is cleaned whenever a span is made, so no view can
forget it.
"""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Literal, NamedTuple

from rich.cells import cell_len, set_cell_size

from nodeagent.model.text import clean

Tone = Literal[
    "",
    "ok",
    "busy",
    "warn",
    "bad",
    "dim",
    "rule",
    "head",
    "strong",
    "accent",
    "cursor",
    "draft",
    "key",
]
Align = Literal["left", "right"]


class Span(NamedTuple):
    """A piece of one line."""

    text: str
    tone: Tone = ""


Line = tuple[Span, ...]
PLAIN_MAX = 500


class Row(NamedTuple):
    """One line of a table; a row with an empty key cannot hold the cursor."""

    key: str
    line: Line


def cells_of(text: str) -> int:
    """Return how many terminal cells `text` takes."""
    return len(text) if text.isascii() else cell_len(text)


def _cleaned(text: str) -> str:
    # Most of what is shown is short and plain, four times a second for every node.
    if text.isascii() and text.isprintable() and len(text) <= PLAIN_MAX:
        return text
    return clean(text)


def width_of(line: Line) -> int:
    """Return how many terminal cells `line` takes."""
    return sum([cells_of(span.text) for span in line])


def put(text: str, width: int = 0, tone: Tone = "", *, align: Align = "left") -> Span:
    """Return `text`, cleaned, as a span of exactly `width` cells (0: as long as it is).

    Text that is too long ends in an ellipsis, so that a cut never looks like the whole.
    """
    text = _cleaned(text)
    if not width:
        return Span(text, tone)
    length = cells_of(text)
    if length > width:
        return Span(set_cell_size(text, width - 1) + "…" if width > 1 else "…", tone)
    pad = " " * (width - length)
    return Span(pad + text if align == "right" else text + pad, tone)


def middle(text: str, width: int) -> str:
    """Return `text`, cleaned, in at most `width` cells; of a longer one both ends are kept."""
    text = clean(text)
    room = width - 1
    if cell_len(text) <= width or room < 2:
        return brief(text, width)
    tail = ""
    for char in reversed(text):
        if cell_len(char + tail) > room // 2:
            break
        tail = char + tail
    return f"{set_cell_size(text, room - cell_len(tail)).rstrip()}…{tail}"


def brief(text: str, most: int) -> str:
    """Return `text`, cleaned, in at most `most` cells; long names must not push facts away."""
    text = clean(text)
    return text if cell_len(text) <= most else put(text, most).text


def line(*parts: Span | str) -> Line:
    """Return a line of spans; plain strings are cleaned and take no tone."""
    return tuple(part if isinstance(part, Span) else put(part) for part in parts)


def cut(spans: Line, width: int) -> Line:
    """Return `spans` cut to `width` cells; a cut ends in an ellipsis."""
    if width_of(spans) <= width:
        return spans
    kept: list[Span] = []
    left = width
    for span in spans:
        length = cell_len(span.text)
        if length >= left:
            kept.append(put(span.text, left, span.tone) if length > left else span)
            if length == left:
                kept[-1] = Span(set_cell_size(span.text, left - 1) + "…", span.tone)
            return tuple(kept)
        kept.append(span)
        left -= length
    return tuple(kept)


def folded(entry: Line, width: int) -> list[Line]:
    """Return `entry` as lines of at most `width` cells, broken at spaces where it has some.

    What follows the first line is indented as it is, its mark (as in " ! web") included, and its
    label where it has one (as in "  state    down").
    """
    if width <= 0 or width_of(entry) <= width:
        return [entry]
    text = joined(entry)
    tones = [span.tone for span in entry for _ in span.text]
    indent = _INDENT.match(text)
    hang = Span(" " * min(indent.end() if indent else 0, max(0, width - 2) // 2))
    lines: list[Line] = []
    start = 0
    while start < len(text):
        before = (hang,) if lines and hang.text else ()
        end = start + max(1, _fitting(text[start:], width - width_of(before)))
        space = text.rfind(" ", start, end + 1)
        if end < len(text) and space > start and text[start:space].strip():
            end = space
        pieces = groupby(zip(text[start:end], tones[start:end], strict=True), lambda one: one[1])
        parts = tuple(Span("".join(c for c, _ in part), tone) for tone, part in pieces)
        lines.append((*before, *parts))
        start = end + len(text[end:]) - len(text[end:].lstrip(" "))
    return lines


_INDENT = re.compile(r" *(?:[-+~!?*] +)?(?:(?=.{0,18}\S  )\S+(?: \S+){0,2} {2,}(?=\S))?")


def _fitting(text: str, width: int) -> int:
    """Return how many characters of `text` fit into `width` cells."""
    cells = 0
    for index, character in enumerate(text):
        cells += cells_of(character)
        if cells > width:
            return index
    return len(text)


def spread(left: Line, right: Line, width: int) -> Line:
    """Return `left` and `right` at the two ends of `width` cells; the left one yields."""
    room = width - width_of(right)
    if room <= 0:
        return cut(right, width)
    kept = cut(left, max(0, room - 1)) if width_of(left) >= room else left
    return (*kept, Span(" " * (room - width_of(kept))), *right)


def rule(title: Iterable[Span | str], width: int, right: Iterable[Span | str] = ()) -> Line:
    """Return a section's heading: a ruled line of `width` cells that carries its title."""
    start = (Span("── ", "rule"), *line(*title), Span(" "))
    ending = line(*right)
    tail = (Span(" "), *ending, Span(" ──", "rule")) if ending else ()
    room = width - width_of(tail)
    start = cut(start, max(1, room))
    return (*start, Span("─" * max(0, room - width_of(start)), "rule"), *tail)


def joined(spans: Line) -> str:
    """Return the plain text of a line."""
    return "".join(span.text for span in spans)


def wrap(text: str, width: int) -> list[str]:
    """Return `text`, cleaned, broken at spaces into lines of at most `width` cells."""
    lines: list[str] = []
    current = ""
    for word in clean(text).split():
        while cell_len(word) > width:
            if current:
                lines.append(current)
                current = ""
            head = set_cell_size(word, width)
            lines.append(head)
            word = word[len(head.rstrip()) :]  # noqa: PLW2901
        joined_text = f"{current} {word}" if current else word
        if cell_len(joined_text) > width:
            lines.append(current)
            current = word
        else:
            current = joined_text
    if current or not lines:
        lines.append(current)
    return lines
