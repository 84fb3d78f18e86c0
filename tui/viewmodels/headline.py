"""The two lines on top of every section, and the banner below them when there is news."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from nodeagent.model.run import DareRun
from tui.viewmodels.ages import Moment, age_text, clock_text, length_text
from tui.viewmodels.panes import plural
from tui.viewmodels.pending import change_count, overtaken
from tui.viewmodels.presence import headline_text
from tui.viewmodels.probation import long_text, open_probation, short_text
from tui.viewmodels.rights import rights_word
from tui.viewmodels.spans import Line, Span, Tone, brief, line, put, spread, width_of
from tui.viewmodels.store import View

BAR = Span(" │ ", "dim")
AGENT = 16
Section = tuple[str, str]
NO_KEYS: Mapping[str, str] = MappingProxyType({})


def headline_lines(  # noqa: PLR0913 - all of them by name
    view: View,
    now: Moment,
    width: int,
    *,
    section: str = "",
    sections: Sequence[Section] = (),
    read_only: bool = False,
    role: str = "",
    problems: int = 0,
    keys: Mapping[str, str] = NO_KEYS,
) -> tuple[Line, Line]:
    """Return who and how on the first line, the sections on the second.

    `keys` are those that actions have, by id, where they are not the ones that are built in.
    """
    parts = [
        put(brief(view.cluster_name or "no cluster yet", width // 5), 0, "head"),
        put(f"epoch {view.epoch}"),
        _draft(view, width),
        _feed(view, now),
        put(rights_word(role), 0, "warn") if read_only else put("RW"),
        *_others(view, width),
        *_lock(view, width),
        *_probation(view, now),
    ]
    left: list[Span] = [Span(" ")]
    for index, part in enumerate(parts):
        left += [BAR, part] if index else [part]
    count = Span("no problems", "ok")
    if problems:
        count = Span(f"{problems} problem{'s' if problems > 1 else ''}", "bad")
    right = line(count, BAR, clock_text(now.wall), " ")
    if width_of(tuple(left)) + width_of(right) >= width:
        right = line(count, " ")
    return spread(tuple(left), right, width), _tabs(view, section, sections, width, keys)


def _draft(view: View, width: int) -> Span:
    count = change_count(view.active, view.draft)
    if count == 0:
        return put("no draft", 0, "dim")
    if count < 0:
        return put("DRAFT has errors", 0, "bad")
    if overtaken(view.active, view.draft):
        return put("DRAFT old base" if width < 100 else "DRAFT of an older epoch", 0, "warn")
    return put(f"DRAFT {count}" if width < 100 else f"DRAFT {plural(count, 'change')}", 0, "draft")


def _feed(view: View, now: Moment) -> Span:
    connection = view.connection
    if not connection.agent:
        return put("connecting", 0, "warn")
    silent = age_text(connection.silent_for(now))
    agent = brief(connection.agent, AGENT)
    if connection.lost(now):
        return put(f"{agent} LOST {silent}", 0, "bad")
    return put(f"{agent} {silent}", 0, "ok")


def _others(view: View, width: int) -> tuple[Span, ...]:
    text = headline_text(view.others, width)
    edits = any(other.here.edits for other in view.others)
    return (put(text, 0, "draft" if edits else "accent"),) if text else ()


def _lock(view: View, width: int) -> tuple[Span, ...]:
    holder = view.cluster.value.lock if view.cluster else ""
    if holder:
        return (put(f"lock: {brief(holder, 24)}" if width >= 100 else "LOCKED", 0, "busy"),)
    return (put("lock free", 0, "dim"),) if width >= 100 else ()


def _probation(view: View, now: Moment) -> tuple[Span, ...]:
    probation = open_probation(view)
    if probation is None:
        return ()
    return (put(short_text(view, now), 0, "bad" if probation.returning else "warn"),)


def _tabs(
    view: View, section: str, sections: Sequence[Section], width: int, keys: Mapping[str, str]
) -> Line:
    tabs: list[Span] = [Span(" ")]
    for mode, word in sections:
        runs = mode == "dare" and view.running
        tone: Tone = "cursor" if mode == section else ("busy" if runs else "")
        # The mark takes the place of a blank: with one cell more, 80 of them were too few.
        tabs += [Span(f" {word}{'*' if runs else ' '}", tone)]
    return spread(tuple(tabs), line(Span(f"{keys.get('app.help', '?')} help ", "dim")), width)


def banner_lines(
    view: View,
    now: Moment,
    width: int,
    *,
    shown: str = "",
    keys: Mapping[str, str] = NO_KEYS,
) -> tuple[Line, ...]:
    """Return the one line that must not be missed, or nothing.

    `shown` is the DARE that the page is about: of that one, nothing has to be said.
    """
    connection = view.connection
    if view.replayed:
        return (spread(line(put(view.replayed, 0, "warn")), (), width),)
    if connection.lost(now):
        return (spread(line(Span(_lost_text(view, now), "warn")), (), width),)
    run = view.run if view.running and view.run is not None and view.run.tx != shown else None
    if view.agreement is not None:
        left = line(Span(f" ! no quorum: {view.agreement.text}", "bad"))
        others = _run_beside(run, keys) if run is not None else _probation_beside(view, now)
        return (_with_beside(left, others, width),)
    if run is not None:
        seconds = length_text(now.wall - view.skew - run.began)
        text = f"{_run_text(run)} {seconds}, by {brief(run.author or '?', 16)}"
        way = line(Span(f"{keys.get('app.go_to_run', 'R')} goes there ", "key"))
        return (spread((put(text, 0, "busy"),), way, width),)
    return _probation_banner(view, now, width, keys)


def _run_text(run: DareRun) -> str:
    return f" ▶ DARE {brief(run.tx, 20)} {run.state}"


def _with_beside(left: Line, others: Sequence[Line], width: int) -> Line:
    """Return `left` and the first of `others` that fits beside it; the last one does in any case.

    What waits behind graver news goes on, so it stays in sight.
    """
    room = width - width_of(left) - 1
    fitting = (other for other in others if width_of(other) <= room)
    return spread(left, next(fitting, others[-1] if others else ()), width)


def _run_beside(run: DareRun, keys: Mapping[str, str]) -> Sequence[Line]:
    key = keys.get("app.go_to_run", "R")
    way = Span(f"  {key} goes there ", "key")
    return (
        line(put(_run_text(run), 0, "busy"), way),
        line(put(" ▶ DARE", 0, "busy"), Span(f"  {key} ", "key")),
    )


def _probation_beside(view: View, now: Moment) -> Sequence[Line]:
    """Return what becomes of a probation; without quorum, it can neither be kept nor ended."""
    if open_probation(view) is None or view.running:
        return ()
    texts = long_text(view, now), short_text(view, now)
    return tuple(line(put(f" {text} ", 0, "warn")) for text in texts)


def _probation_banner(
    view: View, now: Moment, width: int, keys: Mapping[str, str]
) -> tuple[Line, ...]:
    probation = open_probation(view)
    if probation is None or view.running:
        return ()
    keep, back = keys.get("app.confirm", "K"), keys.get("app.go_back", "B")
    ways = "" if probation.returning else f"{keep} keeps it  {back} goes back "
    tone: Tone = "bad" if probation.returning else "warn"
    text = (put(f" ! {long_text(view, now)}", 0, tone),)
    return (spread(text, line(Span(ways, "key")), width),)


def _lost_text(view: View, now: Moment) -> str:
    connection = view.connection
    if not connection.agent:
        return f" ! no agent has answered yet; trying for {age_text(connection.silent_for(now))}"
    trying = (
        f"trying {brief(connection.trying, AGENT)}" if connection.trying else "looking for another"
    )
    silent = age_text(connection.silent_for(now))
    agent = brief(connection.agent, AGENT)
    return f" ! agent {agent} lost {silent} ago, {trying}; values below are last known"
