"""Proof of release: nobody else can hold a group before this node acquires it.

For each node that any decree ever named as owner there must be one of: its own word, given at this
decree or later, that it does not hold the group; or, where it is silent and out of the view by
decree, the time `takeover_wait_ms` since this node learned so (ARCHITECTURE, Ownership). A
confirmed fence will be a third kind. A node that is in and not heard here, over a bad link, is
asked through those that are heard: else its silence would keep the group from everybody.
"""

from dataclasses import dataclass, field

import msgspec

from nodeagent.core.shared import Shared
from nodeagent.wire.peer import Probe, ProbeReply

ASK_AGAIN_MS = 200


@dataclass
class _Inquiry:
    slot: int
    sequence: int
    sent_ms: int
    answered: set[str] = field(default_factory=set)


class Proofs:
    """Open inquiries, one per group."""

    def __init__(self, sequence: int = 0) -> None:
        self._open: dict[str, _Inquiry] = {}
        self._sequence = sequence

    def missing(self, shared: Shared, group: str) -> tuple[str, ...]:
        """Return the nodes that may still hold `group`, and ask those that can answer."""
        others = shared.log.holders.get(group, set()) | set(shared.tentative)
        others = {node for node in others if node != shared.name}
        silent = {node for node in others if not self._excused(shared, node)}
        inquiry = self._inquiry(shared, group)
        missing = tuple(sorted(silent - inquiry.answered))
        if missing and shared.now.ms - inquiry.sent_ms >= ASK_AGAIN_MS:
            inquiry.sent_ms = shared.now.ms
            self._ask(shared, missing, Probe(inquiry.slot, inquiry.sequence, (group,)))
        return missing

    def _ask(self, shared: Shared, missing: tuple[str, ...], probe: Probe) -> None:
        """Ask those that are heard; let all others pass it on to a member that is not."""
        for node in missing:
            if shared.alive(node):
                shared.send(node, probe)
            elif node in shared.log.standing.view:
                passed_on = msgspec.structs.replace(probe, target=node)
                heard = (name for name in shared.alive_nodes() if name != shared.name)
                shared.send_all(heard, passed_on)

    def _inquiry(self, shared: Shared, group: str) -> _Inquiry:
        slot = shared.log.standing.slot
        inquiry = self._open.get(group)
        if inquiry is None or inquiry.slot != slot:
            self._sequence += 1
            inquiry = _Inquiry(slot, self._sequence, shared.now.ms - ASK_AGAIN_MS)
            self._open[group] = inquiry
        return inquiry

    def _excused(self, shared: Shared, node: str) -> bool:
        if shared.alive(node) or node in shared.log.standing.view:
            return False
        out_since = shared.out_since_ms.get(node, shared.began_ms)
        return shared.now.ms - out_since >= shared.takeover_wait_ms

    def answered(self, sender: str, m: ProbeReply) -> None:
        """Take an answer; only one that says "not held" at this slot or later proves anything."""
        for group, inquiry in self._open.items():
            if inquiry.sequence == m.sequence and m.slot >= inquiry.slot and group not in m.held:
                inquiry.answered.add(sender)

    def close(self, group: str) -> None:
        """Forget what was proven: the group was acquired, or is not wanted any more."""
        self._open.pop(group, None)
