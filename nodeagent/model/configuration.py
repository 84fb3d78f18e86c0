"""The nouns of a cluster configuration, frozen and typed.

One declaration serves parsing, wire form, findings, forms and the JSON Schema. Keys in the file
are the field names with hyphens. `meta` texts are the help shown beside a field.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from nodeagent.model.happenings import EventName
from nodeagent.model.names import (
    Address,
    Argument,
    Arguments,
    Count,
    IntervalSeconds,
    Milliseconds,
    Moment,
    MonitorSeconds,
    Name,
    Path,
    Port,
    PublicKey,
    RestartCount,
    Seconds,
    StartSeconds,
    StopSeconds,
    Subnet,
)

NetworkKind = Literal["public", "private", "point-to-point"]
AdapterRole = Literal["service", "standby", "private"]
StartupPolicy = Literal["home-node", "first-available", "all-available"]
FalloverPolicy = Literal["next-node", "least-loaded", "bring-offline"]
FallbackPolicy = Literal["never", "higher-priority"]
NodeRole = Literal["member", "witness"]
AdminRole = Literal["admin", "operator", "observer"]
FenceAction = Literal["off", "reboot"]


class _Noun(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """Base of every configuration object: frozen, keyword-only, no unknown keys."""


class Cluster(_Noun, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """The cluster as a whole."""

    name: Annotated[Name, Meta(description="Name of the cluster, shown everywhere")]
    voters: Annotated[
        tuple[Name, ...],
        Meta(description="Nodes that decide; empty: all nodes, at most 7, made odd", max_length=15),
    ] = ()
    tie_breaker: Annotated[
        str,
        Meta(
            description="Voter that decides when exactly half of an even number is left; "
            "empty: nobody",
            max_length=63,
        ),
    ] = ""
    shrink_seconds: Annotated[
        float,
        Meta(
            description="Voters that are out for so long lose their votes, down to three; 0: never",
            ge=0,
            le=86_400,
        ),
    ] = 0.0
    fence_required: Annotated[
        bool,
        Meta(
            description="Take over from a silent node only once it is fenced or an operator "
            "confirmed that it is off; else the takeover wait is enough"
        ),
    ] = False
    settling_seconds: Annotated[
        float,
        Meta(
            description="After a cluster start, first-available groups wait so long for a better "
            "node; 0: not at all",
            ge=0,
            le=86_400,
        ),
    ] = 0.0
    control_port: Annotated[Port, Meta(description="TCP port between agents")] = 7410
    heartbeat_port: Annotated[Port, Meta(description="TCP port of the heartbeats")] = 7411
    admin_port: Annotated[Port, Meta(description="TCP port for consoles: requests")] = 7412
    event_port: Annotated[Port, Meta(description="TCP port for consoles: live stream")] = 7413


HEARTBEAT_LEAST_MS = 20
WATCHDOG_LEAST_MS = 500
"""What verification asks for. Less can be read, so that what is in force stays readable."""


class Timing(_Noun, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """Intervals and deadlines in milliseconds; inequalities are checked by verification."""

    heartbeat_ms: Annotated[
        Milliseconds,
        Meta(description="Interval of heartbeats", extra={"least": HEARTBEAT_LEAST_MS}),
    ] = 200
    dead_after_ms: Annotated[
        Milliseconds, Meta(description="Silence on all networks before a node is called down")
    ] = 2_000
    lease_ms: Annotated[Milliseconds, Meta(description="Life of an ownership lease")] = 3_000
    renew_ms: Annotated[Milliseconds, Meta(description="Interval of lease renewal")] = 700
    watchdog_ms: Annotated[
        Milliseconds,
        Meta(
            description="A node that lost its lease is stopped after this",
            extra={"least": WATCHDOG_LEAST_MS},
        ),
    ] = 3_000
    adopt_ms: Annotated[
        int,
        Meta(
            description="Services outlive their agent for so long, for the next one to take them "
            "over; 0: they end with it",
            ge=0,
            le=60_000,
        ),
    ] = 4_000
    suspend_ms: Annotated[
        Milliseconds, Meta(description="Longest suspension without progress during a DARE")
    ] = 10_000
    step_ms: Annotated[
        Milliseconds, Meta(description="Deadline of a DARE step, beside drivers' own times")
    ] = 4_000


class Network(_Noun, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A network that adapters join and on which heartbeats are judged."""

    kind: Annotated[NetworkKind, Meta(description="public: clients use it; private: nodes only")]
    subnet: Annotated[Subnet, Meta(description="Addresses of the network, as 10.10.1.0/24")]


