"""What a console sees: live values as one agent knows them, each with its age.

All ages are milliseconds before the message was made; `seen` adds the time since it arrived.
"""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from nodeagent.model.happenings import EventName
from nodeagent.model.health import ClusterState, GroupState, LinkState, NodeState, ResourceState
from nodeagent.model.reports import Severity
from nodeagent.model.run import DareRun, Progress
from nodeagent.model.times import Recorded, Timed
from nodeagent.wire.limits import UnixSeconds


class LinkLive(Struct, frozen=True, forbid_unknown_fields=True):
    """One adapter of a node as the observing agent hears it.

    `beats` are the last 30 heartbeat intervals, newest in bit 0 (1: heard in that interval).
    """

    adapter: str
    network: str
    state: LinkState = "unknown"
    age_ms: int = 0
    beats: int = 0


class ResourceLive(Struct, frozen=True, forbid_unknown_fields=True):
    """State of one resource of a group on one node."""

    name: str
    state: ResourceState = "unknown"
    text: str = ""


class GroupLive(Struct, frozen=True, forbid_unknown_fields=True):
    """A group as a node reports its own part of it; `since` is Unix seconds.

    `stuck`, only said if so: something of it could not be stopped, which is tried again and again.
    """

    group: str
    state: GroupState = "unknown"
    since: float = 0.0
    text: str = ""
    failures: int = 0
    resources: tuple[ResourceLive, ...] = ()
    stuck: bool | UnsetType = UNSET


class FenceLive(Struct, frozen=True, forbid_unknown_fields=True):
    """How the last fencing of a node went; `time` is Unix seconds.

    State: "waiting" for the device's delay or for another try, "running", "failed", "done".
    """

    state: Literal["waiting", "running", "failed", "done"]
    by: str
    device: str = ""
    text: str = ""
    time: float = 0.0


class NodeLive(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """One node as the observing agent knows it. `age_ms`: since it was last heard on any path.

    `lease_ms` is what is left of its lease, -1 of one of which only the node itself knows that.
    """

    node: str
    state: NodeState
    age_ms: int = 0
    incarnation: int = 0
    voter: bool = False
    member: bool = False
    epoch: int = 0
    slot: int = 0
    digest: str = ""
    phase: str = ""
    version: str = ""
    load: float = 0.0
    lease_ms: int = 0
    links: tuple[LinkLive, ...] = ()
    groups: tuple[GroupLive, ...] = ()
    fence: FenceLive | None = None


class ProbationLive(Struct, frozen=True, forbid_unknown_fields=True):
    """The active configuration is on probation: `tx` brought it, `previous` is the epoch before.

    `left_ms` is what is left by the observer's own count. `returning` says why the previous one is
    brought back ("": it is not), `problem` what kept the last attempt from it.
    """

    tx: str
    previous: int
    seconds: int
    left_ms: int
    author: str = ""
    returning: str = ""
    problem: str = ""


class ClusterLive(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """The cluster as the observing agent knows it.

    `epoch`, `slot`, `digest`, `view`, `owners` and `asked` are decided; the rest is live. `lock`
    names the open DARE and who holds it ("" when free). `asked` are groups that an administrator
    moved or took offline ("") and that a plan leaves there. `made_by` is the transaction that
    brought `epoch` into force ("": not known).
    """

    cluster: str
    observer: str
    state: ClusterState
    epoch: int
    slot: int
    digest: str
    quorum: bool
    voters: tuple[str, ...] = ()
    view: tuple[str, ...] = ()
    owners: dict[str, str] = {}
    lock: str = ""
    asked: dict[str, str] = {}
    suspended: bool = False
    events_waiting: int = 0
    draft_digest: str = ""
    made_by: str = ""
    probation: ProbationLive | None = None


class EventLine(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """One thing that happened. `time` is Unix seconds; `number` grows by one per agent.

    `node` tells it. `event` is what commands can be bound to ("": nothing that has a name), and
    `at` the node where that happened.
    """

    number: int
    time: UnixSeconds
    node: str
    severity: Severity
    subject: str
    text: str
    cause: str = ""
    event: EventName | Literal[""] = ""
    at: str = ""


class ConfigurationChanged(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A new active configuration was decided, or (`draft`) the default one was edited.

    `base`: file digest of the decided configuration that a draft was made from ("": not known).
    """

    draft: bool
    epoch: int
    digest: str
    text: str
    author: str = ""
    base: str = ""


class ProgressMade(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A DARE moved on."""

    progress: Progress


class TimesLearned(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """An action took so long on `node` ("": a step of a DARE); for forecasts."""

    node: str
    timed: Timed


StreamMessage = (
    TimesLearned | NodeLive | ClusterLive | EventLine | ConfigurationChanged | ProgressMade
)


class Snapshot(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Everything at once, for a console that arrives."""

    cluster: ClusterLive
    nodes: tuple[NodeLive, ...] = ()
    events: tuple[EventLine, ...] = ()
    run: DareRun | None = None
    runs: tuple[DareRun, ...] = ()
    active: str = ""
    draft: str = ""
    draft_base: str = ""
    times: tuple[Recorded, ...] = ()
