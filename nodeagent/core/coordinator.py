"""The side of a DARE that asks (Fig. 3A-3C): walks the table, row by row.

It starts at *verify*, takes the lock with the same ballot that later decides, and enters a row
only when everybody asked in the row before has answered. Before *decide* any failure, any death
and the administrator's abort lead to the decree ABORT and the undo rows; after it only the same
value is asked for again, until the majorities have it or another voter has finished it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from msgspec import UNSET, UnsetType

from nodeagent.config.diff import rekeyed
from nodeagent.core.audience import Audiences, Request
from nodeagent.core.board import Board, first_record
from nodeagent.core.decree import Proposer
from nodeagent.core.effects import End
from nodeagent.core.rehearsal import digest_of, drift_text, finding_of
from nodeagent.core.shared import Shared
from nodeagent.core.table import DECIDE_INDEX, STEPS, Step, rows_for, undo_rows
from nodeagent.core.votes import stamp
from nodeagent.model.health import CellState, RestoreState, RunState
from nodeagent.model.ownership import NOBODY
from nodeagent.model.run import AS_BEFORE, NO_ANSWER, DareRun
from nodeagent.wire.peer import (
    Aborted,
    Applied,
    Commit,
    Decided,
    Decree,
    Probation,
    Promise,
    Refuse,
    Stamp,
    StepName,
    StepOrder,
    StepReply,
    Withdraw,
)

RESEND_MS = 250
SLOW_STEP_MS = 5_000
DECIDE_PATIENCE_MS = 10_000
_NOT_UNDONE = frozenset({"verify", "lock"})


@dataclass
class _Row:
    """The row that is being worked on."""

    step: Step
    audience: tuple[str, ...]
    deadline_ms: int
    undo: bool = False
    hold_until_ms: int = 0
    asked_ms: int = -1_000_000
    done: set[str] = field(default_factory=set)
    done_ms: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


class Coordinator:
    """One DARE, from request to result. Made by the node for each request, then kept as record."""

    def __init__(
        self, shared: Shared, request: Request, before: dict[str, tuple[str, ...]]
    ) -> None:
        self.shared = shared
        self.request = request
        self.standing = request.base
        self.before = before
        self.finished = False
        self._began_unix = shared.now.unix
        self.decided: Decree | None = None
        self._ask_whom = Audiences(shared, request, shared.log.configuration)
        self.proposer = Proposer(
            slot=request.slot,
            ballot=request.ballot,
            purpose="dare",
            tx=request.tx,
            base=request.base.digest,
            audience=self._ask_whom.to_lock(),
        )
        self._forward = rows_for(
            topology=request.plan.topology,
            resources=request.plan.resources
            or bool(request.plan.release)
            or bool(request.plan.acquire),
        )
        self._index = -1
        self._rows: tuple[Step, ...] = self._forward
        self._row: _Row | None = None
        self._began: list[StepName] = []
        self._incarnations: dict[str, int] = {}
        self._gap = (0, "")
        self._aborting = ""
        self._restored: RestoreState = ""
        self._exceptions: list[str] = []
        self._facts: dict[str, dict[str, str]] = {}
        names = tuple(step.name for step in self._forward)
        self.board = Board(shared, first_record(shared, request, names))

    # -- what others ask

    @property
    def outrun(self) -> bool:
        """Return whether somebody promised a higher ballot: this one cannot decide any more."""
        return any(refusal.code == "ballot" for refusal in self.proposer.refusals.values())

    @property
    def stranded(self) -> Aborted | None:
        """Return the ABORT that it asks for under a ballot that can get it no more, else None.

        A voter that still has the lock sees to it; but all of them may have given it back.
        """
        value, waits = self.proposer.value, not self.finished and self._row is None
        return value if waits and self.outrun and isinstance(value, Aborted) else None

    @property
    def longest_ms(self) -> int:
        """Return the longest time for which a participant may stay suspended without an order."""
        return self._ask_whom.longest_ms(self._forward)

    @property
    def can_abort(self) -> bool:
        """Return whether the point of no return is still ahead."""
        decides = self._rows is self._forward and self._index >= self._decide_index
        return not self.finished and not self._aborting and not decides

    @property
    def _decide_index(self) -> int:
        name = STEPS[DECIDE_INDEX].name
        return next(i for i, step in enumerate(self._forward) if step.name == name)

    @property
    def step_name(self) -> str:
        """Return the row that is worked on."""
        return self._row.step.name if self._row else ""

    # -- going on

    def start(self) -> None:
        """Publish the run and enter the first row."""
        self.board.start()
        self._enter(0)

    def take_over(self, run: DareRun, decree: Decree) -> None:
        """Go on after the decision with a run whose coordinator was lost (`core.heir`)."""
        lost = run.coordinator
        self.board = Board(self.shared, run)
        self.board.taken_over()
        seen = {row.name for row in run.steps if row.state != "waiting" and not row.undo}
        names = [step.name for step in self._forward if step.name != "decide"]
        self._began = [name for name in names if name in seen or not run.steps]
        self.decided = decree
        if isinstance(decree.value, Aborted):
            self._undo(decree.value)
        else:
            reason = f"{lost} was lost; finished by {self.shared.name}"
            self.board.step("decide", "done", undo=False, reason=reason)
            self._enter(self._decide_index + 1)

    def _enter(self, index: int) -> None:
        self._index = index
        if index >= len(self._rows):
            self._finish()
            return
        step = self._rows[index]
        undo = self._rows is not self._forward
        audience = self._ask_whom.of(step)
        if not audience:
            self.board.step(step.name, "skipped", undo=undo, reason="nobody is concerned")
            self._enter(index + 1)
            return
        drills = self.shared.drills
        if not undo and drills.stop_at_step == step.name:
            self.shared.out.append(End(f"drill: stopped at {step.name}", abrupt=True))
            return
        row = _Row(step, audience, self.shared.now.ms + self._ask_whom.limit_ms(step), undo)
        if not undo and drills.slow_step == step.name:
            row.hold_until_ms = self.shared.now.ms + SLOW_STEP_MS
            row.deadline_ms += SLOW_STEP_MS
            drills.slow_step = ""
        self._row = row
        if not undo:
            self._began.append(step.name)
        self.board.step(step.name, "running", undo=undo)
        for node in audience:
            self.board.cell(step.name, node, "running", undo=undo)
        self._ask()

    def _ask(self) -> None:
        row = self._row
        if row is None or self.shared.now.ms < row.hold_until_ms:
            return
        if self.shared.now.ms - row.asked_ms < RESEND_MS:
            return
        first = row.asked_ms < 0
        row.asked_ms = self.shared.now.ms
        waiting = [n for n in row.audience if n not in row.done and n not in row.failed]
        match row.step.name:
            case "lock":
                self._ask_lock(first=first)
            case "decide":
                self._ask_decide(first=first)
            case "activate":
                assert self.decided is not None, "only a decided configuration is activated"
                self.shared.send_all(waiting, Decided(self.decided))
            case name:
                for node in waiting:
                    self.shared.send(node, self._order(name, row))

    def _ask_lock(self, *, first: bool) -> None:
        proposer, now = self.proposer, self.shared.now.ms
        self.shared.out += proposer.prepare(now) if first else proposer.resend(now, 0)

    def _ask_decide(self, *, first: bool) -> None:
        """Ask who votes only in the new configuration first: without them nothing is decided.

        Once an old voter has accepted, it must wait for the decision, and with it its leases. So
        the old ones are asked when the new ones have answered, and ABORT stays free until then.
        """
        proposer, now, ask = self.proposer, self.shared.now.ms, self._ask_whom
        if first:
            early = ask.only_new_voters() or ask.deciders()
            self.shared.out += proposer.accept(proposer.value or self._commit(), early, now)
            return
        if proposer.audience != ask.deciders() and ask.new_voters_suffice(proposer.accepted_by):
            proposer.audience = ask.deciders()
        self.shared.out += proposer.resend(now, 0)

    def _order(self, name: StepName, row: _Row) -> StepOrder:
        request = self.request
        ahead_ms = self._ask_whom.limit_until_all_ms(self._rows[self._index + 1 :])
        return StepOrder(
            tx=request.tx,
            slot=request.slot,
            ballot=request.ballot,
            step=name,
            limit_ms=max(0, row.deadline_ms - self.shared.now.ms) + ahead_ms,
            file=request.packed if name in ("verify", "stage") else b"",
            digest=request.digest,
            owners=request.plan.owners,
            view=dict.fromkeys(request.participants, 0),
            release=request.plan.release,
            acquire=request.plan.acquire,
        )

    def _commit(self) -> Commit:
        request, active = self.request, self.shared.log.configuration
        away = rekeyed(active, request.candidate) if active else ()
        view = {
            node: self._incarnations.get(node, self.standing.view.get(node, 0))
            for node in request.participants
            if node in request.candidate.node and node not in away
        }
        commit = Commit(
            tx=request.tx,
            epoch=self.standing.epoch + 1,
            digest=request.digest,
            file=request.packed,
            view=view,
            owners=request.plan.owners,
            author=request.author,
            reason=request.reason,
            probation=self._probation(),
            stamp=self._stamp(),
            choices=request.choices or UNSET,
        )
        # Agents from before it was said infer it, and must be able to read what needs no saying.
        if self.shared.log.asked_after(commit, request.candidate) == request.asked:
            return commit
        return msgspec.structs.replace(commit, asked=dict(request.asked))

    def _stamp(self) -> Stamp:
        """Return when this is proposed, how long it took until now, and who wanted it."""
        request, shared = self.request, self.shared
        seconds = shared.now.unix - self._began_unix
        return stamp(shared, seconds, request.author, request.reason)

    def _probation(self) -> Probation | UnsetType:
        """Return the terms of the probation, made when the change is asked to be decided."""
        seconds = self.request.probation_seconds
        if not seconds:
            return UNSET
        ordered = self.shared.log.wishes.placed()
        owners = self.standing.owners.items()
        before = {g: n for g, n in owners if n or ordered.get(g) == NOBODY}
        online = sorted(group for groups in self.before.values() for group in groups)
        check, moves = self.request.check, {g: n for g, n in ordered.items() if n}
        return Probation(seconds, self.standing.epoch, before, tuple(online), check, moves or UNSET)

    # -- answers

    def on_reply(self, sender: str, m: StepReply) -> None:
        """Take a participant's answer."""
        row = self._row
        if row is None or m.tx != self.request.tx or m.step != row.step.name or self.finished:
            return
        if m.step in ("lock", "decide", "activate"):
            return  # these are answered by votes and by Applied, not by a word
        if sender in row.done or sender not in row.audience:
            return
        if m.incarnation:
            self._incarnations.setdefault(sender, m.incarnation)
        self._gap = max(self._gap, (m.gap_ms, sender))
        if not m.final:
            self.board.cell(m.step, sender, "running", undo=row.undo, reason=m.reason)
            return
        problem = self._problem(sender, m)
        if problem:
            self._fail_cell(sender, problem, m.evidence)
            return
        row.done.add(sender)
        row.done_ms[sender] = self.shared.now.ms
        if m.step == "verify":
            self._facts[sender] = m.facts
        self.board.cell(
            m.step,
            sender,
            "done",
            undo=row.undo,
            reason=m.reason,
            evidence=m.evidence,
            ages=m.groups,
        )
        self._row_may_be_done()

    def _problem(self, sender: str, m: StepReply) -> str:
        if not m.ok:
            return m.reason or "failed"
        if m.step == "compare" and m.digest != self.request.digest:
            return f"temporary file has digest {m.digest[:12]}, not {self.request.digest[:12]}"
        if m.step == "prove":
            return self._difference(sender, m)
        return ""

    def _difference(self, sender: str, m: StepReply) -> str:
        if sender in self.standing.view and m.digest != self.standing.digest:
            return f"active digest {m.digest[:12]}, not {self.standing.digest[:12]}"
        online = {line.removeprefix("online ") for line in m.evidence if line.startswith("online ")}
        before = set(self.before.get(sender, ()))
        owners = self.shared.log.standing.owners  # a later VIEW may have moved what was lost
        missing = [f"{g}{_elsewhere(owners, g, sender)}" for g in sorted(before - online)]
        extra = sorted(group for group in online - before if owners.get(group) != sender)
        if missing:
            return f"not online again: {', '.join(missing)}"
        return f"online here though it was not before: {', '.join(extra)}" if extra else ""

    def on_promise(self, sender: str, m: Promise) -> None:
        """Take a promise: this node is locked."""
        if not self.proposer.on_promise(sender, m):
            return
        row = self._row
        if row is None or row.step.name != "lock":
            return
        if m.accepted is not None:
            self._fail_cell(sender, "an earlier decision is not finished yet; try again", ())
            return
        if sender not in row.audience:
            return
        row.done.add(sender)
        self.board.cell("lock", sender, "done", undo=False)
        self._row_may_be_done()

    def on_refuse(self, sender: str, m: Refuse) -> None:
        """Take a refusal of the lock or of the decision."""
        if not self.proposer.on_refuse(sender, m) or self._row is None or self.finished:
            return
        if self._row.step.name == "lock":
            self._fail_cell(sender, f"{m.code}: {m.text}", ())
        elif m.code == "ballot":
            self.board.cell(
                self._row.step.name, sender, "failed", undo=self._row.undo, reason=m.text
            )

    def on_accepted(self) -> None:
        """Look at the acceptances: the node has given them to the proposer already."""
        row = self._row
        if row is None or row.step.name != "decide":
            return
        new = sorted(self.proposer.accepted_by - row.done)
        for voter in new:
            row.done.add(voter)
            self.board.cell("decide", voter, "done", undo=False, reason="accepted")
        if new and self.proposer.audience != self._ask_whom.deciders():
            row.asked_ms = -1  # the next ones are asked at once
            self._ask()

    def on_applied(self, sender: str, m: Applied) -> None:
        """Take a node's word that the decree is in force there."""
        row = self._row
        if row is None or row.step.name != "activate" or m.slot != self.request.slot:
            return
        if m.error:
            self._fail_cell(sender, m.error, ())
            return
        if sender in row.audience and sender not in row.done:
            row.done.add(sender)
            self.board.cell("activate", sender, "done", undo=False)
            self._row_may_be_done()

    def on_decided(self, decree: Decree) -> None:
        """Learn how the slot was decided, by this node's proposal or by another voter's."""
        if self.finished or decree.slot != self.request.slot:
            return
        self.decided = decree
        value = decree.value
        if isinstance(value, Commit) and value.tx == self.request.tx:
            self._decide_is_done()
            self._enter(self._decide_index + 1)
        elif isinstance(value, Aborted) and value.tx == self.request.tx:
            self._undo(value)
        else:
            early = self._row is not None and self._row.step.name in _NOT_UNDONE
            text = "another decision took the slot; nothing of this DARE is in force"
            self._end("refused" if early else "aborted", text)

    def _decide_is_done(self) -> None:
        row = self._row
        waiting = [n for n in row.audience if n not in row.done] if row else []
        for node in waiting:
            reason = "the majorities were reached without it"
            self.board.cell("decide", node, "skipped", undo=False, reason=reason)
        self.board.step("decide", "done", undo=False)

    # -- failing

    def _fail_cell(self, node: str, reason: str, evidence: tuple[str, ...]) -> None:
        row = self._row
        assert row is not None, "a cell fails in a row"
        row.failed[node] = reason
        self.board.cell(
            row.step.name, node, "failed", undo=row.undo, reason=reason, evidence=evidence
        )
        if row.undo:
            self._exceptions.append(f"{node} {row.step.name}: {reason}")
            self._row_may_be_done()
        elif row.step.on_failure == "forward":
            self._row_may_be_done()
        else:
            self._fail(f"{node}: {row.step.name}: {reason}")

    def abort(self, who: str) -> bool:
        """Abort on the administrator's wish; returns False past the point of no return."""
        if not self.can_abort:
            return False
        self._fail(f"aborted by {who}")
        return True

    def _fail(self, reason: str) -> None:
        if self._aborting or self.finished:
            return
        row = self._row
        assert row is not None, "only a running row fails"
        self._aborting = reason
        self.board.step(row.step.name, "failed", undo=False, reason=reason)
        for node in row.audience:
            if node not in row.done and node not in row.failed:
                self.board.cell(row.step.name, node, "lost", undo=False, reason="not waited for")
        if row.step.name in _NOT_UNDONE:
            self._refuse(reason)
            return
        self.board.run("aborting", text=reason)
        self._row = None
        owners = self.request.plan.owners
        value = Aborted(self.request.tx, reason[:500], owners, self._stamp())
        self.shared.out += self.proposer.accept(value, self.shared.log.voters, self.shared.now.ms)

    def _refuse(self, reason: str) -> None:
        if "lock" in self._began:
            withdraw = Withdraw(self.request.slot, self.request.ballot)
            self.shared.send_all(self._ask_whom.to_lock(), withdraw)
        self._end("refused", reason)

    def _undo(self, value: Aborted) -> None:
        if not self._aborting:
            self.board.run("aborting", text=value.reason)
        self._aborting = value.reason or "aborted"
        self._rows = undo_rows(tuple(self._began))
        self._enter(0)

    def _row_may_be_done(self) -> None:
        row = self._row
        if row is None or len(row.done) + len(row.failed) < len(row.audience):
            return
        if row.step.name == "lock" and not self.shared.log.decides(row.done):
            self._fail("lock: no majority of the voters can promise it")
            return
        drifted = self._drift() if row.step.name == "verify" and not row.failed else ""
        if drifted:
            self._fail(drifted)
            return
        state: CellState = "failed" if row.failed else "done"
        reason = next(iter(row.failed.values()), "")
        self.board.step(row.step.name, state, undo=row.undo, reason=reason)
        self._enter(self._index + 1)

    def _drift(self) -> str:
        """Return what is not any more as it was rehearsed, empty if all is or nothing was."""
        wanted = self.request.rehearsed
        found = finding_of(self.request, self._facts)
        if not wanted or digest_of(found) == wanted:
            return ""
        return drift_text(self.shared.rehearsed.get(wanted), found)

    # -- time

    def tick(self) -> None:
        """Ask again, notice deaths and deadlines."""
        if self.finished:
            return
        if self._row is None:
            self.shared.out += self.proposer.resend(self.shared.now.ms)
            return
        self._ask()
        self._notice_losses(self._row)
        if self._row is not None:
            self._notice_deaths(self._row)

    def _notice_releases(self, row: _Row) -> None:
        """End the DARE when a group is given up again that others may wait for: a lease was lost.

        What a node runs is heard with its next heartbeats, so its own word counts for a while.
        """
        shared = self.shared
        for group, node in self.request.plan.acquire:
            told_ms = row.done_ms.get(node, shared.now.ms)
            if shared.now.ms - told_ms < 2 * shared.timing.dead_after_ms:
                continue
            if shared.group_state(group, node) not in ("online", "acquiring"):
                reason = f"{group} was released again"
                self.board.cell(row.step.name, node, "failed", undo=False, reason=reason)
                self._fail(f"{node}: {row.step.name}: {reason}")
                return

    def _notice_deaths(self, row: _Row) -> None:
        """End the DARE when any participant is lost before the decision.

        Recovery waits for the end of a DARE, so it must not wait for a row without the dead node.
        """
        if row.undo or row.step.on_failure != "abort":
            return
        for node in self.request.participants:
            reason = self._gone(node)
            if reason and self._row is row:
                self.board.cell(row.step.name, node, "lost", undo=False, reason=reason)
                self._fail(f"{node}: {row.step.name}: {reason}")
        if self._row is row and row.step.name == "acquire":
            self._notice_releases(row)

    def _gone(self, node: str) -> str:
        peer, life = self.shared.hearts.peers.get(node), self._incarnations.get(node)
        if peer is None or node == self.shared.name:
            return ""
        if not self.shared.alive(node):
            return "declared down: no heartbeat on any network"
        restarted = life is not None and peer.beat.incarnation > life
        return "restarted in the middle" if restarted else ""

    def _notice_losses(self, row: _Row) -> None:
        late = self.shared.now.ms >= row.deadline_ms
        for node in row.audience:
            if self._row is not row or node in row.done or node in row.failed:
                continue
            known = node in self.shared.hearts.peers or node == self.shared.name
            if late:
                self._lose(row, node, NO_ANSWER)
            elif known and not self.shared.alive(node):
                self._lose(row, node, "declared down: no heartbeat on any network")

    def _lose(self, row: _Row, node: str, reason: str) -> None:
        if row.step.on_failure == "finish":
            self._decide_is_slow(row)
            return
        self.board.cell(row.step.name, node, "lost", undo=row.undo, reason=reason)
        if row.step.on_failure == "forward":
            row.failed[node] = f"{reason}; it will catch up"
            self._row_may_be_done()
            return
        self._fail_cell(node, reason, ())

    def _decide_is_slow(self, row: _Row) -> None:
        if self.shared.now.ms > row.deadline_ms + DECIDE_PATIENCE_MS:
            self._end("in-doubt", "no majority answered; any voter will finish the decision")

    # -- the end

    def _finish(self) -> None:
        if self._rows is self._forward:
            epoch = self.standing.epoch + 1
            self._end("done", f"epoch {epoch} is active")
            return
        self._restored = "restored-except" if self._exceptions else "restored"
        left = "; ".join(self._exceptions)
        tail = f"{AS_BEFORE} except {left}" if left else AS_BEFORE
        self._end("aborted", f"{self._aborting}; {tail}")

    def _end(self, state: RunState, text: str) -> None:
        self.finished = True
        self._row = None
        if state != "refused":
            self.shared.drills.stop_at_step = ""  # for one DARE, also if it had no such step
        self.board.end(state, text, self._restored, self._gap)


def _elsewhere(owners: Mapping[str, str], group: str, node: str) -> str:
    owner = owners.get(group, NOBODY)
    return "" if owner in {node, NOBODY} else f" (of {owner} now)"
