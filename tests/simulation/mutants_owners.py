"""Mutants of ownership: leases, proofs of release, the takeover wait and the watchdog."""

from typing import Any

from nodeagent.core import inbox, unended
from nodeagent.core.claims import Claims
from nodeagent.core.governor import Governor
from nodeagent.core.groups import GroupRunner
from nodeagent.core.keeper import Keeper
from nodeagent.core.lease import Lease
from nodeagent.core.node import Node
from nodeagent.core.participant import Participant
from nodeagent.core.proofs import Proofs
from nodeagent.core.shared import Shared
from nodeagent.wire.peer import LeaseAck, ProbeReply
from tests.simulation.mutants_kit import Mutant, always, nothing, original

_ON_OWNERSHIP = original(inbox, "_on_ownership")
_MAY_HOLD = original(inbox, "may_hold")
_VALID = original(Lease, "valid_until_ms")
_STOPPED = original(GroupRunner, "_stopped")
_START = original(Node, "start")
_HOLD = original(unended, "hold")


def _gives_up_what_runs(shared: Shared, _: object, held: frozenset[str]) -> None:
    _HOLD(shared, (), held)


def _lease_wait_only(self: Shared, _: str) -> int:
    return self.timing.lease_ms


def _any_member(node: Node, sender: str, incarnation: int, slot: int) -> bool:
    """Grant a lease to who is in, whatever was accepted since."""
    standing = node.shared.log.standing
    return slot >= standing.slot and standing.view.get(sender) == incarnation


def _any_slot(node: Node, sender: str, incarnation: int, slot: int) -> bool:
    return bool(_MAY_HOLD(node, sender, incarnation, max(slot, node.shared.log.standing.slot)))


def _any_life(self: Governor, node: str) -> int | None:
    alive = self.shared.alive(node)
    known = self.shared.log.standing.view.get(node)
    return self.shared.hearts.peers[node].beat.incarnation if alive else known


def _anybody(_: Node, __: str, ___: int, ____: int) -> bool:
    return True


def _from_the_ack(node: Node, sender: str, incarnation: int, m: Any) -> None:
    if not isinstance(m, LeaseAck):
        _ON_OWNERSHIP(node, sender, incarnation, m)
        return
    lease = node.shared.lease
    lease.acknowledged[sender] = node.shared.now.ms
    lease._known = None


def _too_long(self: Lease, *rest: Any) -> int:
    return int(_VALID(self, *rest)) + 6_000


def _old_word(self: Proofs, sender: str, m: ProbeReply, _: int) -> None:
    for group, inquiry in self._open.items():
        if group not in m.held:
            inquiry.answered.add(sender)


def _excuses_the_silent(_: Proofs, shared: Shared, node: str, __: object) -> bool:
    return not shared.alive(node)


def _stopped_anyway(self: GroupRunner, name: str, event: Any, now: Any) -> Any:
    return _STOPPED(self, name, type(event)(event.op, ok=True), now)


def _holds_from_file(self: Node, now: Any) -> Any:
    """Start what the last known decree gave this node, before anybody has counted it in."""
    effects = _START(self, now)
    standing = self.shared.log.standing
    self.shared.incarnation = standing.view.get(self.shared.name, self.shared.incarnation)
    return effects


MUTANTS = (
    Mutant(
        "no proof of release",
        "nobody acquires before the others said that they hold nothing",
        ((Proofs, "missing", lambda *_: ()),),
    ),
    Mutant(
        "no takeover wait",
        "what a lost node held is left alone until it must have stopped",
        ((Shared, "wait_for_ms", lambda *_: 0),),
    ),
    Mutant(
        "short takeover wait",
        "the wait covers the watchdog, too, not the lease alone",
        ((Shared, "wait_for_ms", _lease_wait_only),),
    ),
    Mutant(
        "who is silent is excused",
        "silence proves nothing while the node is in by decree",
        ((Proofs, "_excused", _excuses_the_silent),),
    ),
    Mutant(
        "any word of release counts",
        "a proof is given at the decree that asks for it",
        ((Proofs, "answered", _old_word),),
    ),
    Mutant(
        "a renamed group is another one",
        "what has the same address is stopped under one name before it starts under the other",
        ((Claims, "others", lambda *_: ()),),
    ),
    Mutant(
        "always released",
        "a group is held until its last stop succeeded",
        ((GroupRunner, "held", always(False)),),
    ),
    Mutant(
        "a stop that failed counts as done",
        "what could not be stopped may still run",
        ((GroupRunner, "_stopped", _stopped_anyway),),
    ),
    Mutant(
        "what could not be ended is called released",
        "what an earlier life started is held until it is stopped",
        ((unended, "hold", _gives_up_what_runs),),
    ),
    Mutant(
        "lease is not enforced",
        "who has no lease lets go",
        ((Shared, "lease_valid", always(True)),),
    ),
    Mutant(
        "lease lasts too long",
        "a lease ends when it was said to end",
        ((Lease, "valid_until_ms", _too_long),),
    ),
    Mutant(
        "lease counted from the answer",
        "a lease runs from the sending of the request",
        ((inbox, "_on_ownership", _from_the_ack),),
    ),
    Mutant(
        "voter grants a lease against its own acceptance",
        "who accepted a decree without a node renews no lease of it",
        ((inbox, "may_hold", _any_member),),
    ),
    Mutant(
        "who missed a decree is counted in and granted a lease",
        "who is in knows what was taken from it while it was out",
        ((inbox, "may_hold", _any_slot), (Governor, "_life", _any_life)),
    ),
    Mutant(
        "voter grants everybody a lease",
        "only who is in by decree, in this life, may hold anything",
        ((inbox, "may_hold", _anybody),),
    ),
    Mutant(
        "no watchdog on a frozen node",
        "a frozen holder is reset before others take over",
        ((Keeper, "_pet", nothing),),
    ),
    Mutant(
        "nothing is let go",
        "reconcile releases what is not this node's",
        ((Keeper, "_let_go", nothing),),
    ),
    Mutant(
        "an open DARE does not block acquiring",
        "what a staged DARE governs is left to it",
        ((Participant, "touched", always(frozenset())),),
    ),
    Mutant(
        "groups start from the own file alone",
        "a restarted node holds nothing before it is counted in again",
        ((Node, "start", _holds_from_file),),
    ),
)
