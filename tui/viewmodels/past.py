"""A recorded past as a course of views: what the console would have shown at any moment.

Pure: a recording in, views out. Between two records a cluster is as the last one told, only older;
so what was up stays fresh, and the silence of what was down grows.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from nodeagent.model.run import RunStarted
from nodeagent.wire.live import ClusterLive, EventLine, NodeLive, ProgressMade, Snapshot
from nodeagent.wire.recording import Recorded
from tui.viewmodels import store
from tui.viewmodels.ages import Moment, moment_text
from tui.viewmodels.store import Heard, View

_SILENT = frozenset({"down", "unknown"})


def moment_of(time: float) -> Moment:
    """Return a moment of the past: both clocks of a replay go by the recorded time."""
    return Moment(time, time)


@dataclass(frozen=True, slots=True)
class Past:
    """Records in the order in which they were made; at least one."""

    records: tuple[Recorded, ...]

    @property
    def start(self) -> float:
        """Return when the first record was made, Unix seconds."""
        return self.records[0].time

    @property
    def end(self) -> float:
        """Return when the last record was made."""
        return self.records[-1].time

    def index_at(self, time: float) -> int:
        """Return how many records had been made at `time`."""
        return bisect_right(self.records, time, key=lambda record: record.time)

    def next_mark(self, time: float) -> float:
        """Return the time of the next event or DARE after `time`, or the end."""
        later = self.records[self.index_at(time) :]
        return next((one.time for one in later if _is_mark(one)), self.end)

    def mark_before(self, time: float) -> float:
        """Return the time of the last event or DARE before `time`, or the start."""
        earlier = [one for one in self.records if one.time < time and _is_mark(one)]
        return earlier[-1].time if earlier else self.start


def _is_mark(record: Recorded) -> bool:
    message = record.message
    begins = isinstance(message, ProgressMade) and isinstance(message.progress, RunStarted)
    return begins or isinstance(message, EventLine)


@dataclass(frozen=True, slots=True)
class Course:
    """Where a replay is: the view that the first `taken` records make."""

    view: View
    taken: int = 0


def begun(past: Past) -> Course:
    """Return the course at the start of `past`, before anything was told."""
    first = past.records[0].message
    observer = first.cluster.observer if isinstance(first, Snapshot) else "an agent"
    view = View(connection=store.Connection(since=past.start))
    return Course(store.connected(view, observer, moment_of(past.start)))


def advanced(past: Past, course: Course, time: float) -> Course:
    """Return the course at `time`, which is not before the course."""
    until = past.index_at(time)
    view = course.view
    for record in past.records[course.taken : until]:
        view, _ = store.fold(view, record.message, moment_of(record.time))
    return Course(view, until)


def at(past: Past, time: float) -> Course:
    """Return the course at `time`, from the start."""
    return advanced(past, begun(past), time)


def shown(course: Course, time: float, banner: str) -> View:
    """Return what is shown at `time`: as the last records told, and of that age."""
    view, now = course.view, moment_of(time)
    nodes = {name: _aged(heard, now) for name, heard in view.nodes.items()}
    cluster = Heard(view.cluster.value, now.mono) if view.cluster else None
    connection = replace(view.connection, state="connected", heard_at=now.mono)
    return replace(view, nodes=nodes, cluster=cluster, connection=connection, replayed=banner)


def _aged(heard: Heard[NodeLive], now: Moment) -> Heard[NodeLive]:
    node = heard.value
    passed_ms = int(heard.since(now) * 1000)
    links = tuple(
        link if link.state == "up" else replace(link, age_ms=link.age_ms + passed_ms)
        for link in node.links
    )
    age_ms = node.age_ms + passed_ms if node.state in _SILENT else node.age_ms
    return Heard(replace(node, age_ms=age_ms, links=links), now.mono)


def banner_text(past: Past, time: float, speed: float, *, playing: bool) -> str:
    """Return the line that says that all of this is over, and which keys move it."""
    pace = f"{speed:g} times as fast" if playing else "paused"
    share = (time - past.start) / max(1.0, past.end - past.start)
    keys = f"Space {'holds' if playing else 'plays'}; , . event; < > speed"
    return f" PAST {moment_text(time, past.end)} {pace}, {share:.0%}  {keys}"


def summary(records: Sequence[Recorded]) -> str:
    """Return in a few words what a recording holds."""
    kinds = [type(record.message) for record in records]
    events, changes = kinds.count(EventLine), len(kinds) - kinds.count(EventLine)
    nodes = kinds.count(NodeLive) + kinds.count(ClusterLive)
    return f"{events} events, {nodes} changes of state, {changes - nodes} other records"
