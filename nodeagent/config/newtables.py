"""New tables: how they are written and where they go, which is after their siblings."""

from collections.abc import Mapping

from nodeagent.config.layout import Layout
from nodeagent.config.nouns import specs
from nodeagent.config.spans import Path
from nodeagent.config.words import key_text, value_text
from nodeagent.model.configuration import Configuration

_KINDS = tuple(specs(Configuration))
"""Kinds of objects in the order in which a file tells them."""

_INLINE = frozenset({"parameters", "environment"})
"""Maps that stay on one line even when a new table is written for their owner."""


def with_new_table(layout: Layout, path: Path, values: Mapping[str, object]) -> str:
    text, position = layout.text, _place_for(layout, path)
    before, after = text[:position], text[position:]
    if before and not before.endswith("\n"):
        before += "\n"
    gap = in_lines_of(text, "\n") if before.strip() else ""
    block = in_lines_of(text, _table_text(path, values))
    tail = in_lines_of(text, "\n") if after.strip() and not after.startswith(("\n", "\r\n")) else ""
    return f"{before}{gap}{block}{tail}{after}"


def _place_for(layout: Layout, path: Path) -> int:
    """Return the end of the last sibling, else of the nearest family, else of the text."""
    for size in range(len(path) - 1, 0, -1):
        family = layout.sections_below(path[:size])
        if family:
            return family[-1].end
    earlier = _KINDS[: _KINDS.index(path[0])] if path[0] in _KINDS else ()
    families = [layout.sections_below((kind,)) for kind in reversed(earlier)]
    return next((family[-1].end for family in families if family), len(layout.text))


def _table_text(path: Path, values: Mapping[str, object]) -> str:
    keys: list[str] = []
    tables: list[str] = []
    for key, value in values.items():
        if isinstance(value, Mapping) and key not in _INLINE and _holds_tables(value):
            tables.extend(_table_text((*path, key, name), item) for name, item in value.items())
        elif value is not None:
            keys.append(f"{key_text(key)} = {value_text(value)}\n")
    header = f"[{'.'.join(key_text(part) for part in path)}]\n"
    return "\n".join([header + "".join(keys), *tables])


def _holds_tables(value: Mapping[str, object]) -> bool:
    return all(isinstance(item, Mapping) for item in value.values())


def in_lines_of(text: str, block: str) -> str:
    """Return `block` with the line ends that the text uses."""
    return block.replace("\n", "\r\n") if "\r\n" in text else block
