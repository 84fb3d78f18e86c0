"""Edits of a configuration text that keep every comment and every byte that is not concerned.

Only the span of the value, key or table in question is replaced. A general TOML writer would move
comments between tables when one is removed; spans cannot. Each result is read again and compared
with what was meant, so an edit either does exactly that or raises `EditError`.
"""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from nodeagent.config.arrays import array_text
from nodeagent.config.layout import EditError, Layout, Section
from nodeagent.config.newtables import in_lines_of, with_new_table
from nodeagent.config.rename import rename, rename_references
from nodeagent.config.spans import Entry, Path
from nodeagent.config.trees import bare, get, listed, same, with_value, without
from nodeagent.config.words import dotted, key_text, value_text

__all__ = [
    "EditError",
    "add",
    "remove",
    "rename",
    "rename_references",
    "reorder",
    "set_value",
    "set_values",
]


def set_value(text: str, path: Sequence[str], value: object) -> str:
    """Return `text` with the key `path` set to `value`; None removes the key.

    A key that is new goes below the last key of its table; a table that is new is made.
    """
    whole = tuple(path)
    layout = Layout(text)
    raw = layout.raw
    present = get(raw, whole)
    wanted = listed(value)
    if value is None:
        return remove(text, whole) if present is not None else text
    if present is not None and same(present, wanted):
        return text
    entry = layout.entry(whole)
    if entry is not None:
        result = _replaced(text, entry.value_start, entry.value_end, _form(layout, entry, value))
    elif isinstance(value, Mapping) and present is not None:
        return _set_table(text, whole, present, value)
    else:
        result = _with_new_key(layout, whole, value)
    return _checked(result, raw, whole, wanted)


def set_values(text: str, values: Mapping[Path, object]) -> str:
    """Return `text` with many keys set, as `set_value` would one by one, in one pass if it can."""
    layout = Layout(text)
    meant: Any = layout.raw
    spans: list[tuple[int, int, str]] = []
    others: list[Path] = []
    for path, value in values.items():
        entry = layout.entry(path)
        if entry is None or value is None:
            others.append(path)
            continue
        spans.append((entry.value_start, entry.value_end, _form(layout, entry, value)))
        meant = with_value(meant, path, listed(value))
    result = text
    for start, end, form in sorted(spans, reverse=True):
        result = _replaced(result, start, end, form)
    if spans and bare(_said(result)) != bare(meant):
        others = list(values)
        result = text
    for path in others:
        result = set_value(result, path, values[path])
    return result


def _form(layout: Layout, entry: Entry, value: object) -> str:
    if entry.kind == "array" and isinstance(value, (list, tuple)):
        return array_text(layout, entry, value)
    return value_text(value)


def _set_table(text: str, path: Path, present: Any, value: Mapping[str, object]) -> str:
    """Set the keys of a table that has its own header one by one, so that comments stay."""
    for key in present:
        if key not in value:
            text = remove(text, (*path, key))
    for key, item in value.items():
        text = set_value(text, (*path, key), item)
    return text


def _with_new_key(layout: Layout, path: Path, value: object) -> str:
    parent = layout.inline_parent(path)
    if parent is not None:
        return _into_braces(layout, parent, path, value)
    section = layout.section(path[:-1])
    if section is None and len(path) > 1:
        dotted_key = _dotted_sibling(layout, path)
        if dotted_key is not None:
            return _after_sibling(layout, dotted_key, path, value)
        return with_new_table(layout, path[:-1], {path[-1]: value})
    return _into_section(layout, section or layout.sections[0], path, value)


def _into_section(layout: Layout, section: Section, path: Path, value: object) -> str:
    """Write the key below the last key of its section."""
    keys = [
        entry.end
        for entry in layout.scan.entries.values()
        if not entry.inline and section.body <= entry.start < section.end
    ]
    position = max(keys, default=section.body)
    line = f"{key_text(path[-1])} = {value_text(value)}\n"
    return _inserted_line(layout.text, position, line)


def _dotted_sibling(layout: Layout, path: Path) -> Entry | None:
    """Return the last key that is written as `table.key = …` for the same table."""
    found = [
        entry
        for entry in layout.entries_below(path[:-1])
        if not entry.inline and len(entry.path) == len(path) and len(entry.parts) > 1
    ]
    return found[-1] if found else None


def _after_sibling(layout: Layout, sibling: Entry, path: Path, value: object) -> str:
    prefix = ".".join(key_text(part.name) for part in sibling.parts[:-1])
    line = f"{prefix}.{key_text(path[-1])} = {value_text(value)}\n"
    return _inserted_line(layout.text, sibling.end, line)


def _into_braces(layout: Layout, parent: Entry, path: Path, value: object) -> str:
    if parent.kind != "table":
        raise EditError(f"{dotted(parent.path)} is a value and takes no keys")
    inside = get(layout.raw, parent.path)
    changed = with_value(inside, path[len(parent.path) :], listed(value))
    return _replaced(layout.text, parent.value_start, parent.value_end, value_text(changed))


