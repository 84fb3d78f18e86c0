"""What was decided, as lines: the ledger's entries, and why a group is where it is."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from nodeagent.model.choice import Choice
from nodeagent.wire.ledger import LedgerEntry
from nodeagent.wire.live import EventLine, NodeLive
from tui.viewmodels.ages import age_text

UNKNOWN_TIME = "-"
WORDS = {
    "change": "change",
    "abort": "aborted",
    "view": "view",
    "confirm": "confirmed",
    "forget": "forgotten",
}
Row = tuple[str, ...]


def when_text(at: float) -> str:
    """Return a moment as 2026-11-26 07:01:12Z, "-" where it was not recorded."""
    if at <= 0:
        return UNKNOWN_TIME
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}Z"


def what_text(entry: LedgerEntry, before: LedgerEntry | None = None) -> str:
    """Return what a decided value did, in a few words; `before` is the change before it."""
    if entry.kind == "abort":
        return f"aborted and undone: {entry.text}" if entry.text else "aborted and undone"
    if entry.kind == "confirm":
        return "confirmed: it stays"
    if entry.kind in {"view", "forget"}:
        return entry.text
    if entry.slot == 0:
        return "the first configuration"
    if entry.generation:
        return f"generation {entry.generation} opened by force"
    moves = ", ".join(move_text(move) for move in entry.moved)
    same_file = before is not None and before.file == entry.file
    words = [moves] if moves else []
    if not same_file:
        words.insert(0, "configuration")
    if entry.probation_seconds:
        words.append(f"on probation for {entry.probation_seconds} s")
    return ", ".join(words) or "nothing"


def move_text(move: tuple[str, str, str]) -> str:
    """Return a change of owner as ``web: alpha > bravo``."""
    group, source, target = move
    return f"{group}: {source or 'nobody'} > {target or 'nobody'}"


def history_rows(entries: Sequence[LedgerEntry]) -> Iterator[Row]:
    """Yield a heading, then a row for each entry, the newest first."""
    yield "slot", "epoch", "decided", "took", "who", "what", "why"
    for index, entry in enumerate(entries):
        older = (other for other in entries[index + 1 :] if other.kind == "change")
        yield (
            str(entry.slot),
            str(entry.epoch) if entry.kind == "change" else "",
            when_text(entry.at),
            f"{entry.seconds:.1f}s" if entry.seconds else "",
            entry.author or entry.by,
            what_text(entry, next(older, None)),
            entry.reason,
        )


def broken_chain(entries: Sequence[LedgerEntry]) -> str:
    """Return where entries without a gap do not follow each other, "" where all do."""
    for newer, older in pairwise(entries):
        if newer.slot == older.slot + 1 and newer.previous != older.digest:
            return f"slot {newer.slot} does not follow from slot {older.slot}"
    return ""


def entry_lines(entry: LedgerEntry, before: LedgerEntry | None = None) -> list[str]:
    """Return everything about one decided value but the difference to the change `before` it."""
    lines = [
        f"slot {entry.slot}: {WORDS[entry.kind]}, epoch {entry.epoch} ({entry.file[:12]})",
        f"when     {when_text(entry.at)} by the clock of {entry.by or 'nobody'}",
        f"what     {what_text(entry, before)}",
    ]
    if entry.author:
        lines.append(f"who      {entry.author}")
    if entry.reason:
        lines.append(f"why      {entry.reason}")
    if entry.seconds:
        lines.append(f"took     {entry.seconds:.1f} s until it was decided")
    if entry.members:
        lines.append(f"in       {', '.join(entry.members)}")
    lines.append(f"decided  by {', '.join(entry.accepted_by) or 'nobody but an operator'}")
    lines.append(f"digest   {entry.digest[:16]} after {entry.previous[:16] or 'nothing'}")
    for choice in entry.choices:
        lines += ["", *choice_lines(choice)]
    return lines


def choice_lines(choice: Choice) -> list[str]:
    """Return a choice: the rule, then each candidate with what speaks for or against it."""
    move = move_text((choice.group, choice.source, choice.target))
    width = max((len(one.node) for one in choice.candidates), default=0)
    return [
        f"{move}, because {choice.rule}",
        *(
            f"  {one.node.ljust(width)}  {one.verdict:8}  {one.reason}".rstrip()
            for one in choice.candidates
        ),
    ]


def why_lines(
    group: str,
    owner: str,
    nodes: Sequence[NodeLive],
    entry: LedgerEntry | None,
    events: Sequence[EventLine],
) -> list[tuple[str, str]]:
    """Return the chain (word, text): where it is, event, rule, candidates, action, result.

    `entry`: the last decided value with which the group changed its owner. All of it is from
    records but the first line, which is the state of now.
    """
    lines = [("now", f"on {owner}" if owner else "on no node")]
    if entry is None:
        return [*lines, ("event", "no change of its owner is recorded")]
    cause = entry.text or _cause_of_change(entry)
    lines.append(("event", f"{cause} (slot {entry.slot}, {when_text(entry.at)})"))
    choice = next((one for one in entry.choices if one.group == group), None)
    if choice is None:
        lines.append(("rule", "not recorded with this decision"))
    else:
        lines.append(("rule", choice.rule))
        words = [f"{one.node}: {one.verdict}, {one.reason}" for one in choice.candidates]
        lines += [("candidates" if not index else "", text) for index, text in enumerate(words)]
    moves = [move_text(move) for move in entry.moved if move[0] == group]
    accepted = ", ".join(entry.accepted_by) or "an operator"
    lines.append(("action", f"{', '.join(moves)}; proposed by {entry.by}, accepted by {accepted}"))
    return [*lines, *_result(group, nodes, entry, events)]


def _cause_of_change(entry: LedgerEntry) -> str:
    who = f" by {entry.author}" if entry.author else ""
    why = f": {entry.reason}" if entry.reason else ""
    return f"epoch {entry.epoch}{who}{why}"


def _result(
    group: str, nodes: Sequence[NodeLive], entry: LedgerEntry, events: Sequence[EventLine]
) -> Iterator[tuple[str, str]]:
    told = [event for event in events if event.subject == group and event.time >= entry.at - 1.0]
    for index, event in enumerate(told[:6]):
        text = f"{when_text(event.time)} {event.node}: {event.text}"
        yield ("" if index else "result"), text
    for node in nodes:
        for live in node.groups:
            if live.group == group:
                since = f" since {when_text(live.since)}" if live.since else ""
                yield "state", f"{live.state} on {node.node}{since}"


def age_of(entry: LedgerEntry, now: float) -> str:
    """Return how long ago it was decided, "" where that is not known."""
    return f"{age_text(now - entry.at)} ago" if entry.at > 0 else ""
