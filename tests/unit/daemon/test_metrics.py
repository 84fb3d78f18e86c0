"""What Prometheus is told, read back with its own parser, and the door at which it asks."""

import asyncio
import urllib.error
import urllib.request

import msgspec
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from nodeagent.daemon.metrics import MetricsDoor, MetricsError, families, parse_door
from nodeagent.model.run import DareRun
from nodeagent.wire.live import (
    ClusterLive,
    FenceLive,
    GroupLive,
    LinkLive,
    NodeLive,
    ResourceLive,
    Snapshot,
)

SNAPSHOT = Snapshot(
    cluster=ClusterLive(
        "orders", "alpha", "stable", 7, 12, "d1", quorum=True,
        voters=("alpha", "bravo"), view=("alpha", "bravo"), owners={"web": "bravo", "db": ""},
        draft_digest="d2",
    ),
    nodes=(
        NodeLive("alpha", "up", age_ms=0, member=True, voter=True, epoch=7, version="1.2",
                 lease_ms=2_500, links=(LinkLive("eth0", "public1", "up", 40),)),
        NodeLive("bravo", "up", age_ms=80, member=True, epoch=7,
                 links=(LinkLive("eth0", "public1", "down", 9_000),),
                 fence=FenceLive("failed", "alpha"),
                 groups=(GroupLive("web", "error", failures=2,
                                   resources=(ResourceLive("server", "failed"),)),)),
    ),
    runs=(
        DareRun("t1", "alpha", state="done", began=100.0, seconds=2.0, detection_gap_ms=300),
        DareRun("t2", "alpha", state="running", began=200.0),
    ),
)  # fmt: skip


class _Fixed(Collector):
    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def collect(self) -> list[Metric]:
        return list(families(self.snapshot))


def told_of(snapshot: Snapshot) -> dict[tuple[str, tuple[str, ...]], float]:
    registry = CollectorRegistry()
    registry.register(_Fixed(snapshot))
    text = generate_latest(registry).decode()
    return {
        (sample.name, tuple(v for _, v in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def told() -> dict[tuple[str, tuple[str, ...]], float]:
    return told_of(SNAPSHOT)


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("info", ("orders", "alpha", "1.2"), 1),
        ("quorum", (), 1),
        ("epoch", (), 7),
        ("members", (), 2),
        ("dare_open", (), 0),
        ("draft_differs", (), 1),
        ("cluster_state", ("stable",), 1),
        ("cluster_state", ("no-quorum",), 0),
        ("node_state", ("bravo", "up"), 1),
        ("node_state", ("bravo", "down"), 0),
        ("node_heard_seconds", ("bravo",), 0.08),
        ("node_voter", ("bravo",), 0),
        ("node_lease_seconds", ("alpha",), 2.5),
        ("node_fence_failed", ("bravo",), 1),
        ("adapter_up", ("eth0", "public1", "alpha"), 1),
        ("adapter_up", ("eth0", "public1", "bravo"), 0),
        ("adapter_heard_seconds", ("eth0", "public1", "bravo"), 9),
        ("group_owner", ("web", "bravo"), 1),
        ("group_state", ("web", "bravo", "error"), 1),
        ("group_failures", ("web", "bravo"), 2),
        ("resource_failed", ("web", "bravo", "server"), 1),
        ("dare_last_end_seconds", ("done",), 102),
        ("dare_last_duration_seconds", ("done",), 2),
        ("dare_last_detection_gap_seconds", ("done",), 0.3),
    ],
)
def test_the_snapshot_is_told(
    told: dict[tuple[str, tuple[str, ...]], float],
    name: str,
    labels: tuple[str, ...],
    value: float,
) -> None:
    """`labels`: the values in the order of their names."""
    assert told[f"nodeagent_{name}", labels] == value


def test_who_is_cut_off_says_nothing_of_others_adapters_there() -> None:
    links = (LinkLive("eth0", "public1", "down", 9_000), LinkLive("eth1", "public2", "up", 40))
    nodes = tuple(msgspec.structs.replace(node, links=links) for node in SNAPSHOT.nodes)

    told = told_of(msgspec.structs.replace(SNAPSHOT, nodes=nodes))

    up = {labels: value for (name, labels), value in told.items() if name.endswith("adapter_up")}
    assert up == {
        ("eth0", "public1", "alpha"): 0,
        ("eth1", "public2", "alpha"): 1,
        ("eth1", "public2", "bravo"): 1,
    }


def test_a_node_that_is_down_is_told_of_by_the_one_that_is_left() -> None:
    links = (LinkLive("eth0", "public1", "down", 9_000),)
    alpha, bravo = (msgspec.structs.replace(node, links=links) for node in SNAPSHOT.nodes)
    nodes = (alpha, msgspec.structs.replace(bravo, state="down"))

    told = told_of(msgspec.structs.replace(SNAPSHOT, nodes=nodes))

    assert told["nodeagent_adapter_up", ("eth0", "public1", "bravo")] == 0


def test_a_group_that_runs_nowhere_has_no_owner(
    told: dict[tuple[str, tuple[str, ...]], float],
) -> None:
    assert not [labels for name, labels in told if name.endswith("_owner") and labels[0] == "db"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.1.1.1:9844", ("10.1.1.1", 9844)),
        (":9844", ("127.0.0.1", 9844)),
        ("[::1]:9844", ("::1", 9844)),
    ],
)
def test_an_address_is_read(text: str, address: tuple[str, int]) -> None:
    assert parse_door(text) == address


@pytest.mark.parametrize("text", ["", "alpha", "alpha:", "alpha:http", "alpha:0", "alpha:70000"])
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(MetricsError, match=r"HOST:PORT.*127\.0\.0\.1:9844"):
        parse_door(text)


async def _scrape(door: MetricsDoor) -> str:
    def get() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{door.port}/metrics", timeout=20) as answer:
            return str(answer.read().decode())

    return await asyncio.to_thread(get)


async def test_a_scrape_is_answered_from_the_loop() -> None:
    door = MetricsDoor.open(("127.0.0.1", 0), lambda: SNAPSHOT)
    try:
        assert "nodeagent_epoch 7.0" in await _scrape(door)
    finally:
        await asyncio.to_thread(door.close)


async def test_a_place_that_is_taken_is_told_with_what_to_do() -> None:
    door = MetricsDoor.open(("127.0.0.1", 0), lambda: SNAPSHOT)
    try:
        with pytest.raises(MetricsError, match="--metrics"):
            MetricsDoor.open(("127.0.0.1", door.port), lambda: SNAPSHOT)
    finally:
        await asyncio.to_thread(door.close)


async def test_a_snapshot_that_fails_fails_the_scrape_only() -> None:
    def broken() -> Snapshot:
        raise ValueError("no snapshot")

    door = MetricsDoor.open(("127.0.0.1", 0), broken)
    try:
        with pytest.raises(urllib.error.HTTPError):
            await _scrape(door)
    finally:
        await asyncio.to_thread(door.close)
