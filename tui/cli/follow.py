"""Following one DARE to its true end, through whichever agents are left.

The coordinator may die, and with it the agent we listened to. Then the next agent's record goes
on, and if nobody keeps a record any more, the cluster itself tells: once no DARE is open, the
active configuration is either the one that this DARE made or the one from before.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress

from msgspec.structs import replace

from nodeagent.client.client import AgentChanged, Client
from nodeagent.client.errors import ClientError
from nodeagent.model.health import RestoreState
from nodeagent.model.run import AS_BEFORE, DareRun, RunStarted, advance
from nodeagent.wire.console import GetSnapshot
from nodeagent.wire.live import ClusterLive, NodeLive, ProgressMade, Snapshot, StreamMessage
from tui.cli.progress import FINAL_RUNS
from tui.cli.witness import Witness, moved_on

Heard = StreamMessage | Snapshot | AgentChanged
ORPHANED_S = 2.5
"""The coordinator is gone and no DARE is open for so long: nobody will finish the record."""
FORGOTTEN_S = 40.0
"""The same while the coordinator lives; longer than any of its steps without a lock."""
DOUBT_S = 30.0
"""How long a run in doubt may take to be finished by another voter, or an abort to be undone."""
FLOWING_S = 5.0
ASK_AGAIN_S = 3.0
NOBODY_S = 60.0
"""No agent at all for so long: give up, in doubt."""


class Follower:
    """Folds what agents say into the record of one run. `tell` gets each new record.

    `tx` is "" until an agent named it. A run is ours by that name or by `mark`, which nobody else
    can have made; never by what it wants: others may have wanted the same, before or meanwhile.
    """

    def __init__(
        self, base: ClusterLive, mark: str, tell: Callable[[DareRun], None], tx: str = ""
    ) -> None:
        self.tx = tx
        self.run: DareRun | None = None
        self.ended = False
        self._base = base
        self._mark = mark
        self._tell = tell
        self._free_since: float | None = None
        self._doubt_since: float | None = None
        self._witness = Witness()

    def take(self, item: Heard, now: float) -> None:
        """Learn from one item of the stream, at `now` seconds of the loop's clock."""
        match item:
            case Snapshot():
                for node in item.nodes:
                    self._witness.note(node)
                for run in (*item.runs, *((item.run,) if item.run else ())):
                    self._learn(run, now)
                self._look(item.cluster, now)
            case ProgressMade(progress=RunStarted(run=run)):
                self._learn(run, now)
            case ProgressMade(progress=progress):
                changed = advance(self.run, progress)
                if changed is not None:
                    self._learn(changed, now)
            case ClusterLive():
                self._look(item, now)
            case NodeLive():
                self._witness.note(item)

    def _is_ours(self, run: DareRun) -> bool:
        if self.tx:
            return run.tx == self.tx
        return run.mark != "" and run.mark == self._mark

    def _learn(self, run: DareRun, now: float) -> None:
        if not self._is_ours(run) or run == self.run:
            return
        self.tx = run.tx
        self._free_since = None
        if self.run is not None and self.run.coordinator != run.coordinator:
            self._witness.lost.add(self.run.coordinator)
        self._show(run, now)

    def _show(self, run: DareRun, now: float) -> None:
        """Tell a record; a result that leaves something open is not the end yet."""
        self.run = run
        self._tell(run)
        is_open = run.state == "in-doubt" or self._may_yet_be_restored(run)
        self.ended = run.state in FINAL_RUNS and not is_open
        if is_open and self._doubt_since is None:
            self._doubt_since = now

    def _may_yet_be_restored(self, run: DareRun) -> bool:
        """Return whether the cluster may still show that all is as before, but for lost nodes.

        A lost node cannot prove anything; what it had is taken over by those that are left.
        """
        if run.state != "aborted" or run.restored not in {"unknown", "restored-except"}:
            return False
        unproved = {
            node
            for row in run.steps
            if row.undo
            for node, cell in row.cells.items()
            if cell.state in {"failed", "lost"}
        }
        return run.restored == "unknown" or (bool(unproved) and unproved <= self._witness.lost)

    def _look(self, cluster: ClusterLive, now: float) -> None:
        """Judge by the cluster what the record will not tell any more."""
        if self.ended:
            return
        if self._doubt_since is not None and now - self._doubt_since > DOUBT_S:
            self.ended = True
        elif cluster.lock or cluster.suspended or not cluster.quorum:
            self._free_since = None
        elif self.run is not None and self.run.state == "aborted":
            self._judge_undone(self.run, cluster, now)
        else:
            self._free_since = now if self._free_since is None else self._free_since
            coordinator = self.run.coordinator if self.run else self._base.observer
            orphaned = coordinator in self._witness.lost or self._doubt_since is not None
            if now - self._free_since > (ORPHANED_S if orphaned else FORGOTTEN_S):
                self._judge(cluster, now)

    def _judge_undone(self, run: DareRun, cluster: ClusterLive, now: float) -> None:
        if not self._witness.is_put_back(self._base, cluster):
            return
        why = run.text.partition(f"; {AS_BEFORE}")[0]  # what could not be proved is seen by now
        elsewhere = moved_on(self._base, cluster)
        if elsewhere:
            text = f"{'; '.join(elsewhere)}; configuration and all other groups are as before"
        else:
            text = "configuration and groups are as before"
        restored: RestoreState = "restored-except" if elsewhere else "restored"
        text = "; ".join(filter(None, (why, text)))
        self._show(replace(run, restored=restored, text=text), now)
        self.ended = True

    def _judge(self, cluster: ClusterLive, now: float) -> None:
        known = self.run or DareRun(tx=self.tx, coordinator=self._base.observer)
        if cluster.epoch == self._base.epoch:
            text = "the coordinator was lost before the decision"
            self._show(replace(known, state="aborted", restored="unknown", text=text), now)
        elif self.tx and cluster.made_by == self.tx:
            text = f"epoch {cluster.epoch} is active; the coordinator was lost meanwhile"
            self._show(replace(known, state="done", text=text), now)
        else:
            text = f"the coordinator was lost, and epoch {cluster.epoch} may be another change"
            self._show(replace(known, state="in-doubt", text=text), now)
            self.ended = True


