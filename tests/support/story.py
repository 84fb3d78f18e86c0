"""A cluster that exists only as a script: what agents would say, for the console's tests.

`StoryClient` is a client whose stream is fed by the test (`say`, `agent`, `break_stream`) and which
keeps what it was asked. `three_nodes` is the calm beginning; the other functions return what
follows, one message after the other.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace

import msgspec

from nodeagent.model.configuration import Configuration
from nodeagent.model.health import (
    CellState,
    GroupState,
    LinkState,
    NodeState,
    ResourceState,
    RunState,
)
from nodeagent.model.plan import Change, GroupEffect, Plan
from nodeagent.model.run import (
    Cell,
    CellChanged,
    DareRun,
    RunChanged,
    RunStarted,
    StepChanged,
    StepRow,
)
from nodeagent.wire.console import Answer, Apply, Done, Refused, Request
from nodeagent.wire.live import (
    ClusterLive,
    EventLine,
    GroupLive,
    LinkLive,
    NodeLive,
    ProgressMade,
    ResourceLive,
    Snapshot,
)

WALL = 1_789_732_800.0
"""2026-09-18 12:00:00 UTC: where the story's clock starts."""
NODES = ("alpha", "bravo", "charlie")
NETWORKS = ("public1", "public2", "private1")
STEPS = (
    "verify", "lock", "stage", "compare", "release", "keep", "offline", "greet", "acquire",
    "decide", "activate", "resume",
)  # fmt: skip
BEATS = 0x3FFFFFFF


def key_of(name: str) -> str:
    """Return a well-formed public key for a node or console of the story."""
    return (name + "0" * 40)[:40]


def configuration_text(*, epoch: int = 17, nodes: Iterable[str] = NODES) -> str:
    """Return the configuration of the story, with a comment that people wrote."""
    del epoch
    names = tuple(nodes)
    listed = ", ".join(f'"{name}"' for name in names[:3])
    lines = [
        "# Orders: two services on three nodes.",
        "format = 1",
        "",
        "[cluster]",
        'name = "orders"',
        "",
        "[network.public1]",
        'kind = "public"',
        'subnet = "10.10.1.0/24"',
        "",
        "[network.public2]",
        'kind = "public"',
        'subnet = "10.10.2.0/24"',
        "",
        "[network.private1]",
        'kind = "private"',
        'subnet = "10.10.9.0/24"',
        "",
    ]
    for number, name in enumerate(names):
        lines += [f"[node.{name}]", f'key = "{key_of(name)}"']
        for index, (network, third) in enumerate(zip(NETWORKS, (1, 2, 9), strict=True)):
            role = "private" if network == "private1" else "service"
            lines += [
                f"[node.{name}.adapter.eth{index}]",
                f'network = "{network}"',
                f'role = "{role}"',
                f'address = "10.10.{third}.{11 + number}"',
            ]
        lines.append("")
    lines += [
        "[group.database]",
        f"nodes = [{listed}]",
        "",
        "[group.database.resource.address]",
        'type = "service-address"',
        'network = "public1"',
        'address = "10.10.1.100"',
        "",
        "[group.database.resource.data]",
        'type = "data-folder"',
        'directory = "/srv/database"',
        "",
        "[group.database.resource.server]",
        'type = "application"',
        'start = ["/usr/bin/postgres", "-D", "/srv/database"]',
        "",
        "[group.web]",
        'nodes = ["bravo", "charlie"]',
        'after = ["database"]',
        "",
        "[group.web.resource.address]",
        'type = "service-address"',
        'network = "public2"',
        'address = "10.10.2.100"',
        "",
        "[group.web.resource.server]",
        'type = "application"',
        'start = ["/usr/sbin/nginx"]',
        "",
    ]
    return "\n".join(lines)


def group_live(name: str, state: GroupState = "online", text: str = "") -> GroupLive:
    """Return a group as its owner tells of it."""
    names = {"database": ("address", "data", "server"), "web": ("address", "server")}
    started: ResourceState = "started" if state == "online" else "stopped"
    resources = tuple(ResourceLive(resource, started) for resource in names.get(name, ("address",)))
    return GroupLive(name, state, since=WALL - 86_400 * 2, text=text, resources=resources)


