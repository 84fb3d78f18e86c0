"""What each control message means to a node, by the slot it speaks of.

A message about a slot that is decided here is answered with the decrees its sender misses; one
about a slot that is still ahead makes this node ask for what it misses itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from nodeagent.core import desk, runs
from nodeagent.core.log import DecreeError
from nodeagent.core.proofs import held_of
from nodeagent.wire.codec import WireError, unpack
from nodeagent.wire.peer import (
    Aborted,
    Accept,
    Accepted,
    Applied,
    CatchUp,
    Commit,
    Decided,
    Decree,
    Decrees,
    DraftNote,
    EndWanted,
    FenceNote,
    FenceWanted,
    LeaseAck,
    LeaseRequest,
    Message,
    Prepare,
    Probe,
    ProbeReply,
    ProgressNote,
    Promise,
    Refuse,
    Relay,
    RunWanted,
    StepOrder,
    StepReply,
    TimesNote,
    Value,
    ViewChange,
    Withdraw,
)

if TYPE_CHECKING:
    from nodeagent.core.node import Node


ASKS_FOR_MEMORY = (Prepare, Accept, StepOrder, LeaseRequest, Probe)
"""What a node that lost its memory does not answer."""


def receive(node: Node, sender: str, incarnation: int, message: Message) -> None:
    """Take one control message of a peer (or of this node itself)."""
    if node.shared.forgetful and isinstance(message, ASKS_FOR_MEMORY):
        return  # whatever it says now, it may have said the opposite before
    _take(node, sender, incarnation, message)


def _take(node: Node, sender: str, incarnation: int, message: Message) -> None:
    match message:
        case Prepare() | Accept():
            _on_ask(node, sender, message)
        case Promise() | Accepted() | Refuse() | Withdraw():
            _on_vote(node, sender, message)
        case Decided() | Decrees() | CatchUp() | Applied():
            _on_history(node, sender, message)
        case StepOrder():
            node.participant.ordered(sender, message)
        case StepReply():
            node.rehearsals.on_reply(sender, message)
            if node.coordinator is not None:
                node.coordinator.on_reply(sender, message)
        case LeaseRequest() | LeaseAck() | Probe() | ProbeReply() | FenceNote() | FenceWanted():
            _on_ownership(node, sender, incarnation, message)
        case ProgressNote() | DraftNote() | Relay() | EndWanted() | TimesNote():
            _on_note(node, sender, message)
        case RunWanted():
            runs.wanted(node, sender, message.tx)


def _on_vote(node: Node, sender: str, m: Promise | Accepted | Refuse | Withdraw) -> None:
    coordinator = node.coordinator
    if isinstance(m, Withdraw):
        _on_withdraw(node, sender, m)
    elif isinstance(m, Refuse):
        _on_refuse(node, sender, m)
    elif isinstance(m, Promise):
        if coordinator is not None:
            coordinator.on_promise(sender, m)
        node.governor.on_promise(sender, m)
    else:
        if coordinator is not None:
            coordinator.proposer.on_accepted(sender, m)
        node.governor.on_accepted(sender, m)


def _on_ask(node: Node, sender: str, m: Prepare | Accept) -> None:
    shared = node.shared
    if m.ballot.node != sender:
        return  # a ballot belongs to its proposer alone
    node.governor.saw(m.ballot)
    if m.slot < shared.log.next_slot:
        shared.send(sender, Decrees(shared.log.since(m.slot)))
        return
    if m.slot > shared.log.next_slot:
        node.catching_up.ask(sender)
        return
    if isinstance(m, Accept) and not _readable(node, sender, m.value):
        return
    if isinstance(m, Accept):
        reply, effects = node.acceptor.on_accept(m)
    else:
        reply, effects = node.acceptor.on_prepare(m, shared.log.standing.digest)
        opened = node.participant.open
        if isinstance(reply, Promise) and opened is not None and opened.staged is not None:
            reply = msgspec.structs.replace(reply, owners=opened.staged.owners)
    shared.out += effects
    lock = node.acceptor.lock
    if lock is not None and isinstance(m, Prepare) and m.purpose == "dare":
        node.participant.locked(lock, m.slot)
    shared.send(sender, reply)


def _readable(node: Node, sender: str, value: Value) -> bool:
    """Return whether this node could act on a value; what it cannot read it must not accept."""
    if not isinstance(value, Commit):
        return True
    if value.generation:
        node.shared.tell("error", sender, "asks to vote for a generation, which nobody votes for")
        return False
    try:
        node.shared.log.voters_after(value)
    except DecreeError as error:
        node.shared.tell("error", sender, f"asks to accept what cannot be read here: {error}")
        return False
    return True


def _on_refuse(node: Node, sender: str, m: Refuse) -> None:
    node.governor.saw(m.promised)
    if node.coordinator is not None:
        node.coordinator.on_refuse(sender, m)
    node.governor.on_refuse(sender, m)


def _on_withdraw(node: Node, sender: str, m: Withdraw) -> None:
    if m.slot != node.shared.log.next_slot or m.ballot.node != sender:
        return
    effects = node.acceptor.on_withdraw(m)
    node.shared.out += effects
    if effects:
        node.participant.unlocked()


def _on_history(node: Node, sender: str, m: Decided | Decrees | CatchUp | Applied) -> None:
    shared = node.shared
    if isinstance(m, Applied):
        if node.coordinator is not None:
            node.coordinator.on_applied(sender, m)
    elif isinstance(m, CatchUp):
        decrees = shared.log.since(m.slot)
        if decrees:
            shared.send(sender, Decrees(decrees))
    elif isinstance(m, Decrees):
        _on_decrees(node, sender, m)
    else:
        _on_decided(node, sender, m.decree)


def _on_decided(node: Node, sender: str, decree: Decree) -> None:
    shared = node.shared
    if decree.slot > shared.log.next_slot:
        node.catching_up.ask(sender)
        return
    if decree.slot == shared.log.next_slot and not node.extend(decree):
        shared.send(sender, Applied(decree.slot, "the decree does not follow this node's history"))
        return
    shared.send(sender, Applied(decree.slot))


def _on_decrees(node: Node, sender: str, m: Decrees) -> None:
    shared = node.shared
    before = shared.log.next_slot
    for decree in m.decrees:
        if decree.slot == shared.log.next_slot and not node.extend(decree):
            break
    if shared.log.next_slot == before:
        return  # who tells nothing new must wait until the others had their turns
    node.catching_up.learned()
    peer = shared.hearts.peers.get(sender)
    if peer and peer.beat.slot > shared.log.standing.slot:
        node.catching_up.ask(sender)


def _on_ownership(
    node: Node,
    sender: str,
    incarnation: int,
    m: LeaseRequest | LeaseAck | Probe | ProbeReply | FenceNote | FenceWanted,
) -> None:
    shared = node.shared
    if isinstance(m, FenceNote | FenceWanted):
        node.fencing.heard(sender, incarnation, m)
    elif isinstance(m, LeaseRequest):
        if may_hold(node, sender, incarnation, m.slot):
            shared.granted.grant(sender, shared.now.ms)
            granted = shared.granted.ages(shared.out_nodes(), shared.now.ms)
            shared.send(sender, LeaseAck(m.sequence, shared.log.standing.slot, granted))
    elif isinstance(m, LeaseAck):
        shared.lease.acknowledge(sender, m.sequence)
        shared.granted.told(sender, m, shared.now.ms)
    elif isinstance(m, Probe):
        _on_probe(node, sender, m)
    elif m.asker in {"", shared.name}:
        node.proofs.answered(m.target if m.asker else sender, m, shared.now.ms)
    elif shared.alive(m.asker):
        shared.send(m.asker, msgspec.structs.replace(m, target=sender))


def _on_probe(node: Node, sender: str, m: Probe) -> None:
    """Say what is held here, or pass the question on to who is not heard by the asker."""
    shared = node.shared
    if m.target not in {"", shared.name}:
        if m.target in shared.alive_nodes() and not m.asker:  # it is passed on once
            shared.send(m.target, msgspec.structs.replace(m, asker=sender))
        return
    held = held_of(shared, m)
    reply = ProbeReply(shared.log.standing.slot, m.sequence, held, m.target, m.asker)
    shared.send(sender, reply)
    if m.slot > shared.log.standing.slot:
        node.catching_up.ask(sender)


def may_hold(node: Node, sender: str, incarnation: int, slot: int) -> bool:
    """Return whether this voter acknowledges a lease of `sender` (ARCHITECTURE, Ownership)."""
    shared = node.shared
    standing = shared.log.standing
    if slot < standing.slot:
        return False  # it does not know yet what the last decree took from it
    accepted = node.acceptor.accepted.value if node.acceptor.accepted else None
    if isinstance(accepted, Commit | ViewChange) and sender not in accepted.view:
        return False
    if isinstance(accepted, Commit) and set(shared.log.voters_after(accepted)) != set(
        shared.log.voters
    ):
        return False  # the new voters may take the sender out already, and ask nobody here
    opened = node.participant.open
    staged = opened.staged if opened is not None else None
    tentative = staged is not None and sender in staged.view and sender not in standing.view
    if isinstance(accepted, Aborted):
        tentative = False
    return tentative or standing.view.get(sender) == incarnation


def _on_note(
    node: Node, sender: str, m: ProgressNote | DraftNote | Relay | EndWanted | TimesNote
) -> None:
    shared = node.shared
    if isinstance(m, ProgressNote):
        runs.told(node, sender, m.progress)
    elif isinstance(m, EndWanted):
        node.probation.wanted(m)
    elif isinstance(m, TimesNote):
        shared.times.heard(sender, m)
    elif isinstance(m, Relay):
        if node.coordinator is not None and node.coordinator.request.tx == m.tx:
            node.coordinator.abort(f"an administrator at {sender}")
    else:
        try:
            data = unpack(m.file)
        except WireError as error:
            shared.tell("warning", sender, f"sent a draft that cannot be read: {error}")
            return
        desk.set_draft(shared, data, m.base)
        node.reporter.configuration_changed(m.author, draft=True)
