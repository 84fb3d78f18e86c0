"""How one slot of the decree log is decided: single-decree Paxos, acceptor and proposer.

A ballot is (round, node). An acceptor promises not to answer lower ballots and tells what it has
accepted; a proposer that finds an accepted value must finish that value. A DARE's *prepare* is
also its lock (blocks 90-94): while one transaction is open here, another one is answered BUSY, and
only a *terminate* with a higher ballot may take the slot over.
"""

from dataclasses import dataclass, field
from typing import Literal

from nodeagent.core.effects import Effect, Persist, Send
from nodeagent.core.records import AcceptedAgain, AcceptedValue, Durable, Promised, Withdrawn
from nodeagent.model.ownership import Ballot
from nodeagent.wire.peer import (
    Accept,
    Accepted,
    Message,
    Prepare,
    Promise,
    Refuse,
    Value,
    Withdraw,
)

Purpose = Literal["dare", "view", "terminate"]


@dataclass(frozen=True, slots=True)
class Lock:
    """A transaction that is open here; `ballot.node` holds it until it is decided."""

    tx: str
    ballot: Ballot

    @property
    def holder(self) -> str:
        """Return the node that coordinates the transaction."""
        return self.ballot.node


class Acceptor:
    """One voter's (or participant's) part in the open slot."""

    def __init__(self, durable: Durable) -> None:
        self.promised = durable.promised
        self.accepted = durable.accepted
        self.lock: Lock | None = None
        if durable.lock:
            self.lock = Lock(durable.lock, durable.lock_ballot)

    def reset(self) -> None:
        """Forget the slot that was decided."""
        self.promised = Ballot()
        self.accepted = None
        self.lock = None

    def on_prepare(self, m: Prepare, digest: str) -> tuple[Message, list[Effect]]:
        """Promise or refuse; `digest` is that of the active file here."""
        held = self.lock is not None and (self.lock.tx, self.lock.ballot) == (m.tx, m.ballot)
        repeated = m.ballot == self.promised and (held or m.purpose != "dare")
        refusal = None if repeated else self._objection(m, digest)
        if refusal is not None:
            return refusal, []
        effects: list[Effect] = []
        if not repeated:
            self.promised = m.ballot
            locks = m.purpose == "dare"
            if locks:
                self.lock = Lock(m.tx, m.ballot)
            effects.append(Persist(Promised(m.slot, m.ballot, m.tx if locks else "")))
        accepted = self.accepted
        if accepted is None:
            return Promise(m.slot, m.ballot), effects
        return Promise(m.slot, m.ballot, accepted.ballot, accepted.value), effects

    def _objection(self, m: Prepare, digest: str) -> Refuse | None:
        if m.purpose != "terminate" and self.lock is not None and self.lock.tx != m.tx:
            text = f"{self.lock.tx} is open, coordinated by {self.lock.holder}"
            return Refuse(m.slot, m.ballot, "busy", self.promised, text)
        if m.purpose == "dare" and m.base != digest:
            text = f"the active configuration is {digest[:12]}, the draft was made from another"
            return Refuse(m.slot, m.ballot, "stale", self.promised, text)
        if m.ballot <= self.promised:
            return Refuse(m.slot, m.ballot, "ballot", self.promised, f"promised {self.promised}")
        return None

    def on_accept(self, m: Accept) -> tuple[Message, list[Effect]]:
        """Accept on disk, or refuse what is below the promise.

        A value that is on disk for this slot is not written again: a slot that cannot be decided
        is asked about for as long as that lasts, and a configuration is large.
        """
        if m.ballot < self.promised:
            text = f"promised {self.promised}"
            return Refuse(m.slot, m.ballot, "ballot", self.promised, text), []
        reply = Accepted(m.slot, m.ballot)
        if self.accepted is not None and self.accepted.ballot == m.ballot:
            if self.accepted.value == m.value:
                return reply, []
            text = "another value was accepted under this ballot"
            return Refuse(m.slot, m.ballot, "ballot", self.promised, text), []
        known = self.accepted is not None and self.accepted.value == m.value
        self.promised = m.ballot
        self.accepted = AcceptedValue(m.slot, m.ballot, m.value)
        return reply, [Persist(AcceptedAgain(m.slot, m.ballot) if known else self.accepted)]

    def on_withdraw(self, m: Withdraw) -> list[Effect]:
        """Free the lock of a coordinator that never asked for acceptance."""
        if self.lock is None or self.lock.ballot != m.ballot:
            return []
        if self.accepted is not None and self.accepted.ballot >= self.lock.ballot:
            return []
        self.lock = None
        return [Persist(Withdrawn(m.slot, m.ballot))]


@dataclass
class Proposer:
    """One attempt to decide the open slot under one ballot."""

    slot: int
    ballot: Ballot
    purpose: Purpose
    tx: str = ""
    base: str = ""
    audience: tuple[str, ...] = ()
    value: Value | None = None
    promises: dict[str, Promise] = field(default_factory=dict)
    accepted_by: set[str] = field(default_factory=set)
    refusals: dict[str, Refuse] = field(default_factory=dict)
    sent_ms: int = 0
    began_ms: int = 0

    def prepare(self, now_ms: int) -> list[Effect]:
        """Ask all of the audience for a promise."""
        self.sent_ms = self.began_ms = now_ms
        return self._asks(self.audience)

    def accept(self, value: Value, audience: tuple[str, ...], now_ms: int) -> list[Effect]:
        """Ask all of `audience` to accept `value`; from here on only this value may be asked."""
        assert self.value is None or self.value == value, "a ballot has one value"
        self.value = value
        self.audience = audience
        self.sent_ms = now_ms
        return self._asks(audience)

    def _asks(self, nodes: tuple[str, ...]) -> list[Effect]:
        if self.value is None:
            ask: Message = Prepare(self.slot, self.ballot, self.purpose, self.tx, self.base)
        else:
            ask = Accept(self.slot, self.ballot, self.value)
        return [Send(node, ask) for node in nodes]

    def resend(self, now_ms: int, every_ms: int = 250) -> list[Effect]:
        """Ask again those who have not answered."""
        if now_ms - self.sent_ms < every_ms:
            return []
        self.sent_ms = now_ms
        answered = self.promises if self.value is None else self.accepted_by
        return self._asks(tuple(n for n in self.audience if n not in answered))

    def on_promise(self, sender: str, m: Promise) -> bool:
        """Take a promise; returns whether it belongs to this attempt."""
        if m.slot != self.slot or m.ballot != self.ballot or self.value is not None:
            return False
        self.promises[sender] = m
        return True

    def on_accepted(self, sender: str, m: Accepted) -> bool:
        """Take an acceptance; returns whether it belongs to this attempt."""
        if m.slot != self.slot or m.ballot != self.ballot or self.value is None:
            return False
        self.accepted_by.add(sender)
        return True

    def on_refuse(self, sender: str, m: Refuse) -> bool:
        """Take a refusal; returns whether it belongs to this attempt."""
        if m.slot != self.slot or m.ballot != self.ballot:
            return False
        self.refusals[sender] = m
        return True

    @property
    def found(self) -> Value | None:
        """Return the value accepted under the highest ballot among the promises, if any."""
        best: tuple[Ballot, Value] | None = None
        for promise in self.promises.values():
            if promise.accepted is None or promise.accepted_ballot is None:
                continue
            if best is None or promise.accepted_ballot > best[0]:
                best = (promise.accepted_ballot, promise.accepted)
        return best[1] if best else None
