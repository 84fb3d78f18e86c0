"""A short past of the cluster that stories are told about: two changes, and a takeover between."""

from collections.abc import Mapping

from nodeagent.config.digest import file_digest
from nodeagent.model.choice import Candidate, Choice
from nodeagent.wire.ledger import LedgerEntry
from tests.support.story import WALL

CHOICE = Choice(
    "web", "bravo", "alpha", "bravo is not in; fallover next-node",
    (Candidate("alpha", "chosen", "its home node"), Candidate("bravo", "out", "is not in")),
)  # fmt: skip


def texts(before: str, now: str) -> Mapping[str, tuple[int, str]]:
    """Return epoch and text of the two configurations by their digests, the older one first."""
    return {file_digest(text.encode()): (epoch, text) for epoch, text in ((16, before), (17, now))}


def entries(before: str, now: str, reason: str = "home first") -> tuple[LedgerEntry, ...]:
    """Return the ledger, newest first; `before` and `now` are digests."""
    return (
        LedgerEntry(9, "change", "d9", "d8", 17, now, "alpha", ("alpha", "bravo"), "t9",
                    at=WALL - 60, seconds=0.4, author="ann", reason=reason),
        LedgerEntry(8, "view", "d8", "d7", 16, before, "alpha", ("alpha", "charlie"),
                    at=WALL - 90, text="bravo is down, web: bravo > alpha",
                    moved=(("web", "bravo", "alpha"),), choices=(CHOICE,)),
        LedgerEntry(7, "change", "d7", "d6", 16, before, "bravo", ("alpha", "bravo"), "t7",
                    at=WALL - 900, author="bob"),
    )  # fmt: skip
