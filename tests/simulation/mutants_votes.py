"""Mutants of the decision: ballots, promises, certificates, the chain, and who is in."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from nodeagent.config.quorum import majority
from nodeagent.core import inbox, records
from nodeagent.core import node as node_module
from nodeagent.core.coordinator import Coordinator
from nodeagent.core.decree import Acceptor, Proposer
from nodeagent.core.effects import Effect, Persist
from nodeagent.core.governor import Governor
from nodeagent.core.heartbeat import Heartbeats
from nodeagent.core.log import DecreeError, DecreeLog, chain_digest
from nodeagent.core.node import Node
from nodeagent.core.records import AcceptedAgain, AcceptedValue, Promised
from nodeagent.model.ownership import Ballot
from nodeagent.wire.peer import Accept, Accepted, Commit, Decree, Prepare, Refuse, Value, Withdraw
from tests.simulation.mutants_kit import Mutant, always, everywhere, nothing, original

_STEP = original(Node, "step")
_PREPARE = original(Acceptor, "on_prepare")
_ACCEPT = original(Acceptor, "on_accept")
_OBJECTION = original(Acceptor, "_objection")
_ON_ASK = original(inbox, "_on_ask")
_ON_REFUSE = original(inbox, "_on_refuse")
_DECIDED = original(records, "_decided")
_COMPACT = original(records, "compact")


def _certified_by_new_alone(
    self: DecreeLog, value: Value, accepted_by: Collection[str], _: Collection[str] = ()
) -> bool:
    voters = self.voters_after(value) if isinstance(value, Commit) else self.voters
    return majority(voters, accepted_by)


def _certified_by_old_alone(
    self: DecreeLog, _: Value, accepted_by: Collection[str], __: Collection[str] = ()
) -> bool:
    return self.decides(accepted_by)


def _certified_by_one(
    _: DecreeLog, __: Value, accepted_by: Collection[str], ___: Collection[str] = ()
) -> bool:
    return bool(accepted_by)


def _certified_by_anybody(
    self: DecreeLog, value: Value, accepted_by: Collection[str], _: Collection[str] = ()
) -> bool:
    voters = self.voters_after(value) if isinstance(value, Commit) else self.voters
    return min(len(self.voters), len(voters)) < 2 * len(accepted_by)


def _half(voters: Collection[str], of: Collection[str], _: str = "") -> bool:
    return len(set(voters) & set(of)) * 2 >= len(voters)


def _stale_accept(self: Acceptor, m: Accept) -> Any:
    self.promised = min(self.promised, m.ballot)
    return _ACCEPT(self, m)


def _second_value(self: Acceptor, m: Accept) -> Any:
    self.accepted = None  # as if nothing had been accepted under this ballot
    return _ACCEPT(self, m)


def _promise_untold(self: Acceptor, m: Prepare, digest: str) -> Any:
    reply, effects = _PREPARE(self, m, digest)
    return reply, [e for e in effects if not isinstance(getattr(e, "record", None), Promised)]


def _acceptance_untold(self: Acceptor, m: Accept) -> Any:
    reply, effects = _ACCEPT(self, m)
    accepted = AcceptedValue | AcceptedAgain
    return reply, [e for e in effects if not isinstance(getattr(e, "record", None), accepted)]


def _disk_last(self: Node, event: object, now: object) -> list[Effect]:
    effects: list[Effect] = _STEP(self, event, now)
    first = [effect for effect in effects if not isinstance(effect, Persist)]
    return first + [effect for effect in effects if isinstance(effect, Persist)]


def _own_promise_untold(node: Node, sender: str, m: Any) -> None:
    before = len(node.shared.out)
    _ON_ASK(node, sender, m)
    if sender == node.shared.name:
        new = node.shared.out[before:]
        kept = [e for e in new if not isinstance(getattr(e, "record", None), Promised)]
        node.shared.out[before:] = kept


def _same_ballot(self: Governor) -> Ballot:
    self.round_seen = max(self.round_seen, self.acceptor.promised.round, 1)
    return Ballot(self.round_seen, self.shared.name)


def _no_lock(self: Acceptor, m: Prepare, digest: str) -> Refuse | None:
    kept, self.lock = self.lock, None
    try:
        refusal: Refuse | None = _OBJECTION(self, m, digest)
    finally:
        self.lock = kept
    return refusal


def _compact_without_acceptance(durable: records.Durable) -> list[records.Record]:
    shorter: list[records.Record] = _COMPACT(replace(durable, accepted=None))
    return shorter


def _withdraw_anything(self: Acceptor, m: Withdraw) -> list[Effect]:
    if self.lock is None:
        return []
    self.lock, self.accepted = None, None
    return [Persist(records.Withdrawn(m.slot, m.ballot))]


def _any_slot(self: DecreeLog, decree: Decree) -> None:
    """Take a decree without looking whether it continues the chain."""
    if decree.slot < self.next_slot:
        raise DecreeError("known")
    if decree.slot > 0 and not self._is_backed(decree):
        raise DecreeError("no majority")
    self._establish(decree)
    self.decrees.append(decree)
    self._last = chain_digest(decree)
    self.root = self.root or self._last


def _since_next(self: DecreeLog, slot: int, bytes_max: int = 400_000) -> tuple[Decree, ...]:
    return tuple(self.decrees[slot + 1 :])


def _deaf_to_refusals(node: Node, sender: str, m: Refuse) -> None:
    _ON_REFUSE(node, sender, Refuse(m.slot, m.ballot, m.code, Ballot(), m.text))


def _own_opinion(self: Governor, node: str, _: tuple[str, ...]) -> bool:
    return self.shared.alive(node)


def _supported_by_known(self: Governor, node: str, voters: tuple[str, ...]) -> bool:
    hearing = {voter for voter in voters if self._hears(voter, node)}
    heard = bool(hearing) or self.shared.alive(node)
    return heard and majority(voters, hearing | {node}, self.shared.log.tie_breaker)


def _anybody_accepted(self: Proposer, sender: str, m: Accepted) -> bool:
    if self.value is None:
        return False
    self.accepted_by.add(sender)  # of whatever slot and ballot
    return True


def _keeps_slot(state: records.Durable, value: Value) -> records.Durable:
    """Fold a decision, and take what was promised in that slot over into the next one."""
    folded: records.Durable = _DECIDED(state, value)
    return replace(folded, accepted=state.accepted, promised=state.promised)


def _aborts_while_deciding(self: Coordinator) -> bool:
    return not self.finished and not self._aborting


MUTANTS = (
    Mutant(
        "terminator ignores what was accepted",
        "an accepted value must be finished by whoever finds it",
        ((Proposer, "found", always(None)),),
    ),
    Mutant(
        "no check of stale ballots",
        "a voter refuses what is below its promise",
        ((Acceptor, "on_accept", _stale_accept),),
    ),
    Mutant(
        "answer before it is on disk",
        "a reply leaves only when its record is durable",
        ((Node, "step", _disk_last),),
    ),
    Mutant(
        "volatile promise",
        "a promise outlives a crash",
        ((Acceptor, "on_prepare", _promise_untold),),
    ),
    Mutant(
        "volatile acceptance",
        "an acceptance outlives a crash",
        ((Acceptor, "on_accept", _acceptance_untold),),
    ),
    Mutant(
        "a journal written anew leaves out what was accepted",
        "a shorter journal says what the long one said",
        everywhere("compact", _compact_without_acceptance),
    ),
    Mutant(
        "commit by the new majority alone",
        "COMMIT needs a majority of the old voters, too",
        ((DecreeLog, "certified", _certified_by_new_alone),),
    ),
    Mutant(
        "commit by the old majority alone",
        "COMMIT needs a majority of the new voters, too",
        ((DecreeLog, "certified", _certified_by_old_alone),),
    ),
    Mutant(
        "certificate of one",
        "one acceptance decides nothing",
        ((DecreeLog, "certified", _certified_by_one),),
    ),
    Mutant(
        "acceptances are counted, not whose they are",
        "only voters' acceptances count, each for its own majority",
        ((DecreeLog, "certified", _certified_by_anybody),),
    ),
    Mutant(
        "half is a majority",
        "two halves must not both decide",
        everywhere("majority", _half),
    ),
    Mutant(
        "two values under one ballot",
        "a ballot has one value, also after a restart",
        (
            (Acceptor, "on_accept", _second_value),
            (node_module, "ROUNDS_PER_LIFE", 0),
        ),
    ),
    Mutant(
        "ballots are used again after a restart",
        "a new life's ballots are above the earlier ones, and what those asked counts no more",
        (
            (inbox, "_on_ask", _own_promise_untold),
            (node_module, "ROUNDS_PER_LIFE", 0),
            (Heartbeats, "is_forgetful", lambda *_: False),
        ),
    ),
    Mutant(
        "a ballot is used for a second attempt",
        "each attempt has a ballot of its own",
        ((Governor, "next_ballot", _same_ballot),),
    ),
    Mutant(
        "answers are not matched with the ballot",
        "an acceptance counts for the ballot that asked",
        ((Proposer, "on_accepted", _anybody_accepted),),
    ),
    Mutant(
        "an acceptance outlives its slot",
        "a decision ends what was accepted in its slot",
        ((records, "_decided", _keeps_slot),),
    ),
    Mutant(
        "refused proposer ignores the refusal's ballot",
        "who is refused comes above the ballot that it was told",
        ((inbox, "_on_refuse", _deaf_to_refusals), (Governor, "saw", nothing)),
    ),
    Mutant(
        "a second DARE is not refused",
        "the lock: one DARE at a time",
        ((Acceptor, "_objection", _no_lock), (Node, "busy", lambda _: "")),
    ),
    Mutant(
        "withdrawing frees any lock",
        "only the holder gives a lock back, and never after an acceptance",
        ((Acceptor, "on_withdraw", _withdraw_anything),),
    ),
    Mutant(
        "the chain is not checked",
        "a decree continues the history of the node that takes it",
        ((DecreeLog, "extend", _any_slot),),
    ),
    Mutant(
        "catch-up skips a slot",
        "who is behind gets every decree",
        ((DecreeLog, "since", _since_next),),
    ),
    Mutant(
        "view by one node's opinion",
        "a majority of voters says who is in",
        ((Governor, "_supported", _own_opinion),),
    ),
    Mutant(
        "a voter that is not heard has no opinion",
        "who is heard by others may hear what is not heard here",
        ((Governor, "_supported", _supported_by_known),),
    ),
    Mutant(
        "abort after the point of no return",
        "once acceptance was asked for there is no way back",
        ((Coordinator, "can_abort", property(_aborts_while_deciding)),),
    ),
)
