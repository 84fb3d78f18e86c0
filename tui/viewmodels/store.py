"""Everything the console knows, as one value: folded from the stream, replaced, never changed.

Each live value keeps the moment of its arrival, so that whoever shows it can tell its age. What an
agent said stays known after the agent is gone, but older than its limit it is *stale* and no
longer an answer to "how is it now". Pure: the moment is handed in.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Generic, Literal, TypeVar

import msgspec
from msgspec.structs import replace

from nodeagent.config.forecast import by_key
from nodeagent.model.run import (
    OPEN,
    CellChanged,
    DareRun,
    Progress,
    RunStarted,
    advance,
    is_rehearsal,
    keep,
)
from nodeagent.model.times import Durations, with_timed
from nodeagent.wire.console import Neighbour
from nodeagent.wire.live import (
    ClusterLive,
    ConfigurationChanged,
    EventLine,
    NodeLive,
    ProgressMade,
    Snapshot,
    StreamMessage,
    TimesLearned,
)
from tui.viewmodels.ages import Moment
from tui.viewmodels.agreement import Agreement
from tui.viewmodels.documents import Document, read
from tui.viewmodels.merged import Log, with_events

RUNS_MAX = 50
REHEARSALS_MAX = 10
NODE_STALE_S = 3.0
"""A node's value older than this is last known, not current."""
FEED_STALE_S = 2.5
"""An agent says something every second; silent for longer than this it counts as lost."""
UNREHEARSED = "the agent that rehearsed it was lost; rehearse again"
UNTOLD = "the agent that told of it was lost, and this one does not know the run"

T = TypeVar("T")
Topic = Literal["nodes", "cluster", "health", "events", "run", "active", "draft", "connection"]
TOPICS: frozenset[Topic] = frozenset(
    ("nodes", "cluster", "health", "events", "run", "active", "draft", "connection")
)
PASSING: frozenset[Topic] = frozenset(("nodes", "cluster"))
"""What is told each second, changed or not; that it changed is "health"."""


class Heard(msgspec.Struct, Generic[T], frozen=True):
    """A value and the moment (monotonic seconds) when it arrived here."""

    value: T
    at: float

    def since(self, now: Moment) -> float:
        """Return the seconds since it arrived."""
        return max(0.0, now.mono - self.at)


class Connection(msgspec.Struct, frozen=True):
    """Which agent the console listens to. `heard_at` is the last item's arrival (0: none yet).

    `state` is what the session knows; whether a connected agent has fallen silent is a question
    of time, which `silent_for` answers.
    """

    agent: str = ""
    state: Literal["connecting", "connected", "lost"] = "connecting"
    since: float = 0.0
    heard_at: float = 0.0
    trying: str = ""
    text: str = ""

    def silent_for(self, now: Moment) -> float:
        """Return the seconds since anything was heard from any agent."""
        return max(0.0, now.mono - (self.heard_at or self.since))

    def lost(self, now: Moment) -> bool:
        """Return whether what is shown may no longer be called current."""
        return self.state != "connected" or self.silent_for(now) > FEED_STALE_S


