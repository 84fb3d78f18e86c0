"""Where a text differs from the one before, so that an editor keeps its cursor over the change."""

from collections.abc import Iterable


def changed_piece(before: str, after: str) -> tuple[int, int, str]:
    """Return the one piece of `before` that makes it `after`: its start, its end, what is there.

    It is all of it where lines end in two characters, between which no cursor can stand.
    """
    if "\r" in before or "\r" in after:
        return 0, len(before), after
    start = _alike(before, after)
    rest, new = before[start:], after[start:]
    same = _alike(reversed(rest), reversed(new))
    return start, len(before) - same, new[: len(new) - same]


def place_in(text: str, index: int) -> tuple[int, int]:
    """Return the row and the column of a character in `text`."""
    start = text.rfind("\n", 0, index) + 1
    return text.count("\n", 0, index), index - start


def _alike(one: Iterable[str], other: Iterable[str]) -> int:
    """Return with how many characters both begin."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