@asynccontextmanager
async def heard_by(client: Client) -> AsyncIterator["asyncio.Queue[Heard]"]:
    """Give a queue into which the client's stream runs; it runs while other things are asked."""
    queue: asyncio.Queue[Heard] = asyncio.Queue()

    async def pump() -> None:
        async with aclosing(client.stream()) as stream:
            async for item in stream:
                queue.put_nowait(item)

    task = asyncio.create_task(pump())
    try:
        yield queue
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def take_first(follower: Follower, heard: "asyncio.Queue[Heard]") -> None:
    """Return once the stream flows, so that nothing of what follows is missed."""
    loop = asyncio.get_running_loop()
    with suppress(TimeoutError):
        async with asyncio.timeout(FLOWING_S):
            item = None
            while not isinstance(item, Snapshot):
                item = await heard.get()
                follower.take(item, loop.time())


async def follow_to_end(follower: Follower, heard: "asyncio.Queue[Heard]", client: Client) -> None:
    """Take items until the run has ended; returns too when no agent was left for a minute.

    Where nothing new was told for a while the agent is asked, as the stream may have lost it.
    """
    loop = asyncio.get_running_loop()
    told, news_at = follower.run, loop.time()
    while not follower.ended:
        try:
            async with asyncio.timeout(NOBODY_S):
                item = await heard.get()
        except TimeoutError:
            return
        follower.take(item, loop.time())
        if follower.run is not told:
            told, news_at = follower.run, loop.time()
        elif loop.time() - news_at > ASK_AGAIN_S:
            news_at = loop.time()
            with suppress(ClientError):
                answer = await client.ask(GetSnapshot())
                assert isinstance(answer, Snapshot), "a look is answered by a snapshot"
                follower.take(answer, loop.time())
