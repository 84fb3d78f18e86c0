"""The past section: what was decided, as a list, and one entry in full."""

import re
from collections.abc import Iterator, Sequence

from nodeagent.config.blame import blame
from nodeagent.config.diff import diff
from nodeagent.config.load import load
from nodeagent.model.plan import Change
from nodeagent.wire.ledger import LedgerEntry
from tui.viewmodels.ages import Moment
from tui.viewmodels.changes import change_line
from tui.viewmodels.ledger import age_of, entry_lines, what_text, when_text
from tui.viewmodels.panes import Column, Pane, column_width, header, row, titled, toned
from tui.viewmodels.spans import Line, Row, Span, Tone, line, put, wrap

Texts = dict[str, str]
"""Decided configurations by their file digest, as far as they were fetched."""
WIDE = 100
_LABEL = re.compile(r"[a-z]+ {2,}")
"""The label of a line of an entry, with the blanks up to its text."""
HEAD = 3
"""Lines of an entry that come before what it changed: which it is, when, and what."""
_TONES: dict[str, Tone] = {"abort": "warn", "view": "dim", "confirm": "ok"}


def key_of(entry: LedgerEntry) -> str:
    """Return what names an entry in the list."""
    return f"slot:{entry.slot}"


def past_pane(
    entries: Sequence[LedgerEntry], now: Moment, width: int, *, everything: bool, more: bool
) -> Pane:
    """Return the list, the newest entry first."""
    wide = width >= WIDE
    names = (entry.author or entry.by for entry in entries)
    who = column_width("Who", names, 14 if wide else 10)
    columns = [Column("Epoch", 6), Column("Decided", 21 if wide else 10), Column("Who", who)]
    taken = 3 + sum(column.width + 2 for column in columns)
    columns.append(Column("What, and why", max(10, width - taken)))
    rows = tuple(_row(entry, before, now, columns, width) for entry, before in _pairs(entries))
    words: list[Span | str] = [Span("Past ", "head"), f"{len(entries)} decided"]
    words.append(toned(", views too" if everything else ", changes only", "accent"))
    right = [toned("older ones are left out", "dim")] if more else ()
    return Pane((titled(words, width, right), header(columns, width)), rows)


def _pairs(entries: Sequence[LedgerEntry]) -> Iterator[tuple[LedgerEntry, LedgerEntry | None]]:
    for index, entry in enumerate(entries):
        older = (other for other in entries[index + 1 :] if other.kind == "change")
        yield entry, next(older, None)


def _row(
    entry: LedgerEntry,
    before: LedgerEntry | None,
    now: Moment,
    columns: Sequence[Column],
    width: int,
) -> Row:
    wide = width >= WIDE
    tone = _TONES.get(entry.kind, "")
    what = what_text(entry, before)
    told = f"{what}: {entry.reason}" if entry.reason else what
    when = when_text(entry.at) if wide else age_of(entry, now.wall)
    epoch = str(entry.epoch) if entry.kind == "change" else ""
    cells = (put(epoch), put(when, 0, "dim"), put(entry.author or entry.by), put(told, 0, tone))
    return Row(key_of(entry), row(columns, cells, width))


def entry_page(
    entry: LedgerEntry,
    before: LedgerEntry | None,
    changes: Sequence[Change] | None,
    width: int,
    why: str = "",
) -> list[Line]:
    """Return one entry in full; `changes` is None while the texts are still fetched.

    `why` says why they are not, if they cannot be.
    """
    told = entry_lines(entry, before)
    lines = [[line("  ", put(part)) for part in _folded(text, width)] for text in told]
    if entry.kind == "change":
        lines.insert(HEAD, _change_lines(changes, width, why))
    return [part for group in lines for part in group]


def _change_lines(changes: Sequence[Change] | None, width: int, why: str) -> list[Line]:
    if changes is None and why:
        told = wrap(f"the difference could not be fetched: {why}", width - 4)
        return [line("  ", put(part, 0, "warn")) for part in told]
    if changes is None:
        return [line("  ", put("the difference is fetched", 0, "dim"))]
    texts = [change_line(one) for one in changes]
    return [
        line("    ", put(part, 0, "strong")) for text in texts for part in wrap(text, width - 6)
    ]


def _folded(text: str, width: int) -> list[str]:
    """Return a line in parts; what follows a label stays in its column."""
    if len(text) <= width - 4:
        return [text]
    found = _LABEL.match(text)
    label = found.group() if found else ""
    parts = wrap(text[len(label) :], width - 4 - len(label))
    return [f"{'' if index else label:{len(label)}}{part}" for index, part in enumerate(parts)]


def changes_between(old: str, new: str) -> tuple[Change, ...]:
    """Return what differs between two decided texts; nothing where one cannot be read here."""
    before, after = (load(text.encode(), "decided").configuration for text in (old, new))
    return diff(before, after) if before is not None and after is not None else ()


def before_of(entries: Sequence[LedgerEntry], entry: LedgerEntry) -> LedgerEntry | None:
    """Return the change before `entry` among `entries`, the newest first."""
    older = [one for one in entries if one.kind == "change" and one.slot < entry.slot]
    return max(older, key=lambda one: one.slot, default=None)


def compared(entries: Sequence[LedgerEntry], entry: LedgerEntry | None) -> tuple[int, int] | None:
    """Return the epochs that are compared at `entry`: its own and the newest.

    At the newest it is the one before; None where there are not two.
    """
    epochs = sorted({one.epoch for one in entries if one.kind == "change"})
    if entry is None or len(epochs) < 2:
        return None
    own = max((epoch for epoch in epochs[:-1] if epoch <= entry.epoch), default=epochs[0])
    return own, epochs[-1]


def blamed(
    entries: Sequence[LedgerEntry], texts: Texts, path: tuple[str, ...]
) -> LedgerEntry | None:
    """Return who gave the field at `path` its present value, None where that is not known."""
    known = [one for one in reversed(entries) if one.kind == "change" and one.file in texts]
    return blame([(one, texts[one.file].encode()) for one in known]).get(path)
