"""Mutants of the probation: who may confirm it, and who remembers that it must end."""

from typing import Any

from nodeagent.core import desk
from nodeagent.core.log import DecreeLog
from nodeagent.core.node import Node
from nodeagent.core.probation import ProbationWatch
from nodeagent.wire.peer import Confirmed
from tests.simulation.mutants_kit import Mutant, nothing, original

_CERTIFIED = original(DecreeLog, "certified")
_INIT = original(Node, "__init__")


def _confirms_alone(self: DecreeLog, value: Any, accepted_by: Any, *rest: Any) -> bool:
    if isinstance(value, Confirmed) and accepted_by:
        return True
    return bool(_CERTIFIED(self, value, accepted_by, *rest))


def _forgets(self: Node, *rest: Any) -> None:
    _INIT(self, *rest)
    self.shared.log.probation = None


def _counts_nothing(self: ProbationWatch, _: object) -> str:
    return "not confirmed, however short it was"


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "confirmed by a minority",
        "a confirmation is decided like any decree",
        ((DecreeLog, "certified", _confirms_alone),),
    ),
    Mutant(
        "probation forgotten after a restart",
        "a node that starts anew knows that a probation is open",
        ((Node, "__init__", _forgets),),
    ),
    Mutant(
        "another change during a probation",
        "what is on probation is confirmed or returned before anything else",
        ((desk, "_on_probation", nothing),),
    ),
    Mutant(
        "a probation that ends before its time",
        "a node counts the whole time before it brings the previous configuration back",
        ((ProbationWatch, "_over", _counts_nothing),),
    ),
)
