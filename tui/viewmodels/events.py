"""The event log as rows: time, how bad, where, what."""

from collections.abc import Iterator
from functools import lru_cache

import msgspec

from nodeagent.wire.live import EventLine
from tui.viewmodels.ages import clock_text
from tui.viewmodels.event_filter import read_filter
from tui.viewmodels.facts import Look
from tui.viewmodels.merged import EVENTS_MAX, event_id
from tui.viewmodels.panes import Pane, titled, toned
from tui.viewmodels.spans import Line, Row, Span, Tone, cut, line, put, wrap

SEVERITY: dict[str, tuple[str, Tone]] = {
    "error": ("error  ", "bad"),
    "warning": ("warning", "warn"),
    "note": ("note   ", "dim"),
}

TELLERS = 3


def event_key(event: EventLine) -> str:
    """Return what names an event."""
    return f"event:{event.time:.3f}:{event.node}:{event.number}"


@lru_cache(maxsize=4_096)
def event_row(event: EventLine, width: int) -> Row:
    """Return one event as a row."""
    word, tone = SEVERITY[event.severity]
    where = 8 if width < 100 else 14
    spans = (
        Span("  "),
        put(clock_text(event.time), 0, "dim"),
        Span(f" {word} ", tone),
        put(event.node, where),
        Span(" "),
        put(event.subject, where),
        Span(" "),
        put(event.text, 0, tone if tone == "bad" else ""),
        put(f" (because {event.cause})" if event.cause else "", 0, "dim"),
    )
    return Row(event_key(event), cut(spans, width))


def events_page(
    look: Look,
    width: int,
    *,
    needle: str = "",
    only_bad: bool = False,
    waiting: str = "",
    following: bool = True,
    left: float = 0.0,
) -> Pane:
    """Return all events that match; `waiting` is how many wait while frozen ("": it is not).

    `following`: the cursor is on the newest, and goes on with it.
    `left` is when the console was last left, in Unix seconds (0: not known); a line marks it.
    """
    wanted = read_filter(needle)
    shown = tuple(
        event
        for event in look.view.events
        if wanted.takes(event) and not (only_bad and event.severity == "note")
    )
    words: list[Span | str] = [Span("Events ", "head"), f"{len(shown)} of {len(look.view.events)}"]
    if needle:
        words.append(toned(f', with "{needle}"', "accent"))
    if only_bad:
        words.append(toned(", only warnings and errors", "accent"))
    since = sum(event.time > left for event in shown) if left else 0
    if since:
        words.append(f", {since} since you left")
    agents = len(look.view.agents)
    if agents:
        words.append(toned(f", of {agents} agent{'s' * (agents > 1)}", "dim"))
    right = [toned("following", "dim") if following else toned("End follows again", "accent")]
    if waiting:
        right = [toned(f"frozen, {waiting} wait", "warn")]
    return Pane((titled(words, width, right),), tuple(_rows(shown, width, left)))


def _rows(shown: tuple[EventLine, ...], width: int, left: float) -> Iterator[Row]:
    marked = not left
    for event in shown:
        if not marked and event.time > left:
            marked = True
            text = f"you left at {clock_text(left)}"
            yield Row("", titled([Span(f"  {text}", "accent")], width))
        yield event_row(event, width)


def waiting_text(held: tuple[EventLine, ...], now: tuple[EventLine, ...]) -> str:
    """Return how many events of `now` were not held; at the cap there may have been more."""
    if held is now:
        return "0"
    known = {event_id(event) for event in held}
    count = sum(event_id(event) not in known for event in now)
    return f"{count} or more" if count >= EVENTS_MAX else str(count)


def first_since(look: Look, rows: tuple[str, ...], left: float) -> str:
    """Return the first of the events shown that came after `left`; "" where there is none."""
    later = {event_key(event) for event in look.view.events if event.time > left}
    return next((key for key in rows if key in later), "")


def events_about(look: Look, name: str, width: int, most: int) -> list[Line]:
    """Return the last events about one object, the newest last."""
    mine = [event for event in look.view.events if name in {event.node, event.at, event.subject}]
    if width >= 78:
        return [event_row(event, width).line for event in mine[-most:]]
    return [_short_line(event, width) for event in mine[-most:]]


def _short_line(event: EventLine, width: int) -> Line:
    """Return an event without the columns that a page's heading says already."""
    word, tone = SEVERITY[event.severity]
    spans = (Span("  "), put(clock_text(event.time), 0, "dim"), Span(f" {word} ", tone),
             put(event.text))  # fmt: skip
    return cut(spans, width)


def event_detail(look: Look, key: str, width: int) -> list[Line]:
    """Return one event in full."""
    event = next((entry for entry in look.view.events if event_key(entry) == key), None)
    if event is None:
        return []
    word, tone = SEVERITY[event.severity]
    lines = [
        line("  ", put(clock_text(event.time)), "  ", Span(word, tone), f"  number {event.number}"),
        line(
            "  ",
            f"on {event.node}, about {event.subject}",
            f"  {event.event}" if event.event else "",
            _told_too(look, event),
        ),
    ]
    lines += [line("  ", part) for part in wrap(event.text, width - 3)]
    if event.cause:
        lines += [
            line("  ", put(part, 0, "dim")) for part in wrap(f"because {event.cause}", width - 3)
        ]
    return lines


def _told_too(look: Look, event: EventLine) -> str:
    """Return which other agents tell of the same."""
    others = [node for node in look.view.log.tellers(event) if node != event.node]
    more = f" and {len(others) - TELLERS} more" if len(others) > TELLERS else ""
    return f"  told by {', '.join(others[:TELLERS])}{more}, too" if others else ""


def json_lines(events: tuple[EventLine, ...]) -> str:
    """Return the events as JSON, one a line."""
    return "".join(msgspec.json.encode(event).decode("utf-8") + "\n"
                   for event in events)  # fmt: skip
