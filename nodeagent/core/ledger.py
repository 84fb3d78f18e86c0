"""The decree log as a ledger for people: every decided value with its time, author and reason.

The log is hash-chained, the same on every node, and checked whenever it is read, so nothing has to
be kept beside it. Told: the log. Returns: pages of entries.
"""

from collections.abc import Iterator

import msgspec
from msgspec import UNSET

from nodeagent.core.log import DecreeLog, chain_digest
from nodeagent.model.ownership import NOBODY
from nodeagent.wire.codec import encode
from nodeagent.wire.ledger import EntryKind, GetLedger, Ledger, LedgerEntry
from nodeagent.wire.peer import (
    Aborted,
    Commit,
    Confirmed,
    Decree,
    Forget,
    Stamp,
    Value,
    ViewChange,
)

BYTES_MAX = 400_000
_KINDS: dict[type[Value], EntryKind] = {
    Commit: "change",
    Aborted: "abort",
    ViewChange: "view",
    Confirmed: "confirm",
    Forget: "forget",
}


def page(log: DecreeLog, request: GetLedger) -> Ledger:
    """Return the newest entries that were asked for, as many as fit into one message."""
    found: list[LedgerEntry] = []
    size = 0
    for entry in reversed(list(_entries(log, request.before))):
        if not _wanted(entry, request):
            continue
        size += len(encode(entry))
        if len(found) == request.limit or (found and size > BYTES_MAX):
            return Ledger(tuple(found), more=True)
        found.append(entry)
    return Ledger(tuple(found))


def _wanted(entry: LedgerEntry, request: GetLedger) -> bool:
    if request.group and request.group not in {group for group, _, _ in entry.moved}:
        return False
    return not request.changes or entry.kind in {"change", "abort", "confirm"}


def _entries(log: DecreeLog, before: int) -> Iterator[LedgerEntry]:
    owners: dict[str, str] = {}
    epoch, file = 0, ""
    for decree in log.decrees:
        if 0 <= before <= decree.slot:
            return
        value = decree.value
        if isinstance(value, Commit):
            epoch, file = value.epoch, value.digest
        after = value.owners if isinstance(value, Commit | ViewChange) else owners
        yield _entry(decree, epoch, file, tuple(_moved(owners, after)))
        owners = dict(after)


def _moved(before: dict[str, str], after: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    for group in dict.fromkeys((*before, *after)):
        source, target = before.get(group, NOBODY), after.get(group, NOBODY)
        if source != target:
            yield group, source, target


def _entry(
    decree: Decree, epoch: int, file: str, moved: tuple[tuple[str, str, str], ...]
) -> LedgerEntry:
    value = decree.value
    stamp = Stamp(0.0) if isinstance(value, Forget) or value.stamp is UNSET else value.stamp
    entry = LedgerEntry(
        slot=decree.slot,
        kind=_KINDS[type(value)],
        digest=chain_digest(decree),
        previous=decree.previous,
        epoch=epoch,
        file=file,
        by=decree.ballot.node,
        accepted_by=decree.accepted_by,
        at=stamp.at,
        seconds=stamp.seconds,
        author=stamp.author,
        reason=stamp.reason,
        moved=moved,
    )
    return msgspec.structs.replace(entry, **_own_part(value))


def _own_part(value: Value) -> dict[str, object]:
    """Return what only this kind of value has to tell."""
    match value:
        case Commit():
            return {
                "tx": value.tx,
                "author": value.author,
                "reason": value.reason,
                "generation": value.generation,
                "members": tuple(value.view),
                "choices": () if value.choices is UNSET else value.choices,
                "probation_seconds": 0 if value.probation is UNSET else value.probation.seconds,
            }
        case Aborted():
            return {"tx": value.tx, "text": value.reason}
        case ViewChange():
            choices = () if value.choices is UNSET else value.choices
            return {"text": value.cause, "members": tuple(value.view), "choices": choices}
        case Confirmed():
            return {"tx": value.tx, "author": value.author}
        case Forget():
            return {"text": f"the tombstone of {value.node} may go"}
