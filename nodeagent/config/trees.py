"""Values inside nested tables, by path, without changing the tables that are handed in."""

from collections.abc import Mapping
from typing import Any

Path = tuple[str, ...]


def get(raw: Any, path: Path) -> Any:
    for part in path:
        if not isinstance(raw, dict) or part not in raw:
            return None
        raw = raw[part]
    return raw


def listed(value: object) -> Any:
    """Return `value` with lists for tuples and without None, as the reader will give it back."""
    if isinstance(value, Mapping):
        return {key: listed(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [listed(item) for item in value]
    return value


def same(one: Any, two: Any) -> bool:
    return bool(one == two) and isinstance(one, bool) == isinstance(two, bool)


def with_value(raw: Any, path: Path, value: Any) -> dict[str, Any]:
    below = raw if isinstance(raw, dict) else {}
    if len(path) == 1:
        return {**below, path[0]: value}
    return {**below, path[0]: with_value(below.get(path[0], {}), path[1:], value)}


def without(raw: Any, path: Path) -> dict[str, Any]:
    below = dict(raw)
    if len(path) == 1:
        below.pop(path[0])
        return below
    return {**below, path[0]: without(below[path[0]], path[1:])}


def bare(raw: Any) -> Any:
    """Return `raw` without tables that hold nothing: a table's last object may leave them."""
    if not isinstance(raw, dict):
        return raw
    kept = {key: bare(item) for key, item in raw.items()}
    return {key: item for key, item in kept.items() if item != {}}