def node_live(
    name: str,
    *,
    state: NodeState = "up",
    groups: tuple[GroupLive, ...] = (),
    links: dict[str, LinkState] | None = None,
    age_ms: int = 200,
    epoch: int = 17,
    version: str = "1.4.0",
) -> NodeLive:
    """Return one node; `links` overrides the state of a network's adapter."""
    changed = links or {}
    return NodeLive(
        node=name,
        state=state,
        age_ms=age_ms,
        incarnation=1,
        voter=True,
        member=True,
        epoch=epoch,
        slot=40,
        digest=f"{epoch:02d}" * 32,
        phase="",
        version=version,
        load=0.4,
        lease_ms=2_400,
        links=tuple(
            LinkLive(
                f"eth{index}",
                network,
                changed.get(network, "up"),
                age_ms=age_ms,
                beats=BEATS if changed.get(network, "up") == "up" else BEATS << 27 & BEATS,
            )
            for index, network in enumerate(NETWORKS)
        ),
        groups=groups,
    )


def cluster_live(**changes: object) -> ClusterLive:
    """Return the cluster as the observing agent knows it, with some fields changed."""
    live = ClusterLive(
        cluster="orders",
        observer="alpha",
        state="stable",
        epoch=17,
        slot=40,
        digest="17" * 32,
        quorum=True,
        voters=NODES,
        view=NODES,
        owners={"database": "alpha", "web": "bravo"},
    )
    return msgspec.structs.replace(live, **changes)


def event(
    number: int, text: str, *, node: str = "alpha", severity: str = "note", subject: str = "cluster"
) -> EventLine:
    """Return one line of the event log; the number is also its second."""
    return EventLine(number, WALL - 600 + number, node, severity, subject, text)  # type: ignore[arg-type]


def three_nodes(**changes: object) -> Snapshot:
    """Return three nodes that are up, two groups online, and a short past."""
    text = configuration_text()
    snapshot = Snapshot(
        cluster=cluster_live(),
        nodes=(
            node_live("alpha", groups=(group_live("database"),)),
            node_live("bravo", groups=(group_live("web"),)),
            node_live("charlie"),
        ),
        events=(
            event(1, "epoch 16 > 17 by bob, 21s"),
            event(2, "acquired by bravo (was charlie) in 6.8s", node="bravo", subject="web"),
            event(
                3,
                "heartbeat late 2.8s on private1",
                node="charlie",
                severity="warning",
                subject="charlie",
            ),
        ),
        runs=(finished_run("41", "done", 16, "done 21s"),),
        active=text,
        draft=text,
    )
    return msgspec.structs.replace(snapshot, **changes)


# --- the DARE ---


def plan() -> Plan:
    """Return what the story's DARE changes."""
    return Plan(
        changes=(
            Change("add", "topology", "node.alpha.adapter.eth3"),
            Change(
                "change", "resources", "group.web", "nodes", '["bravo"]', '["bravo", "charlie"]'
            ),
        ),
        effects=(
            GroupEffect("database", "untouched", "alpha", "alpha"),
            GroupEffect("web", "moved", "bravo", "charlie", "asked"),
        ),
        owners={"database": "alpha", "web": "charlie"},
        release=(("web", "bravo"),),
        acquire=(("web", "charlie"),),
        topology=True,
        resources=True,
        added_adapters=(("alpha", "eth3"),),
    )


AUDIENCE = {"release": ("bravo",), "greet": ("alpha",), "acquire": ("charlie",)}


def waiting_rows(nodes: tuple[str, ...] = NODES) -> tuple[StepRow, ...]:
    """Return all forward rows, waiting, with cells for the nodes concerned."""
    return tuple(
        StepRow(
            name,
            cells={
                node: Cell("waiting" if node in AUDIENCE.get(name, nodes) else "uninvolved")
                for node in nodes
            },
        )
        for name in STEPS
    )


MARK = "of this console"


def new_run(tx: str = "42", nodes: tuple[str, ...] = NODES) -> DareRun:
    """Return a DARE at its beginning."""
    return DareRun(
        tx=tx,
        coordinator="alpha",
        author="ann",
        reason="third node for web",
        mark=MARK,
        base_epoch=17,
        nodes=nodes,
        plan=plan(),
        began=WALL,
        steps=waiting_rows(nodes),
    )


def finished_run(tx: str, state: RunState, base_epoch: int, text: str) -> DareRun:
    """Return a DARE of the past."""
    rows = tuple(
        StepRow(name, state="done", seconds=0.3, cells={n: Cell("done", WALL, 0.3) for n in NODES})
        for name in STEPS
    )
    return DareRun(
        tx=tx,
        coordinator="alpha",
        author="bob",
        base_epoch=base_epoch,
        nodes=NODES,
        state=state,
        began=WALL - 52_000,
        seconds=21.0,
        text=text,
        detection_gap_ms=900,
        steps=rows,
    )


def cell(
    step: str,
    node: str,
    state: CellState,
    *,
    seconds: float = 0.2,
    reason: str = "",
    evidence: tuple[str, ...] = (),
    undo: bool = False,
    at: float = WALL,
    tx: str = "42",
) -> ProgressMade:
    """Return the change of one cell."""
    return ProgressMade(
        CellChanged(tx, step, undo, node, Cell(state, at, seconds, reason, evidence))
    )


