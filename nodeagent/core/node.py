"""One node: composes all machines behind one `step`.

`step(event, now)` takes one event and returns the effects it asks for, in the order in which they
must be carried out. Messages to itself are handled inside the same step, so the coordinator is a
participant like all others and runs the same code.
"""

from dataclasses import dataclass

from msgspec import UNSET

from nodeagent.config.instances import expanded
from nodeagent.core import (
    adoption,
    answers,
    desk,
    fence_desk,
    fenced,
    heir,
    inbox,
    runs,
    ticking,
    unended,
)
from nodeagent.core.adoption import Inherited
from nodeagent.core.audience import Request
from nodeagent.core.catching_up import CatchingUp
from nodeagent.core.commands import Commands
from nodeagent.core.coordinator import Coordinator
from nodeagent.core.decree import Acceptor, Lock, Proposer
from nodeagent.core.effects import (
    Activate,
    Connect,
    DropTemporary,
    Effect,
    Persist,
    RewriteJournal,
    Send,
)
from nodeagent.core.event_queue import ClusterEvent, EventQueue
from nodeagent.core.events import (
    BeatHeard,
    CommandTalked,
    ConsoleAsked,
    ConsolesPresent,
    DriverFinished,
    Event,
    FenceFinished,
    JoinAsked,
    JoinDoorOpened,
    JournalGrew,
    LinkChanged,
    MessageHeard,
    Now,
    ResourceExited,
    Steady,
    StopAsked,
    TemporaryRead,
    Tick,
)
from nodeagent.core.fencing import Fencing
from nodeagent.core.generation import is_forced
from nodeagent.core.governor import Governor
from nodeagent.core.hearing import Hearing
from nodeagent.core.heartbeat import Heartbeats
from nodeagent.core.invitations import Invitations
from nodeagent.core.keeper import Keeper
from nodeagent.core.lease import Lease
from nodeagent.core.log import DecreeError, DecreeLog
from nodeagent.core.participant import SUSPENSION_MAX_MS, Participant
from nodeagent.core.probation import ProbationWatch
from nodeagent.core.proofs import Proofs
from nodeagent.core.records import (
    DecidedValue,
    Durable,
    Memory,
    Record,
    Started,
    compact,
)
from nodeagent.core.rehearsal import Rehearsals
from nodeagent.core.reporter import Reporter
from nodeagent.core.shared import Drills, Shared
from nodeagent.core.stopping import Stopping
from nodeagent.core.times import Times
from nodeagent.core.wiring import connections, links_to
from nodeagent.model.configuration import Configuration, Group
from nodeagent.model.ownership import Standing, incarnation_of, life_of
from nodeagent.model.reports import Severity
from nodeagent.wire.console import (
    Refused,
)
from nodeagent.wire.limits import PROTOCOL_VERSION
from nodeagent.wire.live import ClusterLive, NodeLive, Snapshot
from nodeagent.wire.peer import (
    Aborted,
    Commit,
    Confirmed,
    Decided,
    Decree,
    Envelope,
    LeaseAck,
    LeaseRequest,
    Message,
    Value,
    ViewChange,
)

ROUNDS_PER_LIFE = 1 << 16
"""Ballots of a new life of the agent are above all of its earlier ones, written down or not."""
SEQUENCES_PER_LIFE = 1 << 32
"""Answers to requests of an earlier life never fit those of this one."""
AMNESIA = (
    "its state directory was lost or set back to an older copy, so it does not know what it "
    "promised and takes no part; remove this node by a DARE, set it up anew with nodeagent "
    "init --join, and add it again"
)


@dataclass(frozen=True, slots=True)
class Setup:
    """What a node starts with: its name, its journal, and files as they are on disk.

    `joining` is the configuration that a node was given which has no history yet. `mark` is drawn
    at random for this start. `unended` is (group, resource) of an earlier start that still runs.
    `times` is what an earlier start knew of how long actions take.
    """

    name: str
    records: tuple[Record, ...] = ()
    joining: Configuration | None = None
    active_digest: str = ""
    draft: bytes = b""
    draft_digest: str = ""
    mark: int = 0
    software: str = ""
    drills: bool = False
    unended: tuple[tuple[str, str], ...] = ()
    times: bytes = b""


