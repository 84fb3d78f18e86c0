"""Events are found by node, group, kind, time and words: on the screen and for scripts."""

import time

import pytest

from nodeagent.wire.live import EventLine
from tui.cli.events import wanted_of
from tui.cli.since import read_since
from tui.viewmodels.event_filter import EventFilter, read_filter

ONLINE = EventLine(
    1, 100.0, "alpha", "note", "web", "online on bravo", "view 3", "group-online", "bravo"
)
DOWN = EventLine(2, 200.0, "alpha", "error", "charlie", "silent", "", "node-down", "charlie")
NOTE = EventLine(3, 300.0, "bravo", "note", "cluster", "draft saved")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", (ONLINE, DOWN, NOTE)),
        ("node:bravo", (ONLINE, NOTE)),
        ("node:charlie node:bravo kind:node", (DOWN,)),
        ("group:web", (ONLINE,)),
        ("kind:error", (DOWN,)),
        ("kind:group-online", (ONLINE,)),
        ("kind:group VIEW", (ONLINE,)),
        ("kind: saved", ()),
        ("group:orders", ()),
    ],
)
def test_one_line_says_what_is_looked_for(line: str, found: tuple[EventLine, ...]) -> None:
    wanted = read_filter(line)

    assert tuple(event for event in (ONLINE, DOWN, NOTE) if wanted.takes(event)) == found


def test_options_say_the_same() -> None:
    assert wanted_of(("bravo",), (), ("group",), (), "") == read_filter("node:bravo kind:group")
    assert EventFilter(since=150.0).takes(DOWN)
    assert not EventFilter(since=150.0).takes(ONLINE)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (((), (), ("group-onlin",), (), ""), "did you mean group-online"),
        (((), (), (), (), "yesterday"), "write 30m, 2h"),
    ],
)
def test_what_is_written_wrongly_is_told_with_what_would_be_right(
    options: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...], str],
    words: str,
) -> None:
    with pytest.raises(Exception, match=words):
        wanted_of(*options)


def test_moments_are_read_as_people_write_them() -> None:
    now = time.mktime((2026, 11, 26, 14, 0, 0, 0, 0, -1))

    assert read_since("90s", now) == now - 90
    assert read_since("2h", now) == now - 7_200
    assert read_since("13:30", now) == now - 1_800
    assert read_since("14:30", now) == now + 1_800 - 86_400
    assert read_since("2026-11-26T13:00", now) == now - 3_600
    assert read_since("soon", now) is None
