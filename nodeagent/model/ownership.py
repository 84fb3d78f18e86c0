"""Who is in and who owns what, as the decree log says it."""

from typing import Annotated

from msgspec import Meta, Struct

NOBODY = ""
"""Owner of a group that is offline by decree."""


class Ballot(Struct, frozen=True, forbid_unknown_fields=True, order=True):
    """(round, node): totally ordered, unique to its proposer."""

    round: Annotated[int, Meta(ge=0, le=2**62)] = 0
    node: Annotated[str, Meta(max_length=63)] = ""

    def __str__(self) -> str:
        return f"{self.round}.{self.node or '-'}"


class Token(Struct, frozen=True, forbid_unknown_fields=True, order=True):
    """Fencing token of a command: later decrees outrank earlier ones."""

    generation: int = 0
    slot: int = 0
    ballot: Ballot = Ballot()

    def __str__(self) -> str:
        return f"{self.generation}.{self.slot}.{self.ballot}"


class Standing(Struct, frozen=True, forbid_unknown_fields=True):
    """What the last decree established.

    `view` maps each node that is in to its incarnation (a counter that grows with every start of
    its agent); `owners` maps each group to its one owner or to NOBODY.
    """

    slot: int = -1
    epoch: int = 0
    generation: int = 1
    digest: str = ""
    view: dict[str, int] = {}
    owners: dict[str, str] = {}
