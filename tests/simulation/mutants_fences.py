"""Mutants of fencing: what counts as a proof, and for how long."""

from typing import Any

from nodeagent.core import fenced
from nodeagent.core.fencing import Fencing
from nodeagent.core.records import may_hold_after
from nodeagent.core.shared import Shared
from nodeagent.wire.peer import FenceNote
from tests.simulation.mutants_kit import Mutant, nothing, original

_HEARD = original(fenced, "heard")
_FINISHED = original(Fencing, "finished")


def _done_anyway(self: Fencing, event: Any) -> None:
    _FINISHED(self, type(event)(event.op, ok=True))


def _proofs_only(shared: Shared, value: Any) -> None:
    shared.fenced -= may_hold_after(value)


def _any_news(shared: Shared, sender: str, m: Any) -> None:
    _HEARD(shared, sender, m)
    if isinstance(m, FenceNote) and m.state == "done":
        shared.fenced.add(m.node)


def _any_life(shared: Shared) -> str:
    others = [voter for voter in shared.log.voters if voter != shared.name]
    return others[0] if len(others) == 1 else ""


MUTANTS = (
    Mutant(
        "a life that is not in fences for a vote",
        "one of two that comes back waits until the other has counted it in",
        ((fenced, "other_vote", _any_life),),
    ),
    Mutant(
        "a fence is a vote for ever",
        "whose vote a fence stood for votes itself again once it is in",
        ((fenced, "decided", _proofs_only),),
    ),
    Mutant(
        "a fence that failed counts as done",
        "only a fence that is confirmed proves anything",
        ((Fencing, "finished", _done_anyway),),
    ),
    Mutant(
        "a fence is good for ever",
        "a node that was counted in again may hold something again",
        ((fenced, "decided", nothing),),
    ),
    Mutant(
        "news of any fence count",
        "a fence is good for the decree at which it was begun, and the life until then",
        ((fenced, "heard", _any_news),),
    ),
)
