"""What the machines of one node share: its name, its log, what it hears, what it holds.

Each machine (participant, coordinator, governor, reconciler, reporter) reads this and appends its
effects to `out`; `core.node` hands them to the daemon in that order.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from nodeagent.config.commands import bound, command
from nodeagent.core.adapters import Adapters, attachment
from nodeagent.core.effects import Effect, Note, Persist, Publish, Send
from nodeagent.core.events import Now
from nodeagent.core.fence_checks import Checks
from nodeagent.core.granted import Granted
from nodeagent.core.groups import GroupRunner
from nodeagent.core.heartbeat import Heartbeats
from nodeagent.core.lease import Lease, takeover_wait_ms
from nodeagent.core.log import DecreeLog
from nodeagent.core.pre_commands import PreCommands
from nodeagent.core.records import Record
from nodeagent.core.times import Times
from nodeagent.model.attachment import NOWHERE, Attachment
from nodeagent.model.configuration import Configuration, Group, Timing
from nodeagent.model.happenings import EVENTS_OF_GROUP, EventName, Happening
from nodeagent.model.rehearsal import Finding
from nodeagent.model.reports import Severity
from nodeagent.model.run import DareRun, Progress, RunChanged, keep
from nodeagent.model.text import clean
from nodeagent.wire.live import EventLine, FenceLive
from nodeagent.wire.peer import Aborted, Confirmed, Message

EVENTS_KEPT = 500
RUNS_KEPT = 20
NO_TIMING = Timing()
"""Of a node that was given no configuration yet."""


@dataclass
class Drills:
    """Faults that this node practises; empty unless it was started for drills."""

    allowed: bool = False
    refuse_acquire: set[str] = field(default_factory=set)
    slow_step: str = ""
    stop_at_step: str = ""


@dataclass
class Shared:
    """State that more than one machine of a node reads."""

    name: str
    incarnation: int
    lives: frozenset[int]
    log: DecreeLog
    hearts: Heartbeats
    lease: Lease
    now: Now
    began_ms: int
    software: str
    joining: Configuration | None = None
    candidate: Configuration | None = None
    tentative: tuple[str, ...] = ()
    suspended: bool = False
    open_tx: str = ""
    coordinating: str = ""
    stranded: Aborted | None = None
    forgiven: set[str] = field(default_factory=set)
    stopping: str = ""
    stopping_since_ms: int = 0
    runners: dict[str, GroupRunner] = field(default_factory=dict)
    inherited: dict[str, int] = field(default_factory=dict)
    out_since_ms: dict[str, int] = field(default_factory=dict)
    out_wait_ms: dict[str, int] = field(default_factory=dict)
    leased_since_ms: int = -1
    view_since_ms: int = 0
    fenced: set[str] = field(default_factory=set)
    tried_in: dict[str, int] = field(default_factory=dict)
    fences: dict[str, FenceLive] = field(default_factory=dict)
    fence_checks: Checks = field(default_factory=Checks)
    run: DareRun | None = None
    runs: tuple[DareRun, ...] = ()
    run_news_ms: int = 0
    run_asked: tuple[str, bool, int] = ("", False, 0)
    """For which run whose beginning was missed was asked, whether at its end, and when."""
    draft: bytes = b""
    draft_digest: str = ""
    draft_base: str = ""
    events: list[EventLine] = field(default_factory=list)
    happened: list[Happening] = field(default_factory=list)
    rehearsed: dict[str, Finding] = field(default_factory=dict)
    probation_until_ms: int = 0
    confirming: Confirmed | None = None
    boasters: set[str] = field(default_factory=set)
    drills: Drills = field(default_factory=Drills)
    adapters: Adapters = field(default_factory=Adapters)
    times: Times = field(default_factory=Times)
    load: float = 0.0
    consoles: int = 0
    out: list[Effect] = field(default_factory=list)
    _op: int = 0
    _event: int = 0

    def __post_init__(self) -> None:
        self.granted = Granted(self.began_ms)
        self.note_deciders()

    # -- facts

    @property
    def configuration(self) -> Configuration | None:
        """Return the active configuration, or the one a joining node was given."""
        return self.log.configuration or self.joining

    @property
    def timing(self) -> Timing:
        """Return the intervals in force."""
        configuration = self.log.configuration or self.joining
        return configuration.timing if configuration else NO_TIMING

    @property
    def takeover_wait_ms(self) -> int:
        """Return how long somebody may have to wait for what any lost node held."""
        return max((self.wait_now_ms, *self.out_wait_ms.values()))

    @property
    def wait_now_ms(self) -> int:
        """Return how long a node that is lost now may hold what it held, by the times in force."""
        return max(takeover_wait_ms(timing) for timing in (self.timing, *self.log.timings))

    def wait_for_ms(self, node: str) -> int:
        """Return how long a node that is out may hold what it held, by the times it may go by.

        They are those that were in force when it went; a restart of this agent forgot when that
        was, and takes the longest that there ever were.
        """
        return self.out_wait_ms.get(node, self.log.longest_wait_ms)

    def out_nodes(self) -> tuple[str, ...]:
        """Return the configured nodes that the last decree does not count in."""
        nodes = self.configuration.node if self.configuration else {}
        return tuple(node for node in nodes if node not in self.log.standing.view)

    def note_deciders(self) -> None:
        """Learn who decides from now on, and by which rules."""
        log = self.log
        deciders = (log.voters, log.tie_breaker, log.fenced, log.standing.generation)
        self.granted.decided_by(deciders, self.now.ms)

    def silent_since_ms(self, node: str) -> int:
        """Return since when a node that is out has been granted no lease, as far as is known.

        That is when this node learned that it is out; or the newest grant that the voters tell of,
        once no lease of voters before them can run any more.
        """
        out_since = self.out_since_ms.get(node, self.began_ms)
        if self.now.ms - self.granted.deciders_since_ms < self.log.longest_wait_ms:
            return out_since
        newest = self.granted.newest_ms(node, self.log.standing.slot, self.log.decides)
        return out_since if newest is None else min(out_since, newest)

    def must_be_fenced(self, node: str) -> bool:
        """Return whether no waiting is enough to take over from `node` while it is silent.

        One that was removed by a DARE has no devices any more: an administrator saw to it.
        """
        configuration = self.configuration
        if configuration is None or node not in configuration.node:
            return False
        return configuration.cluster.fence_required

    @property
    def is_member(self) -> bool:
        """Return whether the last decree counts this start of this node in."""
        return self.log.standing.view.get(self.name) == self.incarnation

    @property
    def forgetful(self) -> bool:
        """Return whether the decrees known here count a life of this node in that its disk forgot.

        It does not vote then, vouch for anything, or own a group, however often it is started.
        """
        decreed = self.log.lives.get(self.name)
        return decreed not in (None, self.incarnation) and decreed not in self.lives

    @property
    def amnesiac(self) -> bool:
        """Return whether this node forgot what it once promised: its disk was lost or set back.

        It stays so until a DARE has removed it and another one added it. A node that is being added
        again is only forgetful, until it has read the decree that removed it.
        """
        return self.forgetful and not self.behind

    @property
    def behind(self) -> bool:
        """Return whether somebody who is heard knows decrees that are not known here."""
        return any(node not in self.boasters for node in self.ahead())

    def ahead(self) -> list[str]:
        """Return who is heard and says to know decrees that are not known here."""
        known, peers = self.log.standing.slot, self.hearts.peers.items()
        return [node for node, peer in peers if peer.beat.slot > known and self.alive(node)]

    @property
    def lease_valid(self) -> bool:
        """Return whether this node may hold groups now."""
        return self.lease_until_ms > self.now.ms

    @property
    def lease_until_ms(self) -> int:
        """Return when this node's lease ends; before all time if it never had one."""
        return self.lease.valid_until_ms(self.log.deciding, self.timing, self.log.tie_breaker)

    def alive(self, node: str) -> bool:
        """Return whether `node` is heard (this node always is)."""
        if node == self.name:
            return True
        peer = self.hearts.peers.get(node)
        if peer is None or not peer.is_heard(self.now.ms, self.timing):
            return False
        if peer.beat.state == "amnesiac":
            return False  # it is there, but nothing can be asked of it
        return not self.log.is_forgetful(node, peer.beat.incarnation)

    def alive_nodes(self) -> tuple[str, ...]:
        """Return the configured nodes that are heard."""
        nodes = self.configuration.node if self.configuration else {}
        return tuple(node for node in nodes if self.alive(node))

    @property
    def quorum(self) -> bool:
        """Return whether a majority of voters is heard."""
        return self.log.decides(self.alive_nodes())

    def group_state(self, group: str, node: str) -> str:
        """Return the state of a group on a node as last heard."""
        if node == self.name:
            runner = self.runners.get(group)
            return runner.state if runner else "offline"
        peer = self.hearts.peers.get(node)
        found = [g.state for g in peer.groups if g.group == group] if peer else []
        return found[0] if found else "unknown"

    def parents_online(self, group: Group, owners: dict[str, str]) -> bool:
        """Return whether all groups that must be online first are, as last heard."""
        return all(
            owners.get(parent) and self.group_state(parent, owners[parent]) == "online"
            for parent in group.after
        )

    # -- doings

    def fold(self, progress: Progress) -> None:
        """Keep the record of the newest run, and of those before it."""
        self.run_news_ms = self.now.ms
        self.run, self.runs = keep(self.run, self.runs, progress, RUNS_KEPT)
        if isinstance(progress, RunChanged) and self.run and self.run.tx == progress.tx:
            self.times.ran(self.run)

    def runner(self, group: str) -> GroupRunner:
        """Return the runner of a group, made when first needed."""
        if group not in self.runners:
            self.runners[group] = GroupRunner(
                group, self.new_op, self.attachment, self.pre_commands
            )
        return self.runners[group]

    def attachment(self, network: str, current: str) -> Attachment:
        """Return where a service address of this network belongs on this node now."""
        for configuration in (self.candidate, self.configuration):
            found = attachment(configuration, self.name, network, self.adapters.bad, current)
            if found.adapter:
                return found
        return NOWHERE

    def pre_commands(
        self, group: str, event: EventName, cause: str, *, tentative: bool
    ) -> PreCommands:
        """Return what the administrator wants to run here before a group comes or goes.

        `tentative`: by the configuration that is not decided yet.
        """
        configuration = self.candidate if tentative else self.log.configuration
        epoch = self.log.standing.epoch
        happening = Happening(event, self.name, group, clean(cause, 200))
        pairs = []
        for name, commands in bound(configuration, happening):
            pre = command(name, commands, "pre", happening, epoch)
            pairs.append((pre, command(name, commands, "recovery", happening, epoch)))
        return PreCommands(tuple(pairs))

    def new_op(self) -> int:
        """Return a number for a driver action."""
        self._op += 1
        return self._op

    def send(self, to: str, message: Message) -> None:
        """Ask for a control message to be sent."""
        self.out.append(Send(to, message, self.bad_networks(to)))

    def send_all(self, to: Iterable[str], message: Message) -> None:
        """Ask for a control message to each of these nodes."""
        for node in to:
            self.send(node, message)

    def bad_networks(self, peer: str) -> tuple[str, ...]:
        """Return the networks on which `peer` is not heard though it was before."""
        known = self.hearts.peers.get(peer)
        node = self.configuration.node.get(peer) if self.configuration else None
        if known is None or node is None:
            return ()
        return tuple(
            adapter.network
            for name, adapter in node.adapter.items()
            if (link := known.links.get(name)) and link.state(self.now.ms, self.timing) == "down"
        )

    def persist(self, record: Record) -> None:
        """Ask for a record to be on disk before what follows is sent."""
        self.out.append(Persist(record))

    def tell(
        self,
        severity: Severity,
        subject: str,
        text: str,
        cause: str = "",
        *,
        event: EventName | Literal[""] = "",
        node: str = "",
    ) -> None:
        """Make an event line: published, kept, and logged.

        `event`: commands can be bound to it. `node` is where it happened, here if none is named.
        """
        self._event += 1
        at = (node or self.name) if event else ""
        if event:
            group = subject if event in EVENTS_OF_GROUP else ""
            self.happened.append(Happening(event, at, group, clean(cause or text, 200)))
        line = EventLine(
            number=self._event,
            time=self.now.unix,
            node=self.name,
            severity=severity,
            subject=subject,
            text=clean(text, 400),
            cause=clean(cause, 200),
            event=event,
            at=at,
        )
        self.events.append(line)
        del self.events[:-EVENTS_KEPT]
        self.out.append(Publish(line))
        fields = (("subject", subject), ("text", line.text), ("cause", line.cause))
        self.out.append(Note(severity, "event", fields))
