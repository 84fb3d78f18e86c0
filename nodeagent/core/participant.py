"""A node's part in a DARE (Fig. 4): it does what the coordinator asks, step by step.

Every order is idempotent: a repeated one gets the same answer again and never extends the
suspension. The suspension is a lease with this node's own deadline, renewed only by a new step.
Past the deadline the node is in doubt: recovery resumes, but what the DARE touches is not acquired
by the normal path until the slot is decided.
"""

from dataclasses import dataclass, field

from nodeagent.config.digest import file_digest
from nodeagent.config.instances import expanded
from nodeagent.config.verify import verify
from nodeagent.core import fenced
from nodeagent.core.adapters import attachment
from nodeagent.core.decree import Lock
from nodeagent.core.effects import (
    DropTemporary,
    FenceNode,
    ReadTemporary,
    RunDriver,
    WriteTemporary,
)
from nodeagent.core.events import DriverFinished, FenceFinished
from nodeagent.core.groups import GroupRunner, limit_s
from nodeagent.core.log import parsed
from nodeagent.core.proofs import Proofs
from nodeagent.core.records import Staged
from nodeagent.core.shared import Shared
from nodeagent.core.staged import (
    changed_groups,
    fences_to_verify,
    kept_lines,
    offline_lines,
)
from nodeagent.core.wiring import parts_to_greet
from nodeagent.model.attachment import NOWHERE, Attachment
from nodeagent.model.configuration import Configuration, Group, Resource, ServiceAddress
from nodeagent.model.ownership import Ballot, Token
from nodeagent.model.reports import has_errors
from nodeagent.model.run import is_rehearsal
from nodeagent.model.text import clean
from nodeagent.wire.codec import WireError, unpack
from nodeagent.wire.peer import Aborted, Commit, StepName, StepOrder, StepReply

BEATS_TO_GREET = 2
CHECKS_MAX = 8
"""Rehearsals that are verified here at once, all askers together; further ones wait."""
BUSY = f"busy: {CHECKS_MAX} other rehearsals are verified here, and this one waits for them"
FACTS_MAX = 1_000
SUSPENSION_MAX_MS = 3_600_000
"""No row may ask for more: `core.desk` refuses such a DARE before it begins."""
AFTER_DECISION: frozenset[StepName] = frozenset(
    {"resume", "undo-acquire", "undo-release", "undo-stage", "prove"}
)


@dataclass
class Open:
    """The transaction that is open here. `handed`: groups that go from who ran them to others."""

    tx: str
    slot: int
    ballot: Ballot
    deadline_ms: int
    staged: Staged | None = None
    handed: frozenset[str] = frozenset()


@dataclass
class Work:
    """The step that is under way here, asked by `coordinator`."""

    coordinator: str
    order: StepOrder
    began_ms: int
    ops: dict[int, str] = field(default_factory=dict)
    evidence: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    started: set[str] = field(default_factory=set)
    groups: dict[str, tuple[int, int]] = field(default_factory=dict)
    told: str = ""
    facts: dict[str, str] = field(default_factory=dict)

    def begins(self, group: str, now_ms: int) -> None:
        """Note that a group's release or acquire begins."""
        self.groups.setdefault(group, (now_ms, -1))

    def ends(self, group: str, now_ms: int) -> None:
        """Note that it ended, once, where its beginning was seen."""
        began, ended = self.groups.get(group, (-1, 0))
        if ended < 0:
            self.groups[group] = (began, now_ms)


