"""Which epoch gave each field the value that it has."""

import tomllib
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from nodeagent.config.spans import Path
from nodeagent.config.trees import get, same

T = TypeVar("T")


def blame(epochs: Sequence[tuple[T, bytes]]) -> dict[Path, T]:
    """Return for each field of the last configuration the first epoch of its present value.

    `epochs`: (mark, text) of decided configurations, oldest first. A field that went and came again
    counts from when it came again. Texts that are no TOML count as empty.
    """
    trees = [(mark, _tree(text)) for mark, text in epochs]
    if not trees:
        return {}
    return {path: _since(trees, path, value) for path, value in _fields((), trees[-1][1])}


def _tree(text: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(text.decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError:
        return {}


def _fields(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    if not isinstance(value, dict):
        yield path, value
        return
    for name, inner in value.items():
        yield from _fields((*path, name), inner)


def _since(trees: Sequence[tuple[T, dict[str, Any]]], path: Path, value: Any) -> T:
    since = trees[-1][0]
    for mark, tree in reversed(trees):
        found = get(tree, path)
        if found is None or not same(found, value):
            break
        since = mark
    return since
