"""How a node that was told to stop ends: what is open, what it holds, and who must know.

It gives up a DARE that it coordinates, waits until its groups are stopped and the others have let
it go (`leaving` tells which members do so), and then asks for its own end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodeagent.core.effects import End
from nodeagent.core.events import StopAsked
from nodeagent.core.leaving import lets_go
from nodeagent.core.proofs import ASK_AGAIN_MS
from nodeagent.core.shared import Shared
from nodeagent.wire.peer import Relay

if TYPE_CHECKING:
    from nodeagent.core.node import Node

LEAVE_MS_MAX = 25_000
ANSWER_MS = 3 * ASK_AGAIN_MS
"""For so long who has left can still be asked whether it released what it held."""


class Stopping:
    """The end of this node, from the wish to the last effect."""

    def __init__(self, now_ms: int) -> None:
        self._held_ms = self._in_ms = now_ms

    def asked(self, node: Node, event: StopAsked) -> None:
        """Begin to leave, in order."""
        shared = node.shared
        if not shared.stopping:
            shared.stopping, shared.stopping_since_ms = event.reason, shared.now.ms
            shared.tell("note", shared.name, f"leaves the cluster: {event.reason}")
            self._abort_what_is_open(node)
            node.reporter.beat(at_once=True)

    def _abort_what_is_open(self, node: Node) -> None:
        """End a DARE that is open: while it lasts no view can move this node's groups."""
        lock = node.acceptor.lock
        if node.coordinator is not None and not node.coordinator.finished:
            node.coordinator.abort(f"{node.shared.name}, which leaves the cluster")
        elif lock is not None:
            node.shared.send(lock.holder, Relay(lock.tx))

    def tick(self, node: Node) -> None:
        """End once nothing is held here, what follows that was run, and the others know of it.

        A stop that is under way has its own deadline. None of the others is waited for without an
        end.
        """
        shared, now_ms = node.shared, node.shared.now.ms
        peers = shared.hearts.peers.items()
        staying = any(shared.alive(n) and p.beat.state != "leaving" for n, p in peers)
        if node.held:
            self._held_ms = now_ms
            at_it = shared.lease_valid and lets_go(shared, shared.name)
            if at_it or now_ms - shared.stopping_since_ms < LEAVE_MS_MAX:
                return
        elif staying and not self._was_let_go(shared, now_ms):
            return
        if node.commands.must_finish():
            return
        shared.out += [shared.times.keep(now_ms), End(shared.stopping)]

    def _was_let_go(self, shared: Shared, now_ms: int) -> bool:
        """Return whether the others took this node out, and could ask what it held after that."""
        empty_ms = max(self._held_ms, shared.stopping_since_ms)
        if shared.is_member and now_ms - empty_ms < LEAVE_MS_MAX // 5:
            self._in_ms = now_ms
            return False
        return now_ms - max(self._held_ms, self._in_ms) >= ANSWER_MS
