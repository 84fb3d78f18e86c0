"""Proof of release: nobody else can hold a group before this node acquires it.

For each node that any decree ever named as owner there must be one of: its own word, given at this
decree or later, that it does not hold the group; or, where it is out of the view by decree and does
not say that it holds it, the takeover wait since it was last granted a lease (`granted`) or, at the
latest, since this node learned that it is out; or, where it is silent, too, a confirmed fence
(`fenced`), without which no wait is enough where fencing is required (ARCHITECTURE, Ownership). A
node that is in and not heard here, over a bad link, is asked through those that are heard: else its
silence would keep the group from everybody.
"""

from dataclasses import dataclass, field

import msgspec
from msgspec import UNSET

from nodeagent.config.instances import written_name
from nodeagent.core.claims import exclusive
from nodeagent.core.shared import Shared
from nodeagent.model.configuration import Configuration
from nodeagent.wire.peer import Probe, ProbeReply

ASK_AGAIN_MS = 200


@dataclass(frozen=True)
class _Question:
    """The names under which the group may run, itself first, and what it uses alone."""

    names: tuple[str, ...]
    claims: frozenset[str]

    def probe(self, slot: int, sequence: int) -> Probe:
        """Return the question as it is sent; what agents before could not read only if needed."""
        other = any(written_name(name) != self.names[0] for name in self.names)
        return Probe(slot, sequence, self.names, claims=tuple(self.claims) if other else UNSET)


@dataclass
class _Inquiry:
    slot: int
    question: _Question
    sequence: int
    sent_ms: int
    answered: set[str] = field(default_factory=set)
    held_ms: dict[str, int] = field(default_factory=dict)


class Proofs:
    """Open inquiries, one per group. `blocked_ms`: when a silent node was last waited for."""

    def __init__(self, sequence: int = 0) -> None:
        self._open: dict[str, _Inquiry] = {}
        self._sequence = sequence
        self.blocked_ms: dict[str, int] = {}

    def missing(
        self, shared: Shared, group: str, beside: Configuration | None = None
    ) -> tuple[str, ...]:
        """Return the nodes that may still hold `group`, and ask those that can answer.

        `beside`: the configuration in which it is to run, if not the one in force.
        """
        others = shared.log.holders_of(group, beside) | set(shared.tentative)
        others = {node for node in others if node != shared.name}
        question = _question(shared, group, beside or shared.log.configuration)
        inquiry = self._inquiry(shared, group, question)
        silent = {node for node in others if not self._excused(shared, node, inquiry)}
        missing = tuple(sorted(silent - inquiry.answered))
        gone = (n for n in missing if not shared.alive(n) and n not in shared.log.standing.view)
        self.blocked_ms |= dict.fromkeys(gone, shared.now.ms)
        if missing and shared.now.ms - inquiry.sent_ms >= ASK_AGAIN_MS:
            inquiry.sent_ms = shared.now.ms
            self._ask(shared, missing, question.probe(inquiry.slot, inquiry.sequence))
        return (*missing, shared.name) if _is_used_here(shared, group, question) else missing

    def _ask(self, shared: Shared, missing: tuple[str, ...], probe: Probe) -> None:
        """Ask those that are heard; let all others pass it on to a member that is not."""
        for node in missing:
            if shared.alive(node):
                shared.send(node, probe)
            elif node in shared.log.standing.view:
                passed_on = msgspec.structs.replace(probe, target=node)
                heard = (name for name in shared.alive_nodes() if name != shared.name)
                shared.send_all(heard, passed_on)

    def _inquiry(self, shared: Shared, group: str, question: _Question) -> _Inquiry:
        slot = shared.log.standing.slot
        inquiry = self._open.get(group)
        if inquiry is None or (inquiry.slot, inquiry.question) != (slot, question):
            self._sequence += 1
            # Who said that it holds the group does so under the next decree, until it says more.
            held_ms = dict(inquiry.held_ms) if inquiry is not None else {}
            asked_ms = shared.now.ms - ASK_AGAIN_MS
            inquiry = _Inquiry(slot, question, self._sequence, asked_ms, held_ms=held_ms)
            self._open[group] = inquiry
        return inquiry

    def _excused(self, shared: Shared, node: str, inquiry: _Inquiry) -> bool:
        """Return whether time has proven that a node that is out holds nothing any more.

        It may be heard and yet never answer at this decree: it cannot read it, or nothing reaches
        it. Its lease and watchdog have ended all the same, unless a DARE gives it a group, or it
        says itself that it still holds this one.
        """
        if node in shared.log.standing.view or node in shared.tentative:
            return False
        if not shared.alive(node) and node in shared.fenced:
            return True
        if not shared.alive(node) and shared.must_be_fenced(node):
            return False
        told_ms = inquiry.held_ms.get(node)
        if told_ms is not None and shared.now.ms - told_ms < shared.wait_for_ms(node):
            return False
        return shared.now.ms - shared.silent_since_ms(node) >= shared.wait_for_ms(node)

    def answered(self, sender: str, m: ProbeReply, now_ms: int) -> None:
        """Take an answer; only one that says "not held" at this slot or later proves anything."""
        for inquiry in self._open.values():
            if inquiry.sequence != m.sequence:
                continue
            if not set(inquiry.question.names).isdisjoint(m.held):
                inquiry.held_ms[sender] = now_ms
            elif m.slot >= inquiry.slot:
                inquiry.answered.add(sender)

    def close(self, group: str) -> None:
        """Forget what was proven: the group was acquired, or is not wanted any more."""
        self._open.pop(group, None)


def _question(shared: Shared, group: str, beside: Configuration | None) -> _Question:
    claims = exclusive(group, beside) if beside is not None else frozenset[str]()
    return _Question(shared.log.names_of(group, beside), claims)


def _is_used_here(shared: Shared, group: str, question: _Question) -> bool:
    """Return whether another group here is not stopped yet and uses what this one uses alone."""
    others = (runner for name, runner in shared.runners.items() if name != group)
    return any(not runner.uses.isdisjoint(question.claims) for runner in others)


def held_of(shared: Shared, m: Probe) -> tuple[str, ...]:
    """Return which of the groups asked for this node holds, in the sense of the question."""
    return tuple(group for group in m.groups if _holds(shared, group, m))


def _holds(shared: Shared, group: str, m: Probe) -> bool:
    runner = shared.runners.get(group)
    if runner is None or not runner.held:
        return False
    if m.claims is UNSET or written_name(group) == m.groups[0]:
        return True
    return not runner.uses.isdisjoint(m.claims)