class Adapter(_Noun, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A node's interface on one network."""

    network: Annotated[Name, Meta(description="Network that this adapter is on")]
    role: Annotated[
        AdapterRole,
        Meta(
            description="service: for clients; standby: takes addresses over; private: nodes only"
        ),
    ]
    address: Annotated[Address, Meta(description="Boot address; heartbeats use it")]


class Fence(_Noun, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A way to switch a node off from outside: a fence agent and what it must know.

    All devices of the lowest level must succeed (two power supplies), else the next level is tried.
    """

    agent: Annotated[
        str,
        Meta(
            description="fence_NAME in /usr/sbin, or manual: an operator confirms",
            min_length=1,
            max_length=64,
        ),
    ]
    level: Annotated[int, Meta(description="Order of trying, lowest first", ge=1, le=9)] = 1
    action: Annotated[
        FenceAction, Meta(description="off is surer; reboot comes back by itself")
    ] = "off"
    delay_seconds: Annotated[
        float,
        Meta(
            description="Wait before fencing this node: the longest for the one that shall win",
            ge=0,
            le=300,
        ),
    ] = 0.0
    seconds: Annotated[Seconds, Meta(description="Deadline of one run of the agent")] = 20.0
    parameters: Annotated[
        dict[Name, Argument],
        Meta(
            description="Parameters of the agent; a secret as NAME-file, a path on each other node"
        ),
    ] = field(default_factory=dict)


class Node(_Noun, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A computer of the cluster, known by its key."""

    key: Annotated[PublicKey, Meta(description="CURVE public key of the node (nodeagent key)")]
    role: Annotated[
        NodeRole, Meta(description="member: may own groups; witness: only votes, any small machine")
    ] = "member"
    standby: Annotated[
        bool, Meta(description="true: it votes and hears, but owns no group (clustertui node)")
    ] = False
    adapter: Annotated[dict[Name, Adapter], Meta(description="Adapters by interface name")] = field(
        default_factory=dict
    )
    fence: Annotated[dict[Name, Fence], Meta(description="Ways to switch this node off")] = field(
        default_factory=dict
    )


class Admin(_Noun, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A console's key and what it may do."""

    key: Annotated[PublicKey, Meta(description="CURVE public key of the console")]
    role: Annotated[
        AdminRole,
        Meta(
            description="observer: looks; operator: also moves, holds, aborts; admin: changes all"
        ),
    ] = "admin"


class EventCommands(_Noun, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """An administrator's commands for events: argument lists, no shell, each with a deadline.

    `pre` belongs to the release or acquire of a group, which fails with it; what the others return
    changes nothing.
    """

    on: Annotated[tuple[EventName, ...], Meta(description="Events that they run for")]
    seconds: Annotated[Seconds, Meta(description="Deadline of each run; then it is killed")]
    pre: Annotated[
        Arguments,
        Meta(description="Runs before a group is acquired or released; if it fails, so does that"),
    ] = ()
    recovery: Annotated[
        Arguments,
        Meta(description="Runs once after pre or a start failed; then that is tried once more"),
    ] = ()
    post: Annotated[
        Arguments, Meta(description="Runs after it, where it happened; a failure is shown")
    ] = ()
    notify: Annotated[
        Arguments, Meta(description="Runs after it on every member, and delays nothing")
    ] = ()
    groups: Annotated[
        tuple[Name, ...], Meta(description="Only for events of these groups; empty: of all")
    ] = ()
    nodes: Annotated[
        tuple[Name, ...], Meta(description="Only for what happens on these nodes; empty: on all")
    ] = ()


class ServiceAddress(
    _Noun,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="kebab",
    tag_field="type",
    tag="service-address",
):
    """An address that clients use and that moves with the group."""

    network: Annotated[Name, Meta(description="Network on which the address is offered")]
    address: Annotated[Address, Meta(description="Address that clients connect to")]


class DataFolder(
    _Noun,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="kebab",
    tag_field="type",
    tag="data-folder",
):
    """A folder that one node at a time may use; a claim with the fencing token guards it."""

    directory: Annotated[Path, Meta(description="Absolute path of the folder")]
    create: Annotated[bool, Meta(description="Create the folder where it is missing")] = True


class Filesystem(
    _Noun,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="kebab",
    tag_field="type",
    tag="filesystem",
):
    """A file system that is mounted on one node at a time."""

    device: Annotated[Path, Meta(description="Block device, as /dev/disk/by-label/web")]
    directory: Annotated[Path, Meta(description="Mount point")]
    fstype: Annotated[str, Meta(description="File system type, as ext4", max_length=32)] = ""
    options: Annotated[tuple[Argument, ...], Meta(description="Mount options")] = ()


class Application(
    _Noun,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="kebab",
    tag_field="type",
    tag="application",
):
    """A program started, watched and stopped by argument lists, without a shell."""

    start: Annotated[Arguments, Meta(description="Program and arguments that start it")]
    stop: Annotated[
        Arguments, Meta(description="Program that stops it; empty: TERM, then KILL (foreground)")
    ] = ()
    monitor: Annotated[
        Arguments, Meta(description="Program that ends with 0 while it is well; empty: process")
    ] = ()
    process: Annotated[
        Literal["foreground", "background"],
        Meta(description="foreground: start is the service; background: start returns"),
    ] = "background"
    directory: Annotated[str, Meta(description="Working directory", max_length=1024)] = ""
    environment: Annotated[
        dict[Name, Argument], Meta(description="Variables handed to the program")
    ] = field(default_factory=dict)
    start_seconds: StartSeconds = 30.0
    stop_seconds: StopSeconds = 20.0
    monitor_seconds: MonitorSeconds = 10.0
    interval_seconds: IntervalSeconds = 10.0
    restart_count: RestartCount = 1
    startup_monitor: Annotated[
        Arguments, Meta(description="Asked instead of monitor while it starts; empty: monitor")
    ] = ()
    stabilization_seconds: Annotated[
        float,
        Meta(description="So long it must stay well before it counts as started", ge=0, le=3_600),
    ] = 0.0
    failures_tolerated: Annotated[
        Count, Meta(description="Bad monitor runs in a row that are let pass while it runs")
    ] = 0


class Ocf(
    _Noun,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="kebab",
    tag_field="type",
    tag="ocf",
):
    """Any OCF 1.1 resource agent; written ``type = "ocf:heartbeat:pgsql"``."""

    agent: Annotated[str, Meta(description="provider:name", max_length=130)]
    parameters: Annotated[dict[Name, Argument], Meta(description="Parameters of the agent")] = (
        field(default_factory=dict)
    )
    reloadable: Annotated[
        tuple[Name, ...],
        Meta(description="Parameters that the agent takes over by reload-agent, not restarted"),
    ] = ()
    check_level: Annotated[
        Count, Meta(description="Depth of monitor (OCF_CHECK_LEVEL), as the agent offers it")
    ] = 0
    start_seconds: StartSeconds = 60.0
    stop_seconds: StopSeconds = 60.0
    monitor_seconds: MonitorSeconds = 30.0
    interval_seconds: IntervalSeconds = 10.0
    restart_count: RestartCount = 1


class Systemd(
    _Noun,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="kebab",
    tag_field="type",
    tag="systemd",
):
    """A systemd unit; written ``type = "systemd:nginx.service"``."""

    unit: Annotated[str, Meta(description="Name of the unit", max_length=255)]
    start_seconds: StartSeconds = 90.0
    stop_seconds: StopSeconds = 90.0
    monitor_seconds: MonitorSeconds = 10.0
    interval_seconds: IntervalSeconds = 10.0
    restart_count: RestartCount = 1


Resource = ServiceAddress | DataFolder | Filesystem | Application | Ocf | Systemd


class Group(_Noun, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """Resources that live together on one node, acquired in order, released in reverse."""

    nodes: Annotated[tuple[Name, ...], Meta(description="Takeover order, home node first")]
    startup: Annotated[
        StartupPolicy,
        Meta(
            description="home-node: starts on its first node only; first-available: on any; "
            "all-available: runs on all of its nodes at once"
        ),
    ] = "home-node"
    fallover: Annotated[
        FalloverPolicy,
        Meta(description="After a failure: the next of its nodes, the least loaded one, or none"),
    ] = "next-node"
    fallback: Annotated[
        FallbackPolicy,
        Meta(description="never: it stays; higher-priority: back to an earlier one of its nodes"),
    ] = "never"
    after: Annotated[tuple[Name, ...], Meta(description="Groups that must be online first")] = ()
    together: Annotated[
        tuple[Name, ...], Meta(description="Groups that it must be on one node with")
    ] = field(default=(), name="with")
    apart_from: Annotated[
        tuple[Name, ...], Meta(description="Groups that it must not be on one node with")
    ] = ()
    priority: Annotated[
        Count,
        Meta(description="Where with and apart-from collide, the higher one is placed first"),
    ] = 0
    weight: Annotated[
        Count, Meta(description="What the group counts where the least loaded node is looked for")
    ] = 1
    fallback_delay_seconds: Annotated[
        float,
        Meta(
            description="The better node must have been in for so long before the group returns",
            ge=0,
            le=604_800,
        ),
    ] = 0.0
    fallback_at: Annotated[
        str,
        Meta(
            description='Return only at this time of the day, as "02:00", in UTC; empty: any time',
            max_length=5,
        ),
    ] = ""
    failure_expires_seconds: Annotated[
        float,
        Meta(
            description="After so long failures on a node, and restarts of what is well, are "
            "forgotten; 0: never",
            ge=0,
            le=604_800,
        ),
    ] = 60.0
    hold_until: Annotated[
        Moment | None,
        Meta(
            description="Until then it is watched, but neither restarted nor moved "
            "(clustertui group hold)"
        ),
    ] = None
    resource: Annotated[dict[Name, Resource], Meta(description="Resources in acquire order")] = (
        field(default_factory=dict)
    )


class Configuration(_Noun, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A whole cluster: topology (cluster, timing, networks, nodes, admins) and resources (groups).

    Commands for events count with the topology: changing them moves no group.

    Dictionaries keep the order of the file; resources are acquired in that order.
    """

    format: Annotated[int, Meta(ge=1, le=1, description="Version of this file's form")] = 1
    cluster: Cluster
    timing: Timing = Timing()
    network: dict[Name, Network] = field(default_factory=dict)
    node: dict[Name, Node] = field(default_factory=dict)
    group: dict[Name, Group] = field(default_factory=dict)
    admin: dict[Name, Admin] = field(default_factory=dict)
    event: dict[Name, EventCommands] = field(default_factory=dict)

    def adapters_on(self, network: str) -> tuple[tuple[str, str, Adapter], ...]:
        """Return (node, adapter name, adapter) for each adapter on `network`."""
        return tuple(
            (node, name, adapter)
            for node, noun in self.node.items()
            for name, adapter in noun.adapter.items()
            if adapter.network == network
        )

    def voters(self) -> tuple[str, ...]:
        """Return the nodes that decide: those named, else the first nodes, at most 7, made odd.

        Two nodes are both voters: an even number is better than a single point of failure that
        nobody asked for, and verification warns.
        """
        if self.cluster.voters:
            return tuple(name for name in self.cluster.voters if name in self.node)
        names = tuple(self.node)[:7]
        if len(names) > 2 and len(names) % 2 == 0:
            return names[:-1]
        return names
