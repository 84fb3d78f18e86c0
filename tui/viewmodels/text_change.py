"""Where a text differs from the one before, so that an editor keeps its cursor over the change."""

from os.path import commonprefix


def changed_piece(before: str, after: str) -> tuple[int, int, str]:
    """Return the one piece of `before` that makes it `after`: its start, its end, what is there."""
    start = len(commonprefix((before, after)))
    rest, new = before[start:], after[start:]
    same = len(commonprefix((rest[::-1], new[::-1])))
    return start, len(before) - same, new[: len(new) - same]
