"""The sanitiser: whatever strangers write, no terminal interprets it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodeagent.model.text import clean, clean_lines

HOSTILE = {
    "clear screen": "\x1b[2J\x1b[H",
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
    "c1 csi": "\x9b31mred",
    "carriage return": "all is well\rFAILED",
    "backspace": "safe\b\b\b\bevil",
    "newline": "one\ntwo",
    "null": "a\x00b",
    "bidi override": "user\u202eexe.txt",
    "bidi isolate": "a\u2066b\u2069",
    "zero width": "al\u200bpha",
    "joiner": "a\u200db",
    "byte order mark": "\ufeffalpha",
    "line separator": "a\u2028b",
    "tag characters": "a\U000e0041b",
    "private use": "a\ue000b",
    "lone surrogate": "a\ud800b",
    "unassigned": "a\u0378b",
    "delete": "a\x7fb",
    "soft hyphen": "al\u00adpha",
}
UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_a_terminal_would_interpret_becomes_visible(text: str) -> None:
    shown = clean(text)

    assert not {unicodedata.category(char) for char in shown} & UNSAFE
    assert "\\" in shown


@pytest.mark.parametrize("text", ["alpha", "ümlaut é 漢字 ✓", "a b  c", "[@click=x]y[/]", ""])
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


@given(st.text(alphabet=st.characters(), max_size=200), st.integers(2, 50))
def test_whatever_comes_is_one_safe_line_within_the_limit(text: str, limit: int) -> None:
    shown = clean(text, limit)

    assert len(shown) <= limit
    assert not {unicodedata.category(char) for char in shown} & UNSAFE
    assert clean(shown, limit) == shown


@pytest.mark.parametrize("blank", ["\u00a0", "\u2003", "\u3000"])
def test_every_kind_of_blank_is_the_plain_one(blank: str) -> None:
    assert clean(f"one{blank}two") == "one two"


def test_what_is_cut_off_is_marked() -> None:
    assert clean("x" * 50, 10) == "x" * 9 + "…"
    assert clean("\x1b" * 50, 10).endswith("…")


def test_a_flood_is_cut_before_it_is_looked_at() -> None:
    assert len(clean("\u202e" * 10_000_000)) <= 2_000


def test_lines_are_the_last_ones_each_safe() -> None:
    text = "\r\n".join(f"line {n}\x1b[1m" for n in range(50)) + "\n\n"

    lines = clean_lines(text, lines=5, limit=40)

    assert lines[-1] == "line 49\\x1b[1m"
    assert len(lines) <= 5