class View(msgspec.Struct, frozen=True):
    """The console's whole knowledge. `skew` is how far this clock is ahead of the agents' one.

    `replayed`: what says that this is the recorded past, "" where it is now.
    """

    nodes: Mapping[str, Heard[NodeLive]] = msgspec.field(default_factory=dict)
    cluster: Heard[ClusterLive] | None = None
    log: Log = msgspec.field(default_factory=Log)
    run: DareRun | None = None
    runs: tuple[DareRun, ...] = ()
    rehearsals: tuple[DareRun, ...] = ()
    active: Document = msgspec.field(default_factory=Document)
    draft: Document = msgspec.field(default_factory=Document)
    connection: Connection = msgspec.field(default_factory=Connection)
    skew: float = 0.0
    times: Durations = msgspec.field(default_factory=dict)
    replayed: str = ""
    agents: tuple[str, ...] = ()
    """Whose agents are listened to for events."""
    others: tuple[Neighbour, ...] = ()
    """Other consoles that are open."""
    agreement: Agreement | None = None
    """What other agents say of it that the one that is listened to has no quorum."""

    @property
    def events(self) -> tuple[EventLine, ...]:
        """Return what happened, as all agents that were heard tell it; oldest first."""
        return self.log.events

    @property
    def cluster_name(self) -> str:
        """Return the cluster's name, "" while nothing is known."""
        if self.cluster is not None:
            return self.cluster.value.cluster
        configuration = self.active.configuration
        return configuration.cluster.name if configuration else ""

    @property
    def epoch(self) -> int:
        """Return the decided epoch that the agent told."""
        return self.cluster.value.epoch if self.cluster else self.active.epoch

    @property
    def running(self) -> bool:
        """Return whether a DARE is going on."""
        return self.run is not None and self.run.state in {"running", "aborting"}

    @property
    def draft_differs(self) -> bool:
        """Return whether the cluster's default configuration is not the active one."""
        return bool(self.draft.text) and self.draft.text != self.active.text

    @property
    def all_runs(self) -> tuple[DareRun, ...]:
        """Return past runs and the current one, oldest first, each once."""
        if self.run is None:
            return self.runs
        return (*(run for run in self.runs if run.tx != self.run.tx), self.run)

    @property
    def shown_runs(self) -> tuple[DareRun, ...]:
        """Return all that has a matrix, rehearsals included, oldest first."""
        if not self.rehearsals:
            return self.all_runs
        return tuple(sorted((*self.all_runs, *self.rehearsals), key=lambda run: run.began))

    def node_age(self, name: str, now: Moment) -> float:
        """Return the seconds since `name` was last heard by the agent we listen to."""
        heard = self.nodes[name]
        return heard.value.age_ms / 1000 + heard.since(now)

    def node_stale(self, name: str, now: Moment) -> bool:
        """Return whether what is known of `name` is too old to be called current."""
        return self.nodes[name].since(now) > NODE_STALE_S or self.connection.lost(now)


def _progress(view: View, progress: Progress, now: Moment) -> View:
    skew = view.skew
    if isinstance(progress, RunStarted):
        skew = now.wall - progress.run.began
    elif isinstance(progress, CellChanged) and _begins(view, progress):
        skew = now.wall - progress.cell.began
    tx = progress.run.tx if isinstance(progress, RunStarted) else progress.tx
    if is_rehearsal(tx):
        return replace(view, rehearsals=_rehearsals(view.rehearsals, tx, progress), skew=skew)
    run, runs = keep(view.run, view.runs, progress, RUNS_MAX)
    return replace(view, run=run, runs=runs, skew=skew)


def _begins(view: View, progress: CellChanged) -> bool:
    """Return whether the cell has begun just now.

    One that has run for a while is told again with how far it is; its beginning says nothing of
    the clocks then.
    """
    if progress.cell.state != "running" or not progress.cell.began:
        return False
    run = next((run for run in view.shown_runs if run.tx == progress.tx), None)
    rows = run.steps if run else ()
    row = next(
        (row for row in rows if (row.name, row.undo) == (progress.step, progress.undo)), None
    )
    cell = row.cells.get(progress.node) if row else None
    return cell is None or cell.state != "running"


def _rehearsals(known: tuple[DareRun, ...], tx: str, progress: Progress) -> tuple[DareRun, ...]:
    before = next((run for run in known if run.tx == tx), None)
    after = advance(before, progress)
    if after is None:
        return known  # its beginning was not heard
    return (*(run for run in known if run.tx != tx), after)[-REHEARSALS_MAX:]


def _given_up(run: DareRun) -> DareRun:
    """Return a rehearsal of an agent that is not listened to any more: nobody else knows it."""
    if run.state != "running":
        return run
    return replace(run, state="refused", text=UNREHEARSED)


def _snapshot(view: View, snapshot: Snapshot, now: Moment) -> View:
    digest, epoch = snapshot.cluster.digest, snapshot.cluster.epoch
    active, draft = view.active, view.draft
    if snapshot.active != active.text or epoch != active.epoch or digest != active.digest:
        active = read(snapshot.active, epoch=epoch, digest=digest)
    if (snapshot.draft, snapshot.draft_base) != (draft.text, draft.base):
        draft_digest = snapshot.cluster.draft_digest
        draft = read(snapshot.draft, epoch=epoch, digest=draft_digest, base=snapshot.draft_base)
    run, runs = _runs(view, snapshot)
    return replace(
        view,
        nodes={node.node: Heard(node, now.mono) for node in snapshot.nodes},
        cluster=Heard(snapshot.cluster, now.mono),
        log=with_events(view.log, snapshot.events, _groups(active)),
        run=run,
        runs=runs,
        active=active,
        draft=draft,
        times=by_key(snapshot.times),
    )


