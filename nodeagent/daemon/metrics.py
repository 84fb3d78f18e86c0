"""What the agent tells Prometheus: one snapshot as metric families, and the door they leave by.

`families` is pure. The door is a thread of the library's own; it looks at the node only through
`look`, which runs in the agent's loop, so nothing of the node is read while it steps.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import get_args
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from nodeagent.model.health import ClusterState, GroupState, NodeState
from nodeagent.model.run import OPEN
from nodeagent.wire.live import ClusterLive, GroupLive, LinkLive, NodeLive, Snapshot
from nodeagent.wire.sight import blind_networks

PREFIX = "nodeagent"
LOOK_S = 2.0
"""How long a scrape waits for the agent's loop before it fails."""

Row = tuple[Sequence[str], float]
Value = Callable[[LinkLive], float]


class MetricsError(Exception):
    """The metrics cannot be offered there; the text says why and what to do."""


def families(snapshot: Snapshot) -> Iterator[Metric]:
    """Yield the metric families of one snapshot, as its observer sees the cluster.

    Seconds and counts in base units, states as one series for each possible state with 1 for the
    present one (the naming rules of prometheus.io/docs/practices/naming).
    """
    cluster, nodes = snapshot.cluster, snapshot.nodes
    yield from _cluster(cluster, snapshot)
    yield from _nodes(nodes)
    yield from _links(nodes, cluster.observer)
    yield from _groups(cluster, nodes)
    yield from _dares(snapshot)


def _family(name: str, text: str, labels: Sequence[str], rows: Iterable[Row]) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=labels)
    for values, value in rows:
        family.add_metric(values, value)
    return family


def _one_of(state: str, states: Iterable[str], *before: str) -> Iterator[Row]:
    for possible in states:
        yield (*before, possible), float(possible == state)


def _cluster(cluster: ClusterLive, snapshot: Snapshot) -> Iterator[Metric]:
    def single(name: str, text: str, value: float) -> Metric:
        return _family(name, text, (), [((), value)])

    versions = {node.node: node.version for node in snapshot.nodes}
    name = (cluster.cluster, cluster.observer, versions.get(cluster.observer, ""))
    yield _family("info", "Who tells this.", ("cluster", "node", "version"), [(name, 1)])
    states = _one_of(cluster.state, get_args(ClusterState))
    yield _family("cluster_state", "1 for the cluster's state.", ("state",), states)
    yield single("quorum", "1 while a majority of the voters answers.", cluster.quorum)
    yield single("epoch", "Number of the configuration in force.", cluster.epoch)
    yield single("members", "Nodes that are decided to be in.", len(cluster.view))
    yield single("suspended", "1 while a DARE holds takeovers back here.", cluster.suspended)
    yield single("dare_open", "1 while a DARE is open.", bool(cluster.lock))
    yield single(
        "events_waiting", "Events that wait for the end of a DARE.", cluster.events_waiting
    )
    left_s = cluster.probation.left_ms / 1000 if cluster.probation is not None else 0.0
    yield single("probation_open", "1 while a change is on probation.", bool(cluster.probation))
    yield single("probation_seconds", "Time until it returns unless it is confirmed.", left_s)
    differs = bool(cluster.draft_digest) and cluster.draft_digest != cluster.digest
    yield single("draft_differs", "1 while the draft here is not what is in force.", differs)


def _nodes(nodes: Sequence[NodeLive]) -> Iterator[Metric]:
    def each(name: str, text: str, value: Callable[[NodeLive], float]) -> Metric:
        return _family(name, text, ("node",), (((node.node,), value(node)) for node in nodes))

    states = (row for node in nodes for row in _one_of(node.state, get_args(NodeState), node.node))
    yield _family("node_state", "1 for the node's state.", ("node", "state"), states)
    yield each("node_heard_seconds", "Since the node was last heard.", lambda n: n.age_ms / 1000)
    yield each("node_member", "1 while the node is decided to be in.", lambda n: n.member)
    yield each("node_voter", "1 for a voter.", lambda n: n.voter)
    yield each("node_epoch", "Configuration that the node runs.", lambda n: n.epoch)
    yield each("node_load", "Load average of a minute.", lambda n: n.load)
    leases = [((n.node,), n.lease_ms / 1000) for n in nodes if n.lease_ms >= 0]
    yield _family(
        "node_lease_seconds", "What is left of a lease, as its node knows.", ("node",), leases
    )
    yield each(
        "node_fence_failed",
        "1 while the last fencing of the node has not worked.",
        lambda n: n.fence is not None and n.fence.state == "failed",
    )


