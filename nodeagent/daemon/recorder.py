"""Keeps what the cluster did, as this agent saw it: what changed, when it changed.

The stream to consoles is made only while one listens, so live values are looked at here once a
second, after a step of the core, and recorded where something other than an age is new. Events,
progress and configurations are recorded as they are published. A disk that refuses is told once;
the agent goes on without.
"""

import time
from collections.abc import Callable, Iterator

import msgspec

from nodeagent.core.reporter import essence, without_count
from nodeagent.store.errors import StoreError
from nodeagent.store.recording import RecordingFolder
from nodeagent.wire.live import ClusterLive, NodeLive, Snapshot, StreamMessage
from nodeagent.wire.recording import GetRecording, Recording

EVERY_S = 1.0
NODES_EACH_S = 32
"""In a larger cluster it is looked at less often, so that an agent at rest stays at rest."""
RUNS_KEPT = 3
TEXTS_MAX = 400_000
"""Characters; longer configurations are left out, where each file of the past would repeat them."""
RETRY_S = 60.0


def news(
    told: dict[str, object], cluster: ClusterLive, nodes: tuple[NodeLive, ...]
) -> Iterator[tuple[str, object, StreamMessage]]:
    """Yield (subject, essence, message) of what is not as `told`, by subject, has it."""
    whole = without_count(cluster)
    if told.get("") != whole:
        yield "", whole, cluster
    for node in nodes:
        core = essence(node)
        if told.get(node.node) != core:
            yield node.node, core, node


class Recorder:
    """Records one agent's stream in its state directory.

    `look` returns everything it knows, `live` only what may change by itself.
    """

    def __init__(
        self,
        folder: RecordingFolder,
        look: Callable[[], Snapshot],
        live: Callable[[], tuple[ClusterLive, tuple[NodeLive, ...]]],
        on_trouble: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._look = look
        self._live = live
        self._on_trouble = on_trouble
        self._clock = clock
        self._told: dict[str, object] = {}
        self._look_at_s = 0.0
        self._broken_until = 0.0

    def published(self, message: StreamMessage) -> None:
        """Record what is published, live values aside: those come by `look_again`."""
        if not isinstance(message, ClusterLive | NodeLive):
            self._record(message)

    def stepped(self, now_s: float) -> None:
        """Look again if it is time: told of each step of the core, so no agent is woken for it.

        `now_s` are seconds of a clock that nobody sets.
        """
        if now_s >= self._look_at_s:
            self._look_at_s = now_s + self.look_again()

    def look_again(self) -> float:
        """Record what changed since the last time; return the seconds until the next."""
        cluster, nodes = self._live()
        for subject, core, message in news(self._told, cluster, nodes):
            if self._record(message):
                self._told[subject] = core
        return max(EVERY_S, len(nodes) / NODES_EACH_S)

    def page(self, request: GetRecording) -> Recording:
        """Return what was recorded; StoreError if the disk refuses."""
        return self._folder.page(request.since, request.cursor)

    def _record(self, message: StreamMessage) -> bool:
        now = self._clock()
        if now < self._broken_until:
            return False
        try:
            if self._folder.wants_snapshot:
                self._folder.begin(now, _trimmed(self._look()))
            self._folder.add(now, message)
        except StoreError as error:
            self._broken_until = now + RETRY_S
            self._folder.leave()
            self._on_trouble(str(error))
            return False
        return True


def _trimmed(snapshot: Snapshot) -> Snapshot:
    """Return what a file of the recording begins with: events and old runs are in those before."""
    small = msgspec.structs.replace(snapshot, events=(), runs=snapshot.runs[-RUNS_KEPT:])
    if len(small.active) + len(small.draft) <= TEXTS_MAX:
        return small
    return msgspec.structs.replace(small, active="", draft="")
