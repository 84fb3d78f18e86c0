"""One piece of a text that makes it another one."""

import pytest

from tui.viewmodels.text_change import changed_piece, place_in

PAIRS = [
    ("", "", (0, 0, "")),
    ("same", "same", (4, 4, "")),
    ("", "new", (0, 0, "new")),
    ("old", "", (0, 3, "")),
    ("one three", "one two three", (5, 5, "wo t")),
    ("aa", "aaa", (2, 2, "a")),
    ("aaa", "aa", (2, 3, "")),
    ("a b c", "a x c", (2, 3, "x")),
    ("a\nb", "a\r\nb", (0, 3, "a\r\nb")),
]


@pytest.mark.parametrize(("before", "after", "piece"), PAIRS)
def test_piece_that_differs(before: str, after: str, piece: tuple[int, int, str]) -> None:
    assert changed_piece(before, after) == piece
    start, end, text = piece
    assert before[:start] + text + before[end:] == after


def test_place_of_a_character() -> None:
    assert [place_in("ab\nc\n", index) for index in range(6)] == [
        (0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0)]  # fmt: skip
