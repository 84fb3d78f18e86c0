import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.viewmodels.ages import age_text, clock_text, length_text
from tui.viewmodels.panes import Pane, fitted, share, titled
from tui.viewmodels.spans import (
    Row,
    Span,
    cut,
    folded,
    joined,
    line,
    middle,
    put,
    rule,
    spread,
    width_of,
    wrap,
)
from tui.widgets.message import Message, message_lines


@given(st.text(max_size=60), st.integers(1, 40))
def test_put_fills_exactly_its_width_and_lets_no_control_through(text: str, width: int) -> None:
    span = put(text, width)

    assert width_of((span,)) == width
    assert "\x1b" not in span.text
    assert "\u202e" not in span.text


@given(st.text(max_size=80), st.integers(1, 40))
def test_cut_never_exceeds(text: str, width: int) -> None:
    assert width_of(cut(line(put(text), put(text)), width)) <= width


@given(st.text(max_size=200), st.integers(8, 60))
def test_wrap_keeps_within_the_width(text: str, width: int) -> None:
    assert all(width_of(line(put(part))) <= width for part in wrap(text, width))


@given(st.text(max_size=80), st.integers(1, 40))
def test_middle_never_exceeds(text: str, width: int) -> None:
    assert width_of((put(middle(text, width)),)) <= width


def test_middle_keeps_both_ends() -> None:
    assert middle("/opt/web/server --port 8081", 15) == "/opt/we…rt 8081"
    assert middle("/opt/web", 15) == "/opt/web"


def test_wide_characters_count_twice() -> None:
    assert width_of((put("節点", 6),)) == 6
    assert put("節点", 3).text.endswith("…")


def test_spread_puts_both_ends_in_place() -> None:
    assert joined(spread(line("left"), line("right"), 12)) == "left   right"
    assert width_of(spread(line("a" * 30), line("right"), 12)) == 12


def test_rule_fills_the_line() -> None:
    assert joined(rule(["Nodes"], 16)) == "── Nodes ───────"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0s"), (9.94, "9.9s"), (12.4, "12s"), (252, "4m12s"), (11_100, "3h05m"), (8e5, "9d")],
)
def test_ages(seconds: float, text: str) -> None:
    assert age_text(seconds) == text


def test_times() -> None:
    assert clock_text(1_789_732_800.0) == "12:00:00Z"
    assert length_text(74) == "1:14"


def test_share_lets_the_biggest_yield_and_gives_the_rest_to_one() -> None:
    assert share(20, [(3, 30), (3, 5)]) == (15, 5)
    assert share(20, [(3, 5), (3, 5)]) == (5, 15)
    assert share(4, [(3, 5), (3, 5)]) == (3, 3)


def test_pane_says_how_many_rows_are_out_of_sight() -> None:
    head = titled([Span("Nodes", "head")], 40)
    pane = Pane((head,), tuple(Row(str(n), line(f"n{n}")) for n in range(9)))

    cut_off = fitted(pane, 4, 40)

    assert joined(cut_off.head[0]).endswith("6 more ↓ ")
    assert width_of(cut_off.head[0]) == 40
    assert cut_off.rows == pane.rows
    assert fitted(pane, 10, 40) == pane
    assert joined(fitted(pane, 4, 40, above=2).head[0]).endswith(" 2 ↑ 4 ↓ ")
    assert joined(fitted(pane, 4, 40, above=6).head[0]).endswith(" 6 more ↑ ")


def test_message_takes_at_most_three_lines_and_shows_its_cut() -> None:
    old, new = (Message("", text, "error", 0.0) for text in ("first", "word " * 60))

    lines = [joined(entry) for entry in message_lines((old, new), 40)]

    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert not any("first" in entry for entry in lines)
    assert [joined(entry) for entry in message_lines((new, old), 40)][-1] == " ! first"


@given(st.lists(st.text(max_size=40), max_size=4), st.integers(2, 40))
def test_folded_line_fits_and_loses_nothing_but_spaces(texts: list[str], width: int) -> None:
    entry = line(*(put(text, 0, "dim") for text in texts))

    lines = folded(entry, width)

    assert all(width_of(one) <= width for one in lines)
    whole = "".join(joined(one) for one in lines)
    assert whole.replace(" ", "") == joined(entry).replace(" ", "")


def test_line_is_folded_at_spaces_under_its_indent_and_keeps_its_tones() -> None:
    entry = line(put(" ! first ", 0, "key"), put("second third"))

    first, second = folded(entry, 16)

    assert (joined(first), joined(second)) == (" ! first second", "   third")
    assert first[0] == Span(" ! first ", "key")