class Participant:
    """Carries out orders of a coordinator on this node."""

    def __init__(self, shared: Shared, proofs: Proofs) -> None:
        self.shared = shared
        self.proofs = proofs
        self.open: Open | None = None
        self.resume_by_ms = -1
        self._resumed_by = shared.name
        self._work: Work | None = None
        self._checks: dict[str, Work] = {}
        self._replies: dict[tuple[str, StepName], StepReply] = {}

    # -- what others ask

    @property
    def suspended(self) -> bool:
        """Return whether recovery waits: staged and before the deadline, or about to resume."""
        now = self.shared.now.ms
        if self.open is not None and self.open.staged is not None:
            return now < self.open.deadline_ms
        return now < self.resume_by_ms and self.shared.alive(self._resumed_by)

    @property
    def in_doubt(self) -> bool:
        """Return whether a transaction is open past its deadline."""
        return self.open is not None and self.shared.now.ms >= self.open.deadline_ms

    @property
    def touched(self) -> frozenset[str]:
        """Return the groups that the open DARE governs; the normal path leaves them alone."""
        if self.open is None or self.open.staged is None:
            return frozenset()
        staged = self.open.staged
        return frozenset(group for group, _ in (*staged.release, *staged.acquire))

    @property
    def phase(self) -> str:
        """Return the transaction and step for the heartbeat, empty when none is open."""
        if self.open is None:
            return ""
        step = self._work.order.step if self._work else "waiting"
        return f"{self.open.tx} {step}"[:160]

    # -- the life of a transaction

    def locked(self, lock: Lock, slot: int) -> None:
        """Take a lock that was promised; a repeated one does not move the deadline."""
        if self.open is not None and self.open.tx == lock.tx:
            return
        deadline = self.shared.now.ms + self.shared.timing.suspend_ms
        self.open = Open(lock.tx, slot, lock.ballot, deadline)

    def restored(self, lock: Lock, slot: int, staged: Staged | None) -> None:
        """Take up a transaction found in the journal after a restart: in doubt from the start."""
        self.open = Open(lock.tx, slot, lock.ballot, self.shared.now.ms, staged)
        if staged is not None:
            read = parsed(unpack(staged.file), "candidate")
            assert read.configuration is not None, "what was staged had been read"
            self._take_up(staged, read.configuration)

    def _take_up(self, staged: Staged, candidate: Configuration) -> None:
        self.shared.candidate = expanded(candidate)
        self.shared.log.claims.note(self.shared.candidate)
        self.shared.tentative = tuple(dict.fromkeys(node for _, node in staged.acquire))

    def unlocked(self) -> None:
        """Drop the open transaction; nothing of it was decided."""
        if self.open is not None and self.open.staged is not None:
            self.shared.out.append(DropTemporary())
        self._close()

    def _close(self) -> None:
        if self.open is not None and self.open.staged is not None:
            self.shared.log.suspect(self.open.staged.acquire)
        self.open = None
        self._work = None
        self.shared.candidate = None
        self.shared.tentative = ()

    def decided(self, value: Commit | Aborted) -> None:
        """Learn the end of a transaction (or that another one took the slot)."""
        mine = self.open is not None and self.open.tx == value.tx
        holder = self.open.ballot.node if self.open is not None else ""
        if mine and isinstance(value, Commit) and self.shared.alive(holder):
            self.resume_by_ms = self.shared.now.ms + 2 * self.shared.timing.step_ms
            self._resumed_by = holder  # whoever else is left need not be waited for
        if self.open is not None and self.open.staged is not None:
            self.shared.out.append(DropTemporary())
        self._close()

    # -- orders

    def ordered(self, coordinator: str, order: StepOrder) -> None:
        """Carry out one order, or repeat its answer; only the ballot's own node may order."""
        if order.ballot.node != coordinator:
            return
        known = self._replies.get((order.tx, order.step))
        if known is not None and known.ballot == order.ballot:
            self.shared.send(coordinator, known)
            return
        if order.step == "verify":
            self._check(coordinator, order)
            return
        work = self._work
        if work is not None and (work.order.tx, work.order.step) == (order.tx, order.step):
            return
        objection = self._objection(order)
        if objection:
            self._refuse(coordinator, order, objection, final=order.step not in AFTER_DECISION)
            return
        self._work = Work(coordinator, order, self.shared.now.ms)
        if self.open is not None and order.step not in AFTER_DECISION:
            longest = max(self.shared.timing.suspend_ms, order.limit_ms + 2_000)
            self.open.deadline_ms = self.shared.now.ms + min(longest, SUSPENSION_MAX_MS)
        self._begin(self._work)

    def _check(self, coordinator: str, order: StepOrder) -> None:
        """Begin to verify, beside whatever is open: it has no side effect and needs no lock."""
        if order.tx in self._checks:
            return
        self._drop_checks(coordinator, order)
        if is_rehearsal(order.tx) and sum(map(is_rehearsal, self._checks)) >= CHECKS_MAX:
            self._refuse(coordinator, order, BUSY, final=False)  # it is asked for again and again
            return
        work = self._checks[order.tx] = Work(coordinator, order, self.shared.now.ms)
        self._verify(work)

    def _drop_checks(self, coordinator: str, order: StepOrder) -> None:
        """Drop what nobody waits for any more: its time is over, or its asker's next DARE came."""
        now, is_dare = self.shared.now.ms, not is_rehearsal(order.tx)
        for tx, work in tuple(self._checks.items()):
            before = is_dare and work.coordinator == coordinator and not is_rehearsal(tx)
            if before or now - work.began_ms > work.order.limit_ms:
                del self._checks[tx]

    def _objection(self, order: StepOrder) -> str:
        log = self.shared.log
        if order.step in AFTER_DECISION:
            if order.slot >= log.next_slot:
                return "not decided here yet"
            value = log.decrees[order.slot].value
            same = isinstance(value, Commit | Aborted) and value.tx == order.tx
            return "" if same else f"slot {order.slot} was decided otherwise"
        if self.open is None or self.open.tx != order.tx or self.open.ballot != order.ballot:
            return "this node has not promised this transaction"
        if order.step != "stage" and self.open.staged is None:
            return "nothing is staged here"
        return ""

    def _refuse(self, coordinator: str, order: StepOrder, reason: str, *, final: bool) -> None:
        reply = StepReply(
            order.tx, order.slot, order.ballot, order.step, ok=False, final=final, reason=reason
        )
        self.shared.send(coordinator, reply)

    def _answer(self, work: Work, *, ok: bool, reason: str = "", digest: str = "") -> None:
        order = work.order
        reply = StepReply(
            tx=order.tx,
            slot=order.slot,
            ballot=order.ballot,
            step=order.step,
            ok=ok,
            reason=clean(reason, 500),
            evidence=tuple(clean(line, 300) for line in work.evidence[:40]),
            milliseconds=self.shared.now.ms - work.began_ms,
            gap_ms=0 if order.step == "verify" else self._gap_ms(),
            digest=digest,
            incarnation=self.shared.incarnation,
            facts=work.facts,
            groups={
                group: (max(0, self.shared.now.ms - began), max(0, self.shared.now.ms - ended))
                for group, (began, ended) in work.groups.items()
                if ended >= 0
            },
        )
        if work is self._work:
            self._work = None
        self._checks.pop(order.tx, None)
        if len(self._replies) > 200:
            self._replies.clear()
        self._replies[order.tx, order.step] = reply
        self.shared.send(work.coordinator, reply)

    def _gap_ms(self) -> int:
        return self.shared.hearts.gap_ms(self.shared.now.ms)

    def _progress(self, text: str) -> None:
        work = self._work
        if work is None or work.told == text:
            return
        work.told = text
        order = work.order
        reply = StepReply(
            order.tx, order.slot, order.ballot, order.step, ok=True, final=False, reason=text
        )
        self.shared.send(work.coordinator, reply)

    def _begin(self, work: Work) -> None:
        match work.order.step:
            case "compare" | "undo-stage" | "prove":
                self.shared.out.append(ReadTemporary())
            case "keep":
                work.evidence += kept_lines(self.shared.log.configuration, self._candidate())
                self._answer(work, ok=True)
            case "offline":
                work.evidence += offline_lines(self.shared.log.configuration, self._candidate())
                left = self._left_running()
                self._answer(work, ok=not left, reason=left)
            case "resume":
                self.resume_by_ms = -1
                self._answer(work, ok=True)
            case _:
                self.advance()

    def _left_running(self) -> str:
        """Return what of the groups that leave the configuration still runs here (block 140)."""
        stays = self._candidate().group
        held = [n for n, r in sorted(self.shared.runners.items()) if r.held and n not in stays]
        return "; ".join(
            f"{name} is not offline: {self.shared.runner(name).text or 'still held'}"
            for name in held
        )

    def _candidate(self) -> Configuration:
        candidate = self.shared.candidate
        assert candidate is not None, "a staged transaction has its configuration"
        return candidate

    # -- verify (block 96): no side effect

    def _verify(self, work: Work) -> None:
        written = self._read(work)
        if written is None:
            self._answer(work, ok=False, reason="; ".join(work.problems))
            return
        work.facts["agent"] = clean(self.shared.software, 200)
        log = self.shared.log
        current = log.next_slot >= work.order.slot  # a node that joins may know some history only
        base = log.configuration if current else None
        live = (*log.standing.view, *log.fenced) if current else ()
        reports = verify(written, base=base, live=live)
        work.evidence += [str(report) for report in reports]
        if has_errors(reports):
            errors = [str(r) for r in reports if r.severity == "error"]
            self._answer(work, ok=False, reason=f"{len(errors)} errors: {errors[0]}")
            return
        candidate = expanded(written)
        for group in changed_groups(base, candidate):
            noun = candidate.group[group]
            if self.shared.name not in noun.nodes:
                continue
            for name, resource in noun.resource.items():
                op = self.shared.new_op()
                work.ops[op] = f"{group}/{name}"
                limit = limit_s(resource, "validate")
                at = self._place_of(candidate, resource)
                order = RunDriver(op, group, name, resource, "validate", limit, Token(), at)
                self.shared.out.append(order)
        for node, name, device in fences_to_verify(base, candidate, self.shared.name):
            op = self.shared.new_op()
            work.ops[op] = f"fence device {name} of {node}"
            self.shared.fence_checks.begun(op, node, name, self.shared.now.unix)
            self.shared.out.append(FenceNode(op, node, name, device, "validate"))
        self._verified(work)

    def _place_of(self, candidate: Configuration, resource: Resource) -> Attachment:
        if not isinstance(resource, ServiceAddress):
            return NOWHERE
        return attachment(candidate, self.shared.name, resource.network, self.shared.adapters.bad)

    def _read(self, work: Work) -> Configuration | None:
        order = work.order
        try:
            data = unpack(order.file)
        except WireError as error:
            work.problems.append(str(error))
            return None
        if file_digest(data) != order.digest:
            work.problems.append("the file does not have the digest that was announced")
            return None
        read = parsed(data, "candidate")
        work.problems += [str(r) for r in read.reports if r.severity == "error"]
        return None if work.problems else read.configuration

    def validated(self, event: DriverFinished | FenceFinished) -> bool:
        """Take the result of a driver's validation; returns whether it was asked here."""
        work = next((w for w in self._checks.values() if event.op in w.ops), None)
        if work is None:
            return False
        what = work.ops.pop(event.op)
        line = f"{what}: {event.text or event.code}"
        work.evidence.append(("ok   " if event.ok else "FAIL ") + line)
        if len(work.facts) < FACTS_MAX:
            work.facts[clean(what, 200)] = clean(f"{event.code} {_fact(event)}".strip(), 200)
        if not event.ok:
            work.problems.append(line)
        self._verified(work)
        return True

    def _verified(self, work: Work) -> None:
        if not work.ops:
            reason, digest = "; ".join(work.problems), work.order.digest
            self._answer(work, ok=not work.problems, reason=reason, digest=digest)

    # -- steps that take a while: looked at after every event

    def advance(self) -> None:
        """Look whether the step under way is done."""
        work = self._work
        if work is None:
            return
        match work.order.step:
            case "stage":
                self._stage(work)
            case "release":
                self._release(work)
            case "greet":
                self._greet(work)
            case "acquire":
                self._acquire(work)
            case "undo-acquire":
                self._undo_acquire(work)
            case "undo-release":
                self._undo_release(work)
            case _:
                pass

    def _stage(self, work: Work) -> None:
        shared, order = self.shared, work.order
        assert self.open is not None, "only a promised transaction is staged"
        if shared.log.next_slot < order.slot:
            self._progress(f"fetching history, {shared.log.next_slot} of {order.slot}")
            return
        written = self._read(work)
        if written is None:
            self._answer(work, ok=False, reason="; ".join(work.problems))
            return
        staged = Staged(
            tx=order.tx,
            slot=order.slot,
            ballot=order.ballot,
            digest=order.digest,
            file=order.file,
            owners=order.owners,
            view=order.view,
            release=order.release,
            acquire=order.acquire,
        )
        shared.out.append(WriteTemporary(unpack(order.file)))
        shared.persist(staged)
        shared.hearts.measure_gap()
        self.open.staged = staged
        self.open.handed = frozenset(
            group for group, node in staged.release if shared.group_state(group, node) == "online"
        )
        fenced.brought_to(shared, {node for _, node in staged.acquire}, staged.slot)
        self._take_up(staged, written)
        work.evidence.append(f"temporary configuration {order.digest[:12]} on disk")
        self._answer(work, ok=True, digest=order.digest)

    def temporary_read(self, digest: str, active: str) -> None:
        """Take the digests of the files as they are on disk (blocks 124/174), "" for absent."""
        work = self._work
        if work is None:
            return
        step = work.order.step
        if step == "compare":
            work.evidence.append(f"temporary file on disk: {digest or 'none'}")
            self._answer(work, ok=bool(digest), reason="" if digest else "no file", digest=digest)
        elif step == "undo-stage":
            work.evidence.append("temporary file: " + (digest or "gone"))
            self._answer(
                work, ok=not digest, reason="temporary file is still there" if digest else ""
            )
        elif step == "prove":
            self._prove(work, digest, active)

    def _prove(self, work: Work, temporary: str, active: str) -> None:
        shared = self.shared
        configuration = shared.log.configuration
        groups = configuration.group if configuration else {}
        online = {n: r for n, r in sorted(shared.runners.items()) if r.state == "online"}
        foreign = [n for n, r in online.items() if r.tentative or r.group != groups.get(n)]
        problems = [f"{name} runs another configuration" for name in foreign]
        if temporary:
            problems.append("temporary file is still there")
        work.evidence += [f"online {name}" for name in online]
        work.evidence.append(f"active file on disk {active or 'none'}")
        self._answer(work, ok=not problems, reason="; ".join(problems), digest=active)

    def _mine(self, pairs: tuple[tuple[str, str], ...]) -> list[str]:
        return [group for group, node in pairs if node == self.shared.name]

    def _release(self, work: Work) -> None:
        shared = self.shared
        for group in self._mine(work.order.release):
            runner = shared.runner(group)
            if not runner.held and runner.state != "online":
                self._note_once(work, f"{group} released")
                work.ends(group, shared.now.ms)
                continue
            if self._waits_for_children(group, work.order):
                self._progress(f"{group} waits until its dependents are offline")
                return
            if group in work.started and runner.refused:
                self._answer(work, ok=False, reason=f"{group}: {runner.refused}")
                return
            if runner.state != "releasing":
                work.begins(group, shared.now.ms)
                work.started.add(group)
                cause = f"DARE {work.order.tx}"
                shared.out += runner.release(shared.now, cause=cause, may_refuse=True)
            self._progress(_words("releasing", group, runner))
            return
        self._answer(work, ok=True)

    def _note_once(self, work: Work, line: str) -> None:
        if line not in work.evidence:
            work.evidence.append(line)

    def _waits_for_children(self, group: str, order: StepOrder) -> bool:
        configuration = self.shared.log.configuration
        if configuration is None:
            return False
        return any(
            group in configuration.group[child].after
            and self.shared.group_state(child, node) not in ("offline", "error", "unknown")
            for child, node in order.release
            if child in configuration.group
        )

    def _greet(self, work: Work) -> None:
        shared = self.shared
        new = parts_to_greet(shared.log.configuration, self._candidate(), shared.name)
        parts = [part for part in new if part.node in work.order.view]  # who is down cannot answer
        missing = [
            part
            for part in parts
            if not shared.hearts.heard_on(
                part.node, part.link, BEATS_TO_GREET, shared.now.ms, shared.timing
            )
        ]
        if missing:
            first = missing[0]
            text = f"waits for {first.node}/{first.adapter} on {first.network}"
            self._progress(f"{text}, {len(missing)} of {len(parts)} silent")
            return
        work.evidence += [f"{p.node}/{p.adapter} answers on {p.network}" for p in parts]
        self._answer(work, ok=True)

    def _acquire(self, work: Work) -> None:
        for group in self._mine(work.order.acquire):
            result = self._acquire_one(work, group)
            if result == "failed":
                self._answer(work, ok=False, reason=f"{group}: {self.shared.runner(group).text}")
                return
            if result == "waits":
                return
            self._note_once(work, f"{group} online")
            work.ends(group, self.shared.now.ms)
        self._answer(work, ok=True)

    def _wanting(self, work: Work, group: str, noun: Group) -> str:
        """Return what a group must wait for before it is acquired, empty for nothing."""
        shared = self.shared
        if not shared.lease_valid:
            return "this node's lease"
        if not shared.parents_online(noun, work.order.owners):
            return ", ".join(noun.after)
        missing = self.proofs.missing(shared, group, self._candidate())
        return f"proof of release by {', '.join(missing)}" if missing else ""

    def _hopeless(self, work: Work, group: str, noun: Group) -> str:
        """Return why a group cannot be acquired here however long is waited, empty if it may be."""
        shared, order = self.shared, work.order
        if shared.stopping:
            return f"{shared.name} leaves the cluster"
        if shared.runner(group).held:
            return "is still held by this node"
        if shared.name in shared.log.standing.view and not shared.is_member:
            return f"{shared.name} was started anew and is not counted in yet"
        if shared.now.ms - work.began_ms < shared.timing.dead_after_ms:
            return ""  # by then all have told what they run
        coming = {name for name, _ in order.acquire}
        for parent in noun.after:
            state = shared.group_state(parent, order.owners.get(parent, ""))
            if parent not in coming and state in ("offline", "error", "unknown"):
                return f"needs {parent}, which nobody starts while a DARE is open"
        return ""

    def _acquire_one(self, work: Work, group: str) -> str:
        shared = self.shared
        assert self.open is not None, "only a staged transaction acquires"
        runner = shared.runner(group)
        noun = self._candidate().group.get(group)
        if noun is None:
            runner.text = "is not in the staged configuration"
            return "failed"
        if group in work.started:
            if runner.state == "online":
                return "done"
            if runner.state == "error":
                return "failed"
            if runner.state == "offline":
                runner.text = "was released again, for this node lost its lease"
                return "failed"
            self._progress(_words("acquiring", group, runner))
            return "waits"
        hopeless = self._hopeless(work, group, noun)
        if hopeless:
            runner.text = hopeless
            return "failed"
        wanting = self._wanting(work, group, noun)
        if wanting:
            self._progress(f"{group} waits for {wanting}")
            return "waits"
        token = Token(shared.log.standing.generation, work.order.slot, work.order.ballot)
        refuse = "drill: acquire refused" if group in shared.drills.refuse_acquire else ""
        work.started.add(group)
        work.begins(group, shared.now.ms)
        handed = group in self.open.handed
        shared.out += runner.acquire(
            noun,
            token,
            shared.now,
            refuse=refuse,
            tentative=True,
            handed=handed,
            cause=f"DARE {work.order.tx}",
        )
        return "waits" if runner.state != "online" else "done"

    # -- undo (156/194): the decree ABORT is known; reconcile does it, these rows report it

    def _undo_acquire(self, work: Work) -> None:
        groups = self._mine(work.order.acquire)
        runners = {group: self.shared.runner(group) for group in groups}
        held = [group for group, runner in runners.items() if runner.held and runner.tentative]
        if held:
            self._progress(f"releasing {held[0]}")
            return
        work.evidence += [f"{group} released" for group in groups]
        self._answer(work, ok=True)

    def _undo_release(self, work: Work) -> None:
        shared = self.shared
        owners = shared.log.standing.owners
        for group in self._mine(work.order.release):
            if owners.get(group) != shared.name:
                continue
            runner = shared.runner(group)
            was_away = runner.state != "online" or runner.token.slot >= work.order.slot
            if was_away:
                work.begins(group, work.began_ms)
            if runner.state == "error" and runner.settled and group not in shared.forgiven:
                self._answer(work, ok=False, reason=f"{group}: {runner.text}")
                return
            if runner.state != "online":
                self._progress(f"acquiring {group} again")
                return
            self._note_once(work, f"{group} {'online again' if was_away else 'stayed online'}")
            work.ends(group, shared.now.ms)
        self._answer(work, ok=True)


def _words(doing: str, group: str, runner: GroupRunner) -> str:
    """Return what goes on with a group; of what takes long also which command, and its output."""
    return " ".join(filter(None, (doing, group, runner.text, runner.doing)))


def _fact(event: DriverFinished | FenceFinished) -> str:
    """Return what a driver found, where it told."""
    return event.fact if isinstance(event, DriverFinished) else ""
