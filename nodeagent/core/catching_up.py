"""Whom to ask for decrees that are missing here, who only boasts of knowing more, and who lags.

Told of heartbeats that name another decree, and of answers; asks for CatchUp messages, and for
Decrees that nobody asked for: a node that was down while the others changed their addresses hears
nobody, and cannot ask, but they hear it.
"""

from nodeagent.core.shared import Shared
from nodeagent.wire.peer import CatchUp, Decrees

ASK_MS = 300
BOAST_MS = 10_000
LAG_MS, LAG_RANK_MS = 3_000, 1_000
"""A node that lags for so long is told what is missing there; by one after the other."""


class CatchingUp:
    """Asks one after the other of those that say to know more, and waits for none for ever."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self._asked_ms: dict[str, int] = {}
        self._unanswered_ms: dict[str, int] = {}
        self._next_slot = -1
        self._turn_ms = -ASK_MS
        self._lagging: dict[str, tuple[int, int]] = {}

    def by_turns(self, peer: str) -> None:
        """Ask one of all that say to know more, whoever was asked longest ago.

        Some may not know this node yet, and whose heartbeat comes first says nothing of that.
        """
        if self.shared.now.ms - self._turn_ms >= ASK_MS:
            self._turn_ms = self.shared.now.ms
            ahead = self.shared.ahead() or [peer]
            self.ask(min(ahead, key=lambda node: self._asked_ms.get(node, -1)))

    def ask(self, peer: str) -> None:
        """Ask a peer for the decrees that are missing here, at most every ASK_MS."""
        now_ms = self.shared.now.ms
        if now_ms - self._asked_ms.get(peer, -ASK_MS) >= ASK_MS:
            self._asked_ms[peer] = now_ms
            self._unanswered_ms.setdefault(peer, now_ms)
            self.shared.send(peer, CatchUp(self.shared.log.next_slot))

    def learned(self) -> None:
        """Allow the next question at once: an answer came that told of something."""
        self._asked_ms.clear()
        self._turn_ms = self.shared.now.ms - ASK_MS

    def lags(self, peer: str, slot: int) -> None:
        """Tell a member that stays at an older decree what follows, in this node's turn."""
        shared, now_ms = self.shared, self.shared.now.ms
        configuration = shared.log.configuration
        if slot >= shared.log.standing.slot or not shared.is_member or configuration is None:
            self._lagging.pop(peer, None)
            return
        known, since_ms = self._lagging.get(peer, (-1, 0))
        since_ms = since_ms if slot == known else now_ms
        late_ms = LAG_MS + shared.alive_nodes().index(shared.name) * LAG_RANK_MS
        if peer in configuration.node and now_ms - since_ms >= late_ms:
            shared.send(peer, Decrees(shared.log.since(slot + 1)))
            since_ms = now_ms
        self._lagging[peer] = slot, since_ms

    def tick(self) -> None:
        """Wait no longer for who says to know more and tells nothing of it, and say so.

        Else one broken or stolen node could keep all others from deciding anything. Only who was
        asked can have told nothing: of very many, each is asked in its turn.
        """
        shared, ahead = self.shared, self.shared.ahead()
        shared.boasters &= set(ahead)
        new = [node for node in ahead if node not in shared.boasters]
        if not new or self._next_slot != shared.log.next_slot:
            self._next_slot = shared.log.next_slot
            self._unanswered_ms.clear()
        due_ms = shared.now.ms - BOAST_MS
        for node in [n for n in new if self._unanswered_ms.get(n, shared.now.ms) <= due_ms]:
            shared.boasters.add(node)
            text = f"says to know more than decree {shared.log.standing.slot}, and tells none"
            shared.tell("error", node, text)