def add(text: str, path: Sequence[str], values: Mapping[str, object]) -> str:
    """Return `text` with a new object at `path`, written after its siblings.

    Maps of objects in `values` ("adapter", "resource") become tables of their own.
    """
    whole = tuple(path)
    layout = Layout(text)
    raw = layout.raw
    if get(raw, whole) is not None:
        raise EditError(f"{dotted(whole)} exists already")
    if layout.inline_parent(whole) is not None:
        result = _with_new_key(layout, whole, values)
    else:
        result = with_new_table(layout, whole, values)
    return _checked(result, raw, whole, listed(values))


def remove(text: str, path: Sequence[str]) -> str:
    """Return `text` without the key or object at `path`, and all that is inside of it.

    The comment right above a removed table's header goes with it; the one above the next header
    stays, and so do comments that stand by themselves.
    """
    whole = tuple(path)
    layout = Layout(text)
    raw = layout.raw
    if get(raw, whole) is None:
        raise EditError(f"there is no {dotted(whole)}")
    parent = layout.inline_parent(whole)
    if parent is not None and parent.kind == "table":
        changed = without(get(raw, parent.path), whole[len(parent.path) :])
        result = _replaced(text, parent.value_start, parent.value_end, value_text(changed))
        return _checked(result, raw, whole, None)
    sections = layout.sections_below(whole)
    spans = [(section.start, section.end) for section in sections]
    spans += [
        (entry.start, entry.end)
        for entry in layout.entries_below(whole)
        if not entry.inline and not any(s.start <= entry.start < s.end for s in sections)
    ]
    result = text
    for start, end in sorted(spans, reverse=True):
        result = _cut(result, start, end)
    return _checked(result, raw, whole, None)


def _cut(text: str, start: int, end: int) -> str:
    """Remove a span; where a blank line stood on both sides, one of them goes, too."""
    before, after = text[:start], text[end:]
    if not before or before.endswith(("\n\n", "\n\r\n")):
        after = after.lstrip("\r\n")
    if before.strip() and not after:
        line_end = in_lines_of(text, "\n")
        before = before.rstrip("\r\n") + line_end
    return before + after


def reorder(text: str, path: Sequence[str], names: Sequence[str]) -> str:
    """Return `text` with the objects below `path` (or the entries of a list) in a new order."""
    whole = tuple(path)
    layout = Layout(text)
    raw = layout.raw
    present = get(raw, whole)
    if isinstance(present, list):
        _same_names(present, names, whole)
        return set_value(text, whole, list(names))
    if not isinstance(present, dict):
        raise EditError(f"there is no {dotted(whole)}")
    _same_names(list(present), names, whole)
    if list(present) == list(names):
        return text
    entry = layout.entry(whole)
    if entry is not None:
        ordered = {name: present[name] for name in names}
        result = _replaced(text, entry.value_start, entry.value_end, value_text(ordered))
    else:
        result = _with_blocks_moved(layout, whole, list(present), names)
    checked = _checked(result, raw, whole, present)
    if list(get(tomllib.loads(checked), whole)) != list(names):
        raise EditError(f"the tables below {dotted(whole)} cannot be put into this order here")
    return checked


def _same_names(present: Sequence[str], names: Sequence[str], path: Path) -> None:
    if sorted(present) != sorted(names):
        raise EditError(f"the new order of {dotted(path)} must name what is there, each once")


def _with_blocks_moved(
    layout: Layout, path: Path, present: Sequence[str], names: Sequence[str]
) -> str:
    """Put each object's sections where those of another one stood."""
    spans = {name: layout.sections_below((*path, name)) for name in present}
    if not all(spans.values()):
        raise EditError(f"not everything below {dotted(path)} has a table header of its own")
    blocks = {
        name: in_lines_of(layout.text, "\n").join(
            _ended(layout.text[s.start : s.end]) for s in sections
        )
        for name, sections in spans.items()
    }
    changes = []
    for old, new in zip(present, names, strict=True):
        first, *others = spans[old]
        changes.append((first.start, first.end, blocks[new]))
        changes.extend((s.start, s.end, "") for s in others)
    result = layout.text
    for start, end, block in sorted(changes, reverse=True):
        result = _replaced(result, start, end, block) if block else _cut(result, start, end)
    return result


def _ended(block: str) -> str:
    return block if block.endswith("\n") else block + "\n"


# -- small steps -----------------------------------------------------------------------------------


def _replaced(text: str, start: int, end: int, value: str) -> str:
    return f"{text[:start]}{value}{text[end:]}"


def _inserted_line(text: str, position: int, line: str) -> str:
    before = text[:position]
    if before and not before.endswith("\n"):
        before += "\n"
    return f"{before}{in_lines_of(text, line)}{text[position:]}"


def _checked(result: str, raw: dict[str, Any], path: Path, wanted: Any) -> str:
    """Return `result` if it says what `raw` said, but for `path`; else raise EditError."""
    meant = without(raw, path) if wanted is None else with_value(raw, path, wanted)
    if bare(_said(result)) != bare(meant):
        raise EditError(f"{dotted(path)} cannot be edited in the way it is written; edit the text")
    return result


def _said(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError:
        return {}
