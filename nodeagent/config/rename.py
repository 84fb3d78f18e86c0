"""New names for objects, in headers, dotted keys and in everything that points at them."""

import tomllib
from collections.abc import Iterator, Sequence
from typing import Literal

from nodeagent.config.layout import EditError, Layout
from nodeagent.config.spans import Entry, KeyPart, Path
from nodeagent.config.words import dotted, key_text, string_text

Kind = Literal["network", "node", "group"]

ANY = "*"

_POINTERS: dict[str, tuple[Path, ...]] = {
    "network": (
        ("node", ANY, "adapter", ANY, "network"),
        ("group", ANY, "resource", ANY, "network"),
    ),
    "node": (
        ("group", ANY, "nodes", ANY),
        ("cluster", "voters", ANY),
        ("event", ANY, "nodes", ANY),
    ),
    "group": (
        *(("group", ANY, key, ANY) for key in ("after", "with", "apart-from")),
        ("event", ANY, "groups", ANY),
    ),
}
"""Where names of other objects stand; an element of a list is named by its number."""


def rename(text: str, path: Sequence[str], new: str) -> str:
    """Return `text` with the object at `path` called `new`. What points at it is not touched."""
    whole = tuple(path)
    target = (*whole[:-1], new)
    layout = Layout(text)
    if new == whole[-1]:
        return text
    if not _stands(layout, whole):
        raise EditError(f"there is no {dotted(whole)}")
    if _stands(layout, target):
        raise EditError(f"{dotted(target)} exists already")
    result = text
    for part in sorted(_parts(layout, whole), key=lambda part: part.start, reverse=True):
        result = f"{result[: part.start]}{key_text(new)}{result[part.end :]}"
    return _checked(result)


def _stands(layout: Layout, path: Path) -> bool:
    return bool(layout.sections_below(path) or layout.entries_below(path))


def _parts(layout: Layout, path: Path) -> Iterator[KeyPart]:
    """Yield every place in which the last name of `path` is written as part of a key."""
    index = len(path) - 1
    for section in layout.sections_below(path):
        if section.header is not None:
            yield section.header.parts[index]
    for entry in layout.entries_below(path):
        own = index - (len(entry.path) - len(entry.parts))
        if entry.parts and own >= 0:
            yield entry.parts[own]


def rename_references(text: str, kind: Kind, old: str, new: str) -> str:
    """Return `text` with everything that points at the network, node or group `old` at `new`."""
    layout = Layout(text)
    result = text
    found = [entry for pattern in _POINTERS[kind] for entry in _matching(layout, pattern)]
    for entry in sorted(found, key=lambda entry: entry.value_start, reverse=True):
        written = text[entry.value_start : entry.value_end]
        if _value(written) == old:
            result = f"{result[: entry.value_start]}{string_text(new)}{result[entry.value_end :]}"
    return _checked(result)


def _matching(layout: Layout, pattern: Path) -> Iterator[Entry]:
    for path, entry in layout.scan.entries.items():
        if len(path) == len(pattern) and all(
            want in {ANY, name} for want, name in zip(pattern, path, strict=True)
        ):
            yield entry


def _value(written: str) -> object:
    return tomllib.loads(f"value = {written}")["value"]


def _checked(result: str) -> str:
    try:
        tomllib.loads(result)
    except ValueError as error:
        raise EditError(f"the new name does not fit into the text: {error}") from None
    return result
