"""The ledger: what was decided, as a console reads it. It is the decree log, in pages."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from nodeagent.model.choice import Choice

EntryKind = Literal["change", "abort", "view", "confirm", "forget"]
LedgerPage = Annotated[int, Meta(ge=1, le=100)]


class GetLedger(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask for decided values, the newest first: those before slot `before` (-1: from the last on).

    `group`: only those with which this group changed its owner ("": all). `changes`: only changes
    of the configuration, and what was aborted or confirmed.
    """

    before: Annotated[int, Meta(ge=-1, le=2**62)] = -1
    limit: LedgerPage = 50
    group: Annotated[str, Meta(max_length=63)] = ""
    changes: bool = False


class LedgerEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """One decided value. `digest` is the hash of its decree, `previous` that of the one before.

    `at` is Unix seconds by the clock of `by`, who proposed it (0: not recorded); `seconds` how long
    the DARE had taken until then. `epoch` and `file` (file digest) are those of the configuration
    in force after it. `author` and `reason` say who wanted it and why, `text` why it was aborted,
    or what a view followed from. `moved` are (group, from, to).
    """

    slot: int
    kind: EntryKind
    digest: str
    previous: str
    epoch: int
    file: str
    by: str
    accepted_by: tuple[str, ...]
    tx: str = ""
    at: float = 0.0
    seconds: float = 0.0
    author: str = ""
    reason: str = ""
    text: str = ""
    generation: int = 0
    probation_seconds: int = 0
    members: tuple[str, ...] = ()
    moved: tuple[tuple[str, str, str], ...] = ()
    choices: tuple[Choice, ...] = ()


class Ledger(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A page, the newest entry first. `more`: there are older ones that were asked for."""

    entries: tuple[LedgerEntry, ...] = ()
    more: bool = False
