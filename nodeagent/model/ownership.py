"""Who is in and who owns what, as the decree log says it."""

from typing import Annotated

from msgspec import Meta, Struct

NOBODY = ""
"""Owner of a group that is offline by decree."""


_MARK_BITS = 20
MARKS = 1 << _MARK_BITS
"""How many marks there are to tell two agents apart that count the same life."""


def incarnation_of(life: int, mark: int) -> int:
    """Return the number of one start of an agent: its `life` counted on its disk, and a mark.

    The mark is drawn at random at each start. A state directory that was set back to an older copy
    counts the same life a second time, and is known by the other mark.
    """
    return life << _MARK_BITS | mark % MARKS


def life_of(incarnation: int) -> int:
    """Return which start of its agent an incarnation is, 1 for the first."""
    return incarnation >> _MARK_BITS


def is_older(incarnation: int, known: int) -> bool:
    """Return whether an agent of this incarnation has forgotten what the `known` one did."""
    return incarnation != known and life_of(incarnation) <= life_of(known)


class Ballot(Struct, frozen=True, forbid_unknown_fields=True, order=True):
    """(round, node): totally ordered, unique to its proposer."""

    round: Annotated[int, Meta(ge=0, le=2**62)] = 0
    node: Annotated[str, Meta(max_length=63)] = ""

    def __str__(self) -> str:
        return f"{self.round}.{self.node or '-'}"


class Token(Struct, frozen=True, forbid_unknown_fields=True, order=True):
    """Fencing token of a command: later decrees outrank earlier ones.

    What a DARE orders before its slot is `decided` ranks below what the decree of that slot orders:
    after an abort the old owner takes back what the new one had begun to take.
    """

    generation: int = 0
    slot: int = 0
    ballot: Ballot = Ballot()
    decided: bool = False

    def __str__(self) -> str:
        return f"{self.generation}.{self.slot}.{self.ballot}{'' if self.decided else '.tentative'}"


class Standing(Struct, frozen=True, forbid_unknown_fields=True):
    """What the last decree established.

    `view` maps each node that is in to its incarnation, which grows with every start of its
    agent; `owners` maps each group to its one owner or to NOBODY.
    """

    slot: int = -1
    epoch: int = 0
    generation: int = 1
    digest: str = ""
    view: dict[str, int] = {}
    owners: dict[str, str] = {}
