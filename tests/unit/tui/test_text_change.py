"""One piece of a text that makes it another one."""

import pytest

from tui.viewmodels.text_change import changed_piece

PAIRS = [
    ("", "", (0, 0, "")),
    ("same", "same", (4, 4, "")),
    ("", "new", (0, 0, "new")),
    ("old", "", (0, 3, "")),
    ("one three", "one two three", (5, 5, "wo t")),
    ("aa", "aaa", (2, 2, "a")),
    ("aaa", "aa", (2, 3, "")),
    ("a b c", "a x c", (2, 3, "x")),
]


@pytest.mark.parametrize(("before", "after", "piece"), PAIRS)
def test_piece_that_differs(before: str, after: str, piece: tuple[int, int, str]) -> None:
    assert changed_piece(before, after) == piece
    start, end, text = piece
    assert before[:start] + text + before[end:] == after