class Node:
    """The core of one agent. Not thread-safe; never waits, never reads a clock or a file."""

    def __init__(self, setup: Setup, now: Now) -> None:
        self._memory = Memory(setup.records)
        durable = self._memory.durable
        log = DecreeLog()
        for decree in durable.decrees:
            log.extend(decree)
        log.suspect(durable.tried)
        life = life_of(durable.incarnation) + 1
        self.setup = setup
        self.shared = Shared(
            name=setup.name,
            incarnation=incarnation_of(life, setup.mark),
            lives=durable.lives,
            log=log,
            hearts=Heartbeats(now.ms),
            lease=Lease(sequence=life * SEQUENCES_PER_LIFE),
            now=now,
            began_ms=now.ms,
            software=setup.software,
            joining=expanded(setup.joining) if setup.joining else None,
            drills=Drills(allowed=setup.drills),
            draft=setup.draft,
            draft_digest=setup.draft_digest,
            draft_base=durable.draft_base,
            times=Times(setup.times),
        )
        self.shared.fenced |= durable.fenced
        brought = {node for _, node in durable.tried}
        self.shared.tried_in |= dict.fromkeys(brought, log.standing.slot)
        if durable.staged is not None:
            fenced.brought_to(self.shared, {n for _, n in durable.staged.acquire}, log.next_slot)
        self.queue = EventQueue()
        self.proofs = Proofs(life * SEQUENCES_PER_LIFE)
        self.acceptor = Acceptor(durable)
        self.participant = Participant(self.shared, self.proofs)
        self.governor = Governor(self.shared, self.acceptor, self.participant)
        self.governor.round_seen = life * ROUNDS_PER_LIFE
        self.keeper = Keeper(self.shared, self.proofs, self.participant)
        self.fencing = Fencing(self.shared, self.proofs)
        self.probation = ProbationWatch(self.shared)
        self.rehearsals = Rehearsals(self.shared)
        self.reporter = Reporter(self.shared, self.participant, self.queue, self.probation)
        self.invitations = Invitations(self.shared)
        self.commands = Commands(self.shared)
        self.catching_up = CatchingUp(self.shared)
        self.hearing = Hearing()
        self.stopping = Stopping(now.ms)
        self.coordinator: Coordinator | None = None
        self._connect: Connect | None = None
        self._wired: tuple[Configuration | None, ...] = (None, None, None)
        self._before: Configuration | None = None
        self._after: Configuration | None = None
        self._linger_ms = self._ticked_ms = now.ms
        self._clock = Steady(now)
        self._alive: frozenset[str] = frozenset()
        self._durable: Durable | None = durable
        self.settled = self._amnesiac = False
        self._refused = (-1, "")

    # -- the two entrances

    @property
    def adoptable(self) -> dict[str, Group]:
        """Return the groups that an earlier life may have left online for this one; see adoption.

        Asked before `start`, which is told what became of them.
        """
        assert self._durable is not None, "asked before the node starts"
        found = adoption.adoptable(self.shared, self._durable)
        return {name: noun for name, (noun, _) in found.items()}

    def start(self, now: Now, inherited: Inherited | None = None) -> list[Effect]:
        """Return the first effects: a new incarnation, sockets, and what the journal left open.

        `inherited`: what runs here already (by default only what `Setup` says cannot be ended).
        """
        inherited = inherited or Inherited(self.setup.unended)
        durable, self._durable = self._durable, None
        self._marks = adoption.Marks(durable.online if durable else {})
        assert durable is not None, "a node starts once"
        shared = self.shared
        shared.now = self._clock.take(now)
        shared.persist(Started(shared.incarnation, shared.name))
        if self.acceptor.lock is not None:
            self.participant.restored(self.acceptor.lock, shared.log.next_slot, durable.staged)
        found = adoption.adoptable(shared, durable)
        adopted = inherited.adopted & found.keys()
        unended.hold(shared, inherited.unended, durable.held, adopted)
        adoption.adopt(shared, found, adopted, inherited.until_ms)
        standing = shared.log.standing
        if shared.log.active and self.setup.active_digest != standing.digest:
            joined = shared.joining is None
            active = Activate(standing.epoch, standing.digest, shared.log.active, joined)
            shared.out.append(active)
        if durable.staged is None:
            shared.out.append(DropTemporary())  # left by a crash at the end of a DARE
        if shared.log.active and not shared.draft:
            desk.set_draft(shared, shared.log.active, standing.digest)
        self._wire()
        shared.tell("note", shared.name, f"agent started, life {life_of(shared.incarnation)}")
        return self._settle()

    def step(self, event: Event, now: Now) -> list[Effect]:
        """Take one event; return what is to be done, in order.

        What follows from a heartbeat is looked at with the next tick: there are many of them, they
        come just before it, and what they say differs from the last ones' only now and then. From
        a request for a lease nothing follows here, and a voter gets them from all nodes. From a
        grant follows nothing new, unless it tells of nodes that are out. From a monitor that found
        all well follows nothing while nothing goes on. A node without a lease waits for nothing:
        what it still holds has a time to end at.
        """
        self.shared.now = self._clock.take(now)
        waits = _waits_for_the_tick(event) or self._is_good_news(event)
        waits = waits and self.shared.lease_valid
        self._take(event)
        if not waits or not self.shared.lease_valid:
            return self._settle()
        effects, self.shared.out = self.shared.out, []
        return effects

    def _is_good_news(self, event: Event) -> bool:
        """Return whether a monitor found all well, and nothing goes on that could wait for it."""
        if not self.settled or not isinstance(event, DriverFinished) or not event.ok:
            return False
        return any(runner.monitors(event.op) for runner in self.shared.runners.values())

    def _take(self, event: Event) -> None:
        match event:
            case BeatHeard():
                self.hearing.beat(self, event)
            case Tick():
                self._tick(event)
            case MessageHeard():
                self.hearing.message(self, event)
            case DriverFinished() | FenceFinished() | CommandTalked():
                self._driver(event)
            case ResourceExited():
                self.shared.runner(event.group).exited(event.resource, event.text)
            case TemporaryRead() | JournalGrew():
                self._looked_at_disk(event)
            case ConsoleAsked() | JoinAsked() | JoinDoorOpened():
                answers.asked(self, event)
            case ConsolesPresent() | LinkChanged():
                self._learn(event)
            case StopAsked():
                self.stopping.asked(self, event)

    @property
    def next_tick_ms(self) -> float:
        """Return in how many milliseconds after the last tick the next one is due."""
        return ticking.next_tick_ms(self)

    def envelope(self, message: Message) -> Envelope:
        """Return a control message with its header."""
        shared = self.shared
        generation = shared.log.standing.generation
        return Envelope(PROTOCOL_VERSION, shared.log.root, generation, shared.incarnation, message)

    # -- one step's end: own messages, and everything that looks at the new state

    def _settle(self) -> list[Effect]:
        shared, final = self.shared, list[Effect]()
        for _ in range(10_000):
            effects, shared.out = shared.out, []
            own = []
            for effect in effects:
                if isinstance(effect, Send) and effect.to == shared.name:
                    own.append(effect.message)
                else:
                    final.append(effect)
            for message in own:
                inbox.receive(self, shared.name, shared.incarnation, message)
            if not own:
                self._look()
                if not shared.out:
                    break
        else:
            raise AssertionError("a step that does not settle")
        before, after = self._marks.records(shared.runners.values())
        final = [*before, *final, *after] if before or after else final
        for effect in final:
            if isinstance(effect, Persist):
                self._memory.take(effect.record)
        self.settled = ticking.is_settled(self)
        return final

    def _look(self) -> None:
        shared = self.shared
        self._look_at_proposals()
        shared.suspended, opened = self.participant.suspended, self.participant.open
        shared.open_tx = opened.tx if opened is not None else ""
        self.participant.advance()
        self.keeper.reconcile()
        self._tell_news()
        self.commands.take()
        self._wire()
        if any(runner.changed for runner in shared.runners.values()):
            self.reporter.beat(at_once=True)
            self.reporter.tick()

    def _tell_news(self) -> None:
        for name, runner in self.shared.runners.items():
            if not runner.news and not runner.timed:
                continue
            for item in runner.news:
                self.shared.tell(item.severity, name, item.text, item.cause, event=item.event)
            runner.news.clear()
            for timed in runner.timed:
                self.shared.times.took(self.shared.name, timed)
            runner.timed.clear()

    def _look_at_proposals(self) -> None:
        coordinator = self.coordinator
        if coordinator is not None and not coordinator.finished:
            coordinator.on_accepted()
            self._decide_if_certified(coordinator.proposer)
        if self.governor.proposer is not None:
            self._decide_for_another(self.governor.proposer)

    def _decide_for_another(self, proposer: Proposer) -> None:
        """Decide what this node proposed for a coordinator that is lost, and go on in its place."""
        if not self._is_certified(proposer):
            return
        opened = self.participant.open
        request = heir.request_of(self.shared, proposer, opened)
        if not self._decide_if_certified(proposer) or request is None or self._goes_on(request):
            return
        record = heir.record_of(self.shared, request, opened.ballot.node if opened else "")
        self.coordinator = Coordinator(self.shared, request, heir.owned_before(request))
        self.coordinator.take_over(record, self.shared.log.decrees[-1])

    def _goes_on(self, request: Request) -> bool:
        """Return whether this node itself coordinates what was decided, and is at it."""
        coordinator = self.coordinator
        own = coordinator is not None and coordinator.request.tx == request.tx
        return own and coordinator is not None and not coordinator.finished

    def _decide_if_certified(self, proposer: Proposer) -> bool:
        value = proposer.value
        if value is None or not self._is_certified(proposer):
            return False
        accepted_by, last = tuple(sorted(proposer.accepted_by)), self.shared.log.last_digest
        fence = self.shared.log.fenced - set(accepted_by)
        alone = fence and not self.shared.log.certified(value, accepted_by)
        fenced_ = tuple(fence) if alone else ()
        decree = Decree(proposer.slot, value, proposer.ballot, last, accepted_by, fenced_)
        return self.extend(decree, announce=True)

    def _is_certified(self, proposer: Proposer) -> bool:
        log, value = self.shared.log, proposer.value
        if value is None or proposer.slot != log.next_slot:
            return False
        return log.certified(value, proposer.accepted_by, log.fenced)

    def _announce(self, decree: Decree, configurations: tuple[Configuration | None, ...]) -> None:
        nodes = {node for c in configurations if c is not None for node in c.node}
        self.shared.send_all(sorted(nodes - {self.shared.name}), Decided(decree))

    # -- decisions

    def extend(self, decree: Decree, *, announce: bool = False) -> bool:
        """Take the next decree into force; returns False, and says why, if it does not follow.

        `announce`: it was decided here, so all others are told.
        """
        shared = self.shared
        if is_forced(decree) and shared.joining is None:
            assert isinstance(decree.value, Commit), "only a COMMIT is forced"
            self.hearing.tell_generation(self, decree.value.generation)
            return False
        if shared.name in decree.fenced and shared.is_member:
            self._tell_refusal(
                decree.slot, "it says that this node was fenced, and it lives; restart its agent"
            )
            return False
        before, concerned = shared.log.standing, (shared.configuration, self._candidate())
        if isinstance(decree.value, Commit):
            shared.lease.keep(shared.log.deciding, shared.timing, shared.log.tie_breaker)
        try:
            shared.log.extend(decree)
        except DecreeError as error:
            self._tell_refusal(decree.slot, str(error))
            return False
        shared.persist(DecidedValue(decree))
        if isinstance(decree.value, Commit | Aborted):
            # Nodes that only one of the two configurations has must still hear of the end.
            self._before, self._after = concerned
            self._linger_ms = shared.now.ms + 2 * shared.timing.step_ms
        if announce:
            self._announce(decree, (*concerned, shared.configuration))
        self.acceptor.reset()
        self.governor.reset()
        self._take_force(decree, before)
        coordinator = self.coordinator
        if coordinator is not None:
            coordinator.on_decided(decree)
        self.keeper.renew()
        return True

    def _tell_refusal(self, slot: int, reason: str) -> None:
        """Say once why a decree is not taken: whoever knows it tells it again and again."""
        if (slot, reason) != self._refused:
            self._refused = (slot, reason)
            self.shared.tell("error", self.shared.name, f"refuses decree {slot}: {reason}")

    def _notice_amnesia(self) -> None:
        """Say once, where an administrator looks, why this node takes no part any more."""
        amnesiac, self._amnesiac = self._amnesiac, self.shared.amnesiac
        if self._amnesiac and not amnesiac:
            self.shared.tell("error", self.shared.name, AMNESIA)

    def _take_force(self, decree: Decree, before: Standing) -> None:
        shared, value = self.shared, decree.value
        self._note_who_is_out(before, value)
        if isinstance(value, Commit):
            self._take_commit(value, before.digest)
        if isinstance(value, Aborted):
            text = f"undone, epoch {before.epoch} stays"
            shared.tell("warning", value.tx, text, value.reason, event="dare-aborted")
            shared.forgiven |= self.participant.touched
            self.keeper.undo_tentative()
        if isinstance(value, Commit | Aborted):
            if self.coordinator is None or self.coordinator.request.tx != value.tx:
                shared.drills.stop_at_step = ""  # meant for the next DARE alone, and that is over
            self.participant.decided(value)
        elif self.participant.open is not None:
            self.participant.unlocked()
        if isinstance(value, Confirmed):
            shared.tell(
                "note", value.tx, f"confirmed by {value.author}: epoch {before.epoch} stays"
            )
        if isinstance(value, ViewChange):
            self.keeper.restart_children(before)
            self.keeper.note_handed(before)
        # Who was out learns of views that were long over when it came back.
        current = not shared.behind or (shared.is_member and shared.lease_valid)
        if isinstance(value, ViewChange) and value.cause and current:
            severity: Severity = "warning" if set(before.view) - set(value.view) else "note"
            text = f"view {decree.slot}: {value.cause}"
            shared.tell(severity, "cluster", text, event="view-changed")

    def _take_commit(self, value: Commit, old_digest: str) -> None:
        shared = self.shared
        if shared.log.configuration and shared.name in shared.log.configuration.node:
            shared.joining = None
        joined = shared.joining is None
        shared.out.append(Activate(value.epoch, value.digest, shared.log.active, joined))
        text = f"epoch {value.epoch} is active"
        shared.tell("note", value.tx, text, value.reason, event="dare-committed")
        self._refresh_runners()
        self.reporter.configuration_changed(value.author, draft=False)
        self._follow_with_draft(old_digest, value.author)
        terms = value.probation
        if terms is not UNSET:
            text = f"epoch {value.epoch} is on probation for {terms.seconds} s"
            shared.tell("warning", value.tx, f"{text}; then epoch {terms.previous} returns")

    def _note_who_is_out(self, before: Standing, value: Value) -> None:
        """Start the waiting for those who may still hold groups and are not in any more."""
        fenced.decided(self.shared, value)
        now, view = self.shared.now.ms, self.shared.log.standing.view
        self.shared.note_deciders()
        if view != before.view:
            self.shared.view_since_ms = now
        left = {n for n, life in before.view.items() if view.get(n) != life}
        left |= {n for n in self._tentative_holders(value) if n not in view}
        self.shared.out_since_ms |= dict.fromkeys(left, now)
        for node in set(self.shared.out_wait_ms) & set(view):
            del self.shared.out_wait_ms[node]
        for node in left - set(view):
            self.shared.out_wait_ms[node] = self.shared.wait_now_ms

    def _tentative_holders(self, value: Value) -> set[str]:
        """Return who may hold groups although no decree gave them: from now on it is waited."""
        named = set(value.owners.values()) if isinstance(value, Aborted) else set()
        return (named | set(self.shared.tentative)) - {""}

    def _follow_with_draft(self, old_digest: str, author: str) -> None:
        """Let a draft in which nothing is pending follow; one that somebody edits is kept."""
        shared = self.shared
        if shared.draft_digest in ("", old_digest, shared.log.standing.digest):
            desk.set_draft(shared, shared.log.active, shared.log.standing.digest)
            self.reporter.configuration_changed(author, draft=True)

    def _refresh_runners(self) -> None:
        shared = self.shared
        configuration = shared.log.configuration
        assert configuration is not None, "a commit brings a configuration"
        for name, group in configuration.group.items():
            runner = shared.runner(name)
            runner.tentative = False
            if runner.group is not None and runner.group != group:
                runner.forgive(shared.now)
            if runner.held or runner.group is not None:
                runner.update(group)

    # -- sockets

    def _candidate(self) -> Configuration | None:
        if self.shared.candidate is not None:
            return self.shared.candidate
        coordinator = self.coordinator
        if coordinator is not None and not coordinator.finished:
            return coordinator.request.candidate
        if self._after is not None and self.shared.now.ms < self._linger_ms:
            return self._after
        return self.rehearsals.candidate or self.shared.joining

    def _leaving(self) -> Configuration | None:
        """Return the configuration before the last COMMIT while removed nodes are waited for.

        A node that was removed itself stays where it was for as long as it runs: who missed the
        decree may need its word, for it may have been half of a majority.
        """
        shared = self.shared
        place = shared.log.places.get(shared.name)
        if place is not None and shared.joining is None:
            return place
        return self._before if shared.now.ms < self._linger_ms else None

    def _wire(self) -> None:
        shared = self.shared
        wires = (shared.configuration, self._candidate(), self._leaving())
        known = self._wired
        if known[0] is wires[0] and known[1] is wires[1] and known[2] is wires[2]:
            return  # looked at after every event, so it must cost nothing
        self._wired = wires
        wanted = connections(shared.name, *wires)
        peers = [peer.name for peer in wanted.peers] if wanted else []
        shared.hearts.keep_links({node: links_to(shared.name, node, *wires) for node in peers})
        if wanted is None or wanted == self._connect:
            return
        self._connect = wanted
        shared.hearts.forget({peer.name for peer in wanted.peers})
        self.reporter.use_adapters(tuple(adapter.name for adapter in wanted.adapters))
        shared.adapters.use(((a.name, a.network) for a in wanted.adapters), shared.now.ms)
        shared.out.append(wanted)

    # -- events

    def _tick(self, tick: Tick) -> None:
        shared = self.shared
        slept = shared.now.ms - self._ticked_ms - ticking.TICK_MS
        self._ticked_ms = shared.now.ms
        shared.load = tick.load
        shared.hearts.tick(shared.now.ms, shared.timing, slept)
        if slept > shared.timing.dead_after_ms // 2:
            shared.tell("warning", shared.name, f"this node slept for {slept} ms")
            shared.adapters.forgive(shared.now.ms)
        self._look_at_adapters()
        shared.suspended = self.participant.suspended
        coordinator = self.coordinator
        decides = coordinator and not coordinator.finished and not coordinator.outrun
        shared.coordinating = coordinator.request.tx if coordinator and decides else ""
        shared.stranded = coordinator.stranded if coordinator else None
        self._notice_nodes()
        self._notice_amnesia()
        self.catching_up.tick()
        self.commands.tick()
        for event in self.queue.take(suspended=shared.suspended):
            severity: Severity = "note" if event.kind == "node-up" else "error"
            shared.tell(severity, event.subject, event.text, event=event.kind, node=event.subject)
        self.keeper.tick()
        self.fencing.tick()
        self.invitations.tick()
        if shared.stopping:
            self.stopping.tick(self)
        if self.coordinator is not None:
            self.coordinator.tick()
        self.governor.tick()
        self._watch_probation()
        self.rehearsals.tick()
        runs.tick(self)
        peers = tuple(node for node in shared.alive_nodes() if node != shared.name)
        shared.out += shared.times.tick(shared.now.ms, peers, consoles=shared.consoles > 0)
        self.reporter.lock_text = self.busy()
        self.reporter.beat()
        self.reporter.tick()

    def _watch_probation(self) -> None:
        """Run the DARE back to the previous configuration when a probation was not passed."""
        probation, busy = self.shared.log.probation, self.busy()
        why = self.probation.tick(busy=bool(busy))
        if not why or probation is None or not self.shared.quorum or self.shared.stopping:
            return
        ballot = self.governor.next_ballot()
        made = desk.prepare_return(
            self.shared, probation, ballot, why, as_before=self.probation.first_try
        )
        refused = self.begin(made) if isinstance(made, Request) else made
        self.probation.tried(refused.text if refused is not None else "")

    def begin(self, request: Request) -> Refused | None:
        """Coordinate a DARE or rehearsal from here; why not, if it cannot be."""
        coordinator = Coordinator(self.shared, request, self._online_now())
        if coordinator.longest_ms > SUSPENSION_MAX_MS:
            return Refused("too-long", desk.TOO_LONG.format(coordinator.longest_ms // 60_000), 4)
        self.coordinator = coordinator
        coordinator.start()
        return None

    def _learn(self, event: ConsolesPresent | LinkChanged) -> None:
        if isinstance(event, ConsolesPresent):
            self.shared.consoles = event.count
            return
        self.shared.adapters.link(event.adapter, self.shared.now.ms, up=event.up)
        self._look_at_adapters()

    def _look_at_adapters(self) -> None:
        if self.shared.adapters.look(self.shared):
            self.reporter.beat(at_once=True)

    def _notice_nodes(self) -> None:
        shared = self.shared
        alive = frozenset(n for n in shared.hearts.peers if shared.alive(n))
        if alive == self._alive:
            return
        for node in sorted(alive - self._alive):
            self.queue.push(ClusterEvent("node-up", node, "heard again", shared.now.ms))
        configuration = shared.configuration
        known = configuration.node if configuration else {}
        for node in sorted(n for n in self._alive - alive if n in known):
            silent = shared.timing.dead_after_ms
            text = f"no heartbeat on any network for {silent} ms"
            self.queue.push(ClusterEvent("node-down", node, text, shared.now.ms))
        self._alive = alive

    def _looked_at_disk(self, event: TemporaryRead | JournalGrew) -> None:
        if isinstance(event, TemporaryRead):
            self.participant.temporary_read(event.digest, event.active)
        else:
            self.shared.out.append(RewriteJournal(tuple(compact(self._memory.durable))))

    def _driver(self, event: DriverFinished | FenceFinished | CommandTalked) -> None:
        if isinstance(event, CommandTalked):
            self._talked(event)
            return
        if isinstance(event, FenceFinished):
            fence_desk.tested(self.shared, event)
        if self.participant.validated(event) or self.probation.checked(event):
            return
        if isinstance(event, FenceFinished):
            self.fencing.finished(event)
            return
        if self.commands.finished(event):
            return
        for runner in self.shared.runners.values():
            self.shared.out += runner.finished(event, self.shared.now)

    def _talked(self, event: CommandTalked) -> None:
        self.commands.talked(event)
        for runner in self.shared.runners.values():
            runner.talked(event)

    # -- consoles

    def busy(self) -> str:
        """Return the open transaction and its holder, empty when the lock is free."""
        coordinator = self.coordinator
        if coordinator is not None and not coordinator.finished:
            return f"{coordinator.request.tx} held by {self.shared.name}"
        lock: Lock | None = self.acceptor.lock
        return f"{lock.tx} held by {lock.holder}" if lock is not None else ""

    def snapshot(self) -> Snapshot:
        """Return everything that this agent knows of the cluster."""
        self.reporter.lock_text = self.busy()
        return self.reporter.snapshot()

    def live(self) -> tuple[ClusterLive, tuple[NodeLive, ...]]:
        """Return the live values of the cluster and of every node, as this agent knows them."""
        self.reporter.lock_text = self.busy()
        return self.reporter.cluster_live(), self.reporter.nodes_live()

    def _online_now(self) -> dict[str, tuple[str, ...]]:
        shared = self.shared
        found: dict[str, tuple[str, ...]] = {}
        for node in shared.log.standing.view:
            groups = shared.log.standing.owners
            found[node] = tuple(g for g in groups if shared.group_state(g, node) == "online")
        return found

    # -- facts for tests and simulation

    @property
    def held(self) -> frozenset[str]:
        """Return the groups that may be running here."""
        return frozenset(name for name, runner in self.shared.runners.items() if runner.held)

    @property
    def has_quorum(self) -> bool:
        """Return whether a majority of the voters is heard."""
        return self.shared.quorum


def _waits_for_the_tick(event: Event) -> bool:
    """Return whether what follows here from an event, if anything, may wait for the next tick."""
    if isinstance(event, MessageHeard):
        message = event.envelope.message
        told = isinstance(message, LeaseAck) and message.granted
        return isinstance(message, LeaseRequest | LeaseAck) and not told
    return isinstance(event, BeatHeard)