def row_done(
    step: str, *, seconds: float = 0.4, undo: bool = False, at: float = WALL
) -> list[ProgressMade]:
    """Return the messages of one row that went well."""
    nodes = AUDIENCE.get(step.removeprefix("undo-"), NODES)
    return [
        ProgressMade(StepChanged("42", step, undo, "running")),
        *(cell(step, node, "running", undo=undo, at=at) for node in nodes),
        *(cell(step, node, "done", undo=undo, at=at, seconds=seconds) for node in nodes),
        ProgressMade(StepChanged("42", step, undo, "done", seconds)),
    ]


def run_up_to(step: str) -> list[ProgressMade]:
    """Return a DARE from its start to the moment when `step` runs on its nodes."""
    told = [ProgressMade(RunStarted(new_run()))]
    for name in STEPS:
        if name == step:
            told.append(ProgressMade(StepChanged("42", name, undo=False, state="running")))
            told += [
                cell(name, node, "running", at=WALL, evidence=("eth3 is up", "beat 1 of 3"))
                for node in AUDIENCE.get(name, NODES)
            ]
            return told
        told += row_done(name)
    return told


def run_succeeds() -> list[ProgressMade]:
    """Return a DARE that does all its rows."""
    told = [ProgressMade(RunStarted(new_run()))]
    for name in STEPS:
        told += row_done(name)
    told.append(ProgressMade(RunChanged("42", "done", "", 21.0, "epoch 18 is active", 900)))
    return told


def run_aborts() -> list[ProgressMade]:
    """Return a DARE whose acquire fails on charlie and that is undone."""
    why = "port 80 is in use by another program"
    evidence = ("nginx: bind() to 0.0.0.0:80 failed (98: Address in use)", "exit code 1 after 0.3s")
    told = run_up_to("acquire")
    told += [
        cell("acquire", "charlie", "failed", seconds=2.1, reason=why, evidence=evidence),
        ProgressMade(
            StepChanged("42", "acquire", undo=False, state="failed", seconds=2.1, reason=why)
        ),
        ProgressMade(RunChanged("42", "aborting", "", 5.0, "acquire of web failed on charlie")),
    ]
    for step in ("undo-acquire", "undo-release", "undo-stage", "prove"):
        told += row_done(step, undo=True)
    told.append(
        ProgressMade(
            RunChanged("42", "aborted", "restored", 9.4, "acquire of web failed on charlie", 1_100)
        )
    )
    return told


# --- the client ---


class Broken(Exception):  # noqa: N818
    """The stream of a story broke."""


@dataclass
class StoryClient:
    """A client whose stream the test feeds. `answer` is called with each request."""

    answer: Callable[[Request], Answer] = lambda request: Done(text=type(request).__name__)
    answer_node: Callable[[str, Request], Answer] = lambda node, _: Refused(
        "story", f"{node} is away"
    )
    asked: list[Request] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    trying: str = ""
    public: str = ""
    closed: bool = False
    _queue: "asyncio.Queue[object]" = field(default_factory=asyncio.Queue)

    def agent(self, name: str) -> None:
        """Connect to an agent."""
        self._queue.put_nowait(SimpleNamespace(name=name))

    def say(self, *items: object) -> None:
        """Let the agent say something."""
        for item in items:
            self._queue.put_nowait(item)

    def begin(self, snapshot: Snapshot | None = None, agent: str = "alpha") -> None:
        """Connect, and say everything."""
        self.agent(agent)
        self.say(snapshot or three_nodes())

    def break_stream(self, reason: str = "connection reset") -> None:
        """End the stream with an error."""
        self._queue.put_nowait(Broken(reason))

    async def ask(self, request: Request) -> Answer:
        """Keep the request, without the mark that is another one each time, and answer it."""
        if isinstance(request, Apply):
            self.marks.append(request.mark)
            self.asked.append(msgspec.structs.replace(request, mark=""))
        else:
            self.asked.append(request)
        return self.answer(request)

    async def ask_node(
        self, node: str, request: Request, *, configuration: Configuration | None = None
    ) -> Answer:
        """Answer as `node` would; what nobody wrote an answer for is refused."""
        del configuration
        return self.answer_node(node, request)

    async def stream(self) -> AsyncGenerator[object, None]:
        """Yield what the test says."""
        while True:
            item = await self._queue.get()
            if isinstance(item, Exception):
                raise item
            yield item

    async def close(self) -> None:
        """Remember that it was closed."""
        with contextlib.suppress(Exception):
            self.closed = True
