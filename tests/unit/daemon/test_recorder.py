"""What is recorded, and that a disk which refuses does not stop the agent."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from nodeagent.daemon.recorder import EVERY_S, RETRY_S, Recorder
from nodeagent.store.recording import RecordingFolder
from nodeagent.wire.live import ClusterLive, EventLine, NodeLive, Snapshot
from nodeagent.wire.recording import GetRecording

CLUSTER = ClusterLive("orders", "alpha", "stable", 1, 1, "d1", quorum=True)
ALPHA = NodeLive("alpha", "up", age_ms=10)
EVENT = EventLine(1, 1.0, "alpha", "note", "web", "went online")


class Cluster:
    """What the recorder looks at, and its clock."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.snapshot = Snapshot(CLUSTER, (ALPHA,))

    def node(self, **values: Any) -> None:
        self.snapshot = Snapshot(CLUSTER, (msgspec.structs.replace(ALPHA, **values),))


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def troubles() -> list[str]:
    return []


@pytest.fixture
def recorder(cluster: Cluster, troubles: list[str], tmp_path: Path) -> Recorder:
    folder = RecordingFolder(tmp_path / "state")
    return Recorder(
        folder,
        lambda: cluster.snapshot,
        lambda: (cluster.snapshot.cluster, cluster.snapshot.nodes),
        troubles.append,
        lambda: cluster.now,
    )


def kinds(recorder: Recorder) -> list[str]:
    return [type(item.message).__name__ for item in recorder.page(GetRecording()).items]


def test_only_what_changed_is_recorded(recorder: Recorder, cluster: Cluster) -> None:
    recorder.look_again()
    before = kinds(recorder)
    cluster.node(age_ms=900, load=3.0)
    recorder.look_again()
    assert kinds(recorder) == before

    cluster.node(state="down")
    recorder.look_again()

    assert before == ["Snapshot", "ClusterLive", "NodeLive"]
    assert kinds(recorder) == [*before, "NodeLive"]


def test_what_is_published_is_recorded_at_once(recorder: Recorder) -> None:
    recorder.published(EVENT)
    recorder.published(CLUSTER)

    assert kinds(recorder) == ["Snapshot", "EventLine"]


def test_a_refusing_disk_is_told_once_and_tried_again(
    recorder: Recorder, cluster: Cluster, troubles: list[str], tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("in the way")
    recorder.published(EVENT)
    recorder.published(EVENT)
    assert len(troubles) == 1

    (tmp_path / "state").unlink()
    (tmp_path / "state").mkdir()
    cluster.now += RETRY_S
    recorder.published(EVENT)

    assert kinds(recorder) == ["Snapshot", "EventLine"]


def test_a_large_cluster_is_looked_at_less_often(recorder: Recorder, cluster: Cluster) -> None:
    often = recorder.look_again()
    cluster.snapshot = Snapshot(CLUSTER, tuple(NodeLive(f"n{i}", "up") for i in range(256)))

    assert recorder.look_again() > 2 * often


def test_steps_of_the_core_look_once_a_second(recorder: Recorder, cluster: Cluster) -> None:
    recorder.stepped(5.0)
    before = kinds(recorder)
    cluster.node(state="down")
    recorder.stepped(5.0 + EVERY_S / 2)
    early = kinds(recorder)

    recorder.stepped(5.0 + EVERY_S)

    assert before == early == ["Snapshot", "ClusterLive", "NodeLive"]
    assert kinds(recorder) == [*before, "NodeLive"]


def test_long_configurations_do_not_fill_each_file(recorder: Recorder, cluster: Cluster) -> None:
    cluster.snapshot = Snapshot(CLUSTER, (ALPHA,), active="x" * 500_000)
    recorder.published(EVENT)

    first = recorder.page(GetRecording()).items[0].message
    assert isinstance(first, Snapshot)
    assert (first.active, first.nodes) == ("", (ALPHA,))
