"""What a node believes of what it hears from peers, before anything follows from it.

Heartbeats and messages of another cluster, version or generation are not taken; nor are those of a
node that has forgotten what it promised. Who goes on so is noted once in a while.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodeagent.core import inbox
from nodeagent.core.effects import Note
from nodeagent.core.events import BeatHeard, MessageHeard
from nodeagent.wire.limits import PROTOCOL_VERSION
from nodeagent.wire.peer import (
    Accept,
    Accepted,
    CatchUp,
    Decided,
    Decrees,
    FenceNote,
    LeaseAck,
    Prepare,
    ProbeReply,
    Promise,
)

if TYPE_CHECKING:
    from nodeagent.core.node import Node

DROPPED_NOTE_MS = 5_000
LEFT_BEHIND = (
    "an operator let survivors go on without this node (nodeagent force-generation); adopt it here "
    "if this node is one of them, else remove it by a DARE, set it up anew, and add it again"
)
FORGETFUL = "word of a node that has forgotten a newer life of its own"
VOUCHES = (Prepare, Promise, Accept, Accepted, LeaseAck, ProbeReply, FenceNote)
"""What is only as good as its sender's memory."""


class Hearing:
    """Takes heartbeats and messages of peers, or drops them."""

    def __init__(self) -> None:
        self._dropped_ms: dict[str, int] = {}
        self._generation = 0

    def beat(self, node: Node, event: BeatHeard) -> None:
        """Take a heartbeat: of this cluster and generation, or from who joins."""
        shared, beat = node.shared, event.beat
        if shared.log.root and beat.cluster not in ("", shared.log.root):
            return
        anew = self._may_begin_anew(node, event.peer)
        joins = anew or shared.joining is not None
        if beat.generation != shared.log.standing.generation and not joins:
            self.tell_generation(node, beat.generation)
            return
        shared.hearts.heard(event.peer, event.adapter, beat, shared.now.ms, anew=anew)
        if beat.slot > shared.log.standing.slot:
            node.catching_up.by_turns(event.peer)
        else:
            node.catching_up.lags(event.peer, beat.slot)

    def _may_begin_anew(self, node: Node, peer: str) -> bool:
        configuration = node.shared.log.configuration
        return configuration is None or peer not in configuration.node

    def message(self, node: Node, event: MessageHeard) -> None:
        """Take a control message if its sender can mean this cluster, and still knows itself."""
        envelope, root = event.envelope, node.shared.log.root
        if envelope.generation != node.shared.log.standing.generation:
            self._heard_from_another_generation(node, event)
            return
        if envelope.version != PROTOCOL_VERSION or (root and envelope.cluster not in ("", root)):
            text = f"version {envelope.version}, cluster {envelope.cluster[:12]}"
            self._drop(node, event.peer, "message of another cluster or version", text)
            return
        if not node.governor.believes(envelope.message):
            self._drop(node, event.peer, "message with a ballot that nobody can have", "")
            return
        vouches = isinstance(envelope.message, VOUCHES)
        hearts, anew = node.shared.hearts, self._may_begin_anew(node, event.peer)
        if vouches and not anew and hearts.is_forgetful(event.peer, envelope.incarnation):
            self._drop(
                node, event.peer, "word of a node that has forgotten a newer life of its own", ""
            )
            return
        inbox.receive(node, event.peer, envelope.incarnation, envelope.message)

    def _heard_from_another_generation(self, node: Node, event: MessageHeard) -> None:
        """Give history to who is behind, and take it only while this node is being added."""
        envelope, shared = event.envelope, node.shared
        mine = shared.log.standing.generation
        if envelope.generation < mine and isinstance(envelope.message, CatchUp):
            inbox.receive(node, event.peer, envelope.incarnation, envelope.message)
        elif envelope.generation > mine and shared.joining is not None:
            if isinstance(envelope.message, Decided | Decrees):
                inbox.receive(node, event.peer, envelope.incarnation, envelope.message)
        else:
            text = f"generation {envelope.generation} there, {mine} here"
            self._drop(node, event.peer, "message of another generation", text)

    def tell_generation(self, node: Node, newest: int) -> None:
        """Say once where an administrator looks that the others went on without this node."""
        known = max(self._generation, node.shared.log.standing.generation)
        if newest > known:
            self._generation = newest
            node.shared.tell("error", node.shared.name, f"generation {newest}: {LEFT_BEHIND}")

    def _drop(self, node: Node, peer: str, what: str, text: str) -> None:
        """Note that a message is not taken; a peer that goes on so is noted once in a while."""
        now = node.shared.now.ms
        if now - self._dropped_ms.get(peer, -DROPPED_NOTE_MS) >= DROPPED_NOTE_MS:
            self._dropped_ms[peer] = now
            fields = (("peer", peer), ("text", text))
            node.shared.out.append(Note("warning", what, fields))
