"""A rehearsal: all that a DARE asks before it changes anything, asked of the real nodes.

It takes no lock, suspends nobody and writes nothing down, so many of them may go on at once, beside
a DARE, too. What it found has a digest; a DARE that names this digest is refused at *verify* where
anything of it is another one by then.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from nodeagent.core.audience import Audiences, Request
from nodeagent.core.board import Board, first_record
from nodeagent.core.table import REHEARSAL_STEPS
from nodeagent.model.rehearsal import DRIFTED, Finding
from nodeagent.model.run import NO_ANSWER, REHEARSAL
from nodeagent.wire.console import Answer, Done, Refused
from nodeagent.wire.peer import StepOrder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nodeagent.core.shared import Shared
    from nodeagent.model.configuration import Configuration
    from nodeagent.wire.peer import StepReply

RESEND_MS = 250
RUNNING_MAX = 4
KEPT_MAX = 32
DRIFTS_TOLD = 5


def finding_of(request: Request, facts: dict[str, dict[str, str]]) -> Finding:
    """Return the ground of a change, with what its nodes told when they verified it."""
    base = request.base
    return Finding(
        file=request.digest,
        epoch=base.epoch,
        base=base.digest,
        view=tuple(sorted(base.view)),
        owners=dict(sorted(base.owners.items())),
        facts={node: dict(sorted(facts[node].items())) for node in sorted(facts)},
    )


def digest_of(finding: Finding) -> str:
    """Return the digest by which a rehearsal is named."""
    return hashlib.sha256(msgspec.json.encode(finding, order="sorted")).hexdigest()


def drift_text(before: Finding | None, now: Finding) -> str:
    """Return what is not any more as it was; `before` is None where that is not known here."""
    if before is None:
        return f"{DRIFTED}, or it was of another agent, which alone can say what"
    found = list(_drifts(before, now))
    more = len(found) - DRIFTS_TOLD
    tail = f", and {more} more" if more > 0 else ""
    return f"{DRIFTED}: {'; '.join(found[:DRIFTS_TOLD])}{tail}"


def _drifts(before: Finding, now: Finding) -> Iterator[str]:
    if now.epoch != before.epoch or now.base != before.base:
        yield f"epoch {now.epoch} was decided"
    if now.file != before.file:
        yield "the file is another one"
    yield from (f"node {node} is not in any more" for node in before.view if node not in now.view)
    yield from (f"node {node} came in" for node in now.view if node not in before.view)
    for group in dict.fromkeys((*before.owners, *now.owners)):
        owner = now.owners.get(group, "")
        if owner != before.owners.get(group, ""):
            yield f"group {group} moved to {owner}" if owner else f"group {group} went offline"
    for node in dict.fromkeys((*before.facts, *now.facts)):
        yield from _drifts_on(node, before.facts.get(node, {}), now.facts.get(node, {}))


def _drifts_on(node: str, before: dict[str, str], now: dict[str, str]) -> Iterator[str]:
    for what in dict.fromkeys((*before, *now)):
        old, new = before.get(what, "nothing"), now.get(what, "nothing")
        if old != new and what == "agent":
            yield f"the agent of {node} is {new}, it was {old}"
        elif old != new:
            yield f"{what} on {node} changed: {_bare(new)}, was {_bare(old)}"


def _bare(fact: str) -> str:
    return fact.removeprefix("ok ")


class Rehearsals:
    """The rehearsals that go on here, and what the last ones found."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self._running: dict[str, Rehearsal] = {}
        self._count = 0

    @property
    def candidate(self) -> Configuration | None:
        """Return what the newest one that goes on rehearses: its nodes must be reached."""
        newest = next(reversed(self._running.values()), None)
        return newest.request.candidate if newest is not None else None

    def begin(self, request: Request) -> Answer:
        """Begin one."""
        if len(self._running) >= RUNNING_MAX:
            return Refused("busy", f"{RUNNING_MAX} rehearsals go on here; wait for their ends", 3)
        self._count += 1
        tx = f"{REHEARSAL}{self._count}.{self.shared.name}.{self.shared.incarnation}"
        rehearsal = self._running[tx] = Rehearsal(self.shared, replace(request, tx=tx))
        rehearsal.start()
        return Done("started", tx)

    def on_reply(self, sender: str, m: StepReply) -> None:
        """Take a node's answer."""
        rehearsal = self._running.get(m.tx)
        if rehearsal is not None:
            rehearsal.on_reply(sender, m)
            self._bury(m.tx, rehearsal)

    def tick(self) -> None:
        """Ask again, and notice deadlines."""
        for tx, rehearsal in tuple(self._running.items()):
            rehearsal.tick()
            self._bury(tx, rehearsal)

    def _bury(self, tx: str, rehearsal: Rehearsal) -> None:
        if not rehearsal.finished:
            return
        del self._running[tx]
        finding, kept = rehearsal.finding, self.shared.rehearsed
        if finding is not None:
            kept[digest_of(finding)] = finding
        while len(kept) > KEPT_MAX:
            del kept[next(iter(kept))]