def _links(nodes: Sequence[NodeLive], observer: str) -> Iterator[Metric]:
    """Yield what is known of adapters.

    Where the observer is itself cut off it cannot know of those of a node that it hears elsewhere.
    """
    labels = ("node", "adapter", "network")
    blind = blind_networks(nodes, observer)
    links = [(node, link) for node in nodes for link in node.links]
    known = [
        (node, link)
        for node, link in links
        if node.node == observer or node.state == "down" or link.network not in blind
    ]

    def each(
        name: str, text: str, told: Iterable[tuple[NodeLive, LinkLive]], value: Value
    ) -> Metric:
        rows = (((n.node, link.adapter, link.network), value(link)) for n, link in told)
        return _family(name, text, labels, rows)

    up, heard = "1 while the adapter is heard.", "Since it was heard."
    yield each("adapter_up", up, known, lambda link: link.state == "up")
    yield each("adapter_heard_seconds", heard, links, lambda link: link.age_ms / 1000)


def _groups(cluster: ClusterLive, nodes: Sequence[NodeLive]) -> Iterator[Metric]:
    parts = [(node.node, group) for node in nodes for group in node.groups]

    def state_of(node: str, group: GroupLive) -> Iterator[Row]:
        return _one_of(group.state, get_args(GroupState), group.group, node)

    owners = (((group, node), 1.0) for group, node in cluster.owners.items() if node)
    yield _family("group_owner", "1 for the decided owner.", ("group", "node"), owners)
    states = (row for node, group in parts for row in state_of(node, group))
    yield _family(
        "group_state", "1 for the group's state on the node.", ("group", "node", "state"), states
    )
    failures = (((group.group, node), group.failures) for node, group in parts)
    yield _family("group_failures", "Failures that have not expired.", ("group", "node"), failures)
    failed = (
        ((group.group, resource.name, node), float(resource.state == "failed"))
        for node, group in parts
        for resource in group.resources
    )
    yield _family(
        "resource_failed", "1 for a failed resource.", ("group", "resource", "node"), failed
    )


def _dares(snapshot: Snapshot) -> Iterator[Metric]:
    ended = [run for run in snapshot.runs if run.state not in OPEN]
    if not ended:
        return
    last = max(ended, key=lambda run: run.began)
    labels = ("state",)
    rows: list[Row] = [((last.state,), last.began + last.seconds)]
    yield _family("dare_last_end_seconds", "Unix time at which it ended.", labels, rows)
    yield _family(
        "dare_last_duration_seconds", "How long it took.", labels, [((last.state,), last.seconds)]
    )
    yield _family(
        "dare_last_detection_gap_seconds",
        "Longest time in which it kept a node from looking whether its peers live.",
        labels,
        [((last.state,), last.detection_gap_ms / 1000)],
    )


def parse_door(text: str) -> tuple[str, int]:
    """Return host and port of ``HOST:PORT``, ``[IPV6]:PORT`` or ``:PORT`` (this machine only).

    Raises MetricsError if it is none of them.
    """
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise MetricsError(f"{text!r} is no HOST:PORT; write for example 127.0.0.1:9844")
    return host, int(port)


class _Scrape(Collector):
    """Gets a snapshot from the agent's loop whenever somebody scrapes."""

    def __init__(self, look: Callable[[], Snapshot], loop: asyncio.AbstractEventLoop) -> None:
        self._look = look
        self._loop = loop

    def collect(self) -> Iterable[Metric]:
        """Return the families; TimeoutError, a failed scrape, when the loop does not answer."""

        async def now() -> Snapshot:
            return self._look()

        answer = asyncio.run_coroutine_threadsafe(now(), self._loop)
        return list(families(answer.result(LOOK_S)))


class MetricsDoor:
    """Offers the metrics at one address until it is closed."""

    def __init__(self, server: WSGIServer, thread: threading.Thread) -> None:
        self._server = server
        self._thread = thread

    @classmethod
    def open(cls, address: tuple[str, int], look: Callable[[], Snapshot]) -> "MetricsDoor":
        """Listen at host and port; to be called in the agent's loop. MetricsError if refused."""
        registry = CollectorRegistry()
        registry.register(_Scrape(look, asyncio.get_running_loop()))
        host, port = address
        try:
            return cls(*start_http_server(port, host, registry))
        except OSError as error:
            raise MetricsError(
                f"metrics cannot be offered at {host}:{port}: {error.strerror or error}; "
                "end who listens there, or choose another with --metrics"
            ) from error

    @property
    def port(self) -> int:
        """Return the port that is listened at."""
        return self._server.server_port

    def close(self) -> None:
        """Listen no more. Must not be called in the loop that a scrape may wait for."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(LOOK_S)
