"""Lists that people wrote over several lines keep their comments when an entry comes or goes."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from nodeagent.config.layout import Layout
from nodeagent.config.spans import Entry
from nodeagent.config.words import value_text

_COMMENT = re.compile(r"#[^\n]*")
_TAIL = re.compile(r"[ \t]*,?(?P<gap>[ \t]*)(?P<comment>#[^\n\r]*)?")


class _Item(Struct, frozen=True):
    """An entry as written, the comments above it and the one behind it."""

    written: str
    above: tuple[str, ...]
    behind: str


def array_text(layout: Layout, entry: Entry, values: Sequence[object]) -> str:
    """Return a list with `values`, in the form in which the list at `entry` is written."""
    written = layout.text[entry.value_start : entry.value_end]
    if "\n" not in written:
        return value_text(values)
    items, rest = _items(layout, entry)
    indent = re.search(r"\n([ \t]*)[^\s#\]]", written)
    space = indent.group(1) if indent else "    "
    lines: list[str] = []
    for value in values:
        text = value_text(value)
        item = next((one for one in items if one.written == text), None)
        if item is not None:
            items.remove(item)
            lines.extend(f"{space}{comment}" for comment in item.above)
        lines.append(f"{space}{text},{item.behind if item else ''}")
    lines.extend(f"{space}{comment}" for comment in rest)
    end = "\r\n" if "\r\n" in written else "\n"
    closing = written[written.rfind("\n") + 1 :] if _closes_alone(written) else "]"
    return end.join(["[", *lines, closing])


def _closes_alone(written: str) -> bool:
    return written[written.rfind("\n") + 1 :].strip() == "]"


def _items(layout: Layout, entry: Entry) -> tuple[list[_Item], tuple[str, ...]]:
    items: list[_Item] = []
    position = entry.value_start + 1
    for element in _elements(layout, entry):
        above = tuple(_comments(layout.text[position : element.value_start]))
        tail = _TAIL.match(layout.text, element.value_end)
        assert tail is not None, "the pattern matches the empty text"
        comment = tail.group("comment")
        behind = f"{tail.group('gap')}{comment}" if comment else ""
        written = layout.text[element.value_start : element.value_end]
        items.append(_Item(written, above, behind))
        position = tail.end()
    return items, tuple(_comments(layout.text[position : entry.value_end]))


def _elements(layout: Layout, entry: Entry) -> Iterator[Entry]:
    index = 0
    while (element := layout.entry((*entry.path, str(index)))) is not None:
        yield element
        index += 1


def _comments(text: str) -> Iterator[str]:
    return (match.group().rstrip("\r") for match in _COMMENT.finditer(text))