class Rehearsal:
    """One of them, from request to result."""

    def __init__(self, shared: Shared, request: Request) -> None:
        self.shared = shared
        self.request = request
        self.finished = False
        self.finding: Finding | None = None
        steps = tuple(step.name for step in REHEARSAL_STEPS)
        self.board = Board(shared, first_record(shared, request, steps), quiet=True)
        limit_ms = Audiences(shared, request, shared.log.configuration).limit_ms(REHEARSAL_STEPS[0])
        self._deadline_ms = shared.now.ms + limit_ms
        self._asked_ms = 0
        self._facts: dict[str, dict[str, str]] = {}
        self._digests: dict[str, str] = {}
        self._failed: dict[str, str] = {}
        self._late: dict[str, str] = {}

    def start(self) -> None:
        """Publish it and ask everybody."""
        self.board.start()
        self.board.step("verify", "running", undo=False)
        for node in self.request.participants:
            self.board.cell("verify", node, "running", undo=False)
        self._ask()

    def _waiting(self) -> list[str]:
        known = {*self._facts, *self._failed}
        return [node for node in self.request.participants if node not in known]

    def _ask(self) -> None:
        self._asked_ms = self.shared.now.ms
        request = self.request
        order = StepOrder(
            tx=request.tx,
            slot=request.slot,
            ballot=request.ballot,
            step="verify",
            limit_ms=max(0, self._deadline_ms - self.shared.now.ms),
            file=request.packed,
            digest=request.digest,
            owners=request.plan.owners,
            view=dict.fromkeys(request.participants, 0),
            release=request.plan.release,
            acquire=request.plan.acquire,
        )
        self.shared.send_all(self._waiting(), order)

    def on_reply(self, sender: str, m: StepReply) -> None:
        """Take a node's answer."""
        if self.finished or m.step != "verify" or sender not in self._waiting():
            return
        if not m.final:
            self._held_up(sender, m.reason)
            return
        if not m.ok:
            self._fail(sender, m.reason or "failed", m.evidence)
            return
        self._facts[sender], self._digests[sender] = m.facts, m.digest
        self.board.cell("verify", sender, "done", undo=False, reason=m.reason, evidence=m.evidence)
        self._may_be_done()

    def _held_up(self, node: str, reason: str) -> None:
        if self._late.get(node) != reason:
            self._late[node] = reason
            self.board.cell("verify", node, "running", undo=False, reason=reason)

    def _fail(self, node: str, reason: str, evidence: tuple[str, ...] = ()) -> None:
        self._failed[node] = reason
        self.board.cell("verify", node, "failed", undo=False, reason=reason, evidence=evidence)
        self._may_be_done()

    def tick(self) -> None:
        """Ask again those who are silent; after the deadline, go on without them."""
        now = self.shared.now.ms
        if self.finished:
            return
        if now - self._asked_ms >= RESEND_MS:
            self._ask()
        for node in self._waiting() if now >= self._deadline_ms else ():
            self._fail(node, self._late.get(node, NO_ANSWER))

    def _may_be_done(self) -> None:
        """Compare what everybody got, once all have answered."""
        if self._waiting():
            return
        reason = next((f"{node}: {why}" for node, why in self._failed.items()), "")
        self.board.step("verify", "failed" if reason else "done", undo=False, reason=reason)
        self.finished = True
        if reason:
            self._end(reason)
            return
        self.board.step("compare", "running", undo=False)
        for node, digest in self._digests.items():
            same = digest == self.request.digest
            why = "" if same else f"got {digest[:12]}, not {self.request.digest[:12]}"
            reason = reason or (why and f"{node}: {why}")
            self.board.cell("compare", node, "done" if same else "failed", undo=False, reason=why)
        self.board.step("compare", "failed" if reason else "done", undo=False, reason=reason)
        self._end(reason)

    def _end(self, problem: str) -> None:
        if problem:
            self.board.run("refused", text=problem)
            return
        self.finding = finding_of(self.request, self._facts)
        digest = digest_of(self.finding)
        self.board.run(
            "done", text="all nodes would take it; nothing was changed", rehearsed=digest
        )
