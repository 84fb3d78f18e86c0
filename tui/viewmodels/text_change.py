"""Where a text differs from the one before, so that an editor keeps its cursor over the change."""

from collections.abc import Iterable


def changed_piece(before: str, after: str) -> tuple[int, int, str]:
    """Return the one piece of `before` that makes it `after`: its start, its end, what is there."""
    start = _alike(before, after)
    rest, new = before[start:], after[start:]
    same = _alike(reversed(rest), reversed(new))
    return start, len(before) - same, new[: len(new) - same]


def _alike(one: Iterable[str], other: Iterable[str]) -> int:
    """Return with how many characters both begin."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
