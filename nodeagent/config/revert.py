"""Taking back what one epoch changed, in a configuration that has gone on since.

The way back is a change like any other: that epoch's text is the base, the active one is mine, and
the text before the epoch is theirs. What was changed again since is a conflict, and stays.
"""

import tomllib
from collections.abc import Sequence

from nodeagent.config import edit
from nodeagent.config.edit import EditError
from nodeagent.config.merge import Merged, merge
from nodeagent.config.spans import Path
from nodeagent.config.trees import get, same
from nodeagent.config.words import dotted


def revert(before: bytes, after: bytes, active: bytes, only: Sequence[str] = ()) -> Merged:
    """Return `active` without what led from `before` to `after`, or only without that at `only`.

    Look at `undecided` before using the text. Raises EditError where `only` was not changed then,
    or where a text cannot be edited in the way that is written.
    """
    target = before if not only else _without(before, after, tuple(only))
    return merge(after, active, target)


def path_of(written: str) -> Path:
    """Return the path that ``group.web.nodes`` stands for; EditError if it stands for none."""
    wrong = EditError(f"{written!r} is no key; write it as group.web.nodes")
    if "\n" in written or "=" in written:
        raise wrong
    try:
        value: object = tomllib.loads(f"{written} = 0")
    except tomllib.TOMLDecodeError:
        raise wrong from None
    path: list[str] = []
    while isinstance(value, dict):
        ((name, value),) = value.items()
        path.append(name)
    return tuple(path)


def _without(before: bytes, after: bytes, path: Path) -> bytes:
    """Return the text `after` in which only the value at `path` is what it was `before`."""
    old, new = (get(tomllib.loads(text.decode()), path) for text in (before, after))
    if (old is None and new is None) or (old is not None and new is not None and same(old, new)):
        raise EditError(f"{dotted(path)} was not changed then")
    text = after.decode()
    if old is None:
        return edit.remove(text, path).encode()
    if new is None and isinstance(old, dict):
        return edit.add(text, path, old).encode()
    return edit.set_value(text, path, old).encode()
