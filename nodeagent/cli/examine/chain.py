"""Follows the ledger's hash chain, entry by entry, and says which entry is broken.

Each entry names the digest of the one before it, and that digest covers what the earlier entry
itself names. So what was changed shows at the entry after it:

    one link is broken, others follow    the older entry of the two was changed: the later ones
                                         still vouch for each other
    two links side by side are broken    the entry between them was changed, what it names included
    only the newest link is broken       either one: nothing later vouches for the newest

Nothing vouches for the newest entry itself but the same entry on other nodes.
"""

from collections.abc import Iterator, Sequence

from nodeagent.cli.examine.codes import Finding, finding
from nodeagent.core.log import chain_digest
from nodeagent.wire.peer import Aborted, Commit, Confirmed, Decree, ViewChange

SHOWN = 16
"""So many digits of a digest are shown here and in the console's ledger."""


def judge_chain(decrees: Sequence[Decree], file: str) -> tuple[str, list[Finding]]:
    """Return what the ledger is, and each of its entries that the chain does not hold.

    `decrees` are those of one journal, from slot 0 on without a gap; `file` is named in findings.
    """
    if not decrees:
        return "no entry", []
    newest = decrees[-1]
    about = f"{len(decrees)} entries, newest {_named(newest)}, digest {_short(newest)}"
    return about, list(_broken(decrees, file))


def _broken(decrees: Sequence[Decree], file: str) -> Iterator[Finding]:
    slot, last = 1, len(decrees) - 1
    if decrees[0].previous:
        yield finding("E646", file, f"{_named(decrees[0])} names one before it, and is the first")
        slot = 2  # the link behind it is broken by the same change
    while slot <= last:
        older, newer = decrees[slot - 1 : slot + 1]
        if _follows(newer, older):
            slot += 1
            continue
        if slot == last:
            yield finding("E641", file, _at_the_end(older, newer))
        elif _follows(decrees[slot + 1], newer):
            yield finding("E646", file, _before_others(older, newer))
        else:
            yield finding("E646", file, _alone(newer))
            slot += 1  # as above
        slot += 1


def _follows(newer: Decree, older: Decree) -> bool:
    return newer.previous == chain_digest(older)


def _alone(decree: Decree) -> str:
    slot = decree.slot
    return f"{_named(decree)} neither follows entry {slot - 1} nor is what entry {slot + 1} follows"


def _at_the_end(older: Decree, newer: Decree) -> str:
    return (
        f"{_named(newer)} follows digest {newer.previous[:SHOWN]}, and {_named(older)} has "
        f"{_short(older)}: one of the two is not what was decided"
    )


def _before_others(older: Decree, newer: Decree) -> str:
    return (
        f"{_named(older)} has digest {_short(older)}, and entry {newer.slot}, which later ones "
        f"vouch for, follows {newer.previous[:SHOWN]}"
    )


def _short(decree: Decree) -> str:
    return chain_digest(decree)[:SHOWN]


def _named(decree: Decree) -> str:
    """Return an entry for people: its number, and what it is."""
    return f"entry {decree.slot} ({_kind(decree)})"


def _kind(decree: Decree) -> str:
    match decree.value:
        case Commit() as value:
            return f"change to epoch {value.epoch}"
        case Aborted():
            return "abort"
        case ViewChange():
            return "view"
        case Confirmed():
            return "confirmation"
        case _:
            return "forgotten node"