def _runs(view: View, snapshot: Snapshot) -> tuple[DareRun | None, tuple[DareRun, ...]]:
    """Return the newest run and the past ones; what this console saw is not forgotten.

    Another agent may remember fewer runs. One that was going on and that it does not know at all
    has an end that nobody told.
    """
    told = (*snapshot.runs, *((snapshot.run,) if snapshot.run else ()))
    known = {run.tx: _untold(run) if run.state in OPEN else run for run in view.all_runs}
    for run in told:
        seen = known.get(run.tx)
        if seen is None or run.state not in OPEN or seen.text == UNTOLD:
            known[run.tx] = run
    newest = snapshot.run or max(known.values(), key=lambda run: run.began, default=None)
    past = (run for run in known.values() if newest is not None and run.tx != newest.tx)
    return newest, tuple(sorted(past, key=lambda run: run.began))[-RUNS_MAX:]


def _untold(run: DareRun) -> DareRun:
    return replace(run, state="in-doubt", text=UNTOLD)


def _configuration(view: View, changed: ConfigurationChanged) -> View:
    document = read(
        changed.text,
        epoch=changed.epoch,
        digest=changed.digest,
        author=changed.author,
        base=changed.base,
    )
    return replace(view, draft=document) if changed.draft else replace(view, active=document)


def _heard(connection: Connection, now: Moment) -> Connection:
    if connection.state == "connected":
        return replace(connection, heard_at=now.mono)
    return replace(connection, state="connected", since=now.mono, heard_at=now.mono, trying="")


def fold(view: View, message: StreamMessage | Snapshot, now: Moment) -> tuple[View, Topic]:
    """Return `view` with `message` added, and which part of it changed the most."""
    view = heard(view, now)
    match message:
        case NodeLive():
            nodes = {**view.nodes, message.node: Heard(message, now.mono)}
            return replace(view, nodes=nodes), "nodes"
        case ClusterLive():
            return replace(view, cluster=Heard(message, now.mono)), "cluster"
        case EventLine():
            return replace(
                view, log=with_events(view.log, (message,), _groups(view.active))
            ), "events"
        case ConfigurationChanged():
            return _configuration(view, message), "draft" if message.draft else "active"
        case ProgressMade():
            return _progress(view, message.progress, now), "run"
        case TimesLearned():
            return replace(view, times=with_timed(view.times, message.node, message.timed)), "run"
        case Snapshot():
            return _snapshot(view, message, now), "connection"


def is_changed(before: View, message: object) -> bool:
    """Return whether a message of the stream tells more than newer ages, strips and loads."""
    if isinstance(message, NodeLive):
        old = before.nodes.get(message.node)
        return old is None or _lasting(old.value) != _lasting(message)
    if isinstance(message, ClusterLive):
        return before.cluster is None or _decided(before.cluster.value) != _decided(message)
    return True


def _lasting(live: NodeLive) -> tuple[object, ...]:
    links = tuple(link.state for link in live.links)
    life = (live.state, live.incarnation, live.epoch, live.slot, live.digest, live.phase)
    return (*life, live.voter, live.member, live.groups, live.fence, links)


def _decided(live: ClusterLive) -> ClusterLive:
    if live.probation is None:
        return live
    return replace(live, probation=replace(live.probation, left_ms=0))


def _groups(active: Document) -> Collection[str]:
    return active.configuration.group if active.configuration else ()


def heard(view: View, now: Moment) -> View:
    """Return `view` whose agent has just said something."""
    return replace(view, connection=_heard(view.connection, now))


def gathered(view: View, events: Iterable[EventLine]) -> View:
    """Return `view` with events that were told, by whichever agent."""
    log = with_events(view.log, events, _groups(view.active))
    return view if log is view.log else replace(view, log=log)


def connected(view: View, agent: str, now: Moment) -> View:
    """Return `view` now fed by `agent`."""
    rehearsals = view.rehearsals
    if agent != view.connection.agent:
        rehearsals = tuple(_given_up(run) for run in rehearsals)
    return replace(
        view,
        rehearsals=rehearsals,
        agreement=None,
        connection=Connection(
            agent=agent, state="connected", since=now.mono, heard_at=view.connection.heard_at
        ),
    )


def lost(view: View, now: Moment, *, trying: str = "", text: str = "") -> View:
    """Return `view` without an agent: what is known stays, and grows old."""
    return replace(
        view,
        connection=replace(view.connection, state="lost", since=now.mono, trying=trying, text=text),
    )
