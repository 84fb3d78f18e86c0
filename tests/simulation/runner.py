"""Plays many schedules in several processes: seeds in chunks, results as they come.

A seed that fails is told with its plan and story. The processes are spawned, so nothing of the
caller is in them, and a chunk is the same wherever it is played.
"""

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from multiprocessing import get_context

from tests.simulation.generate import FAMILY, plan_of
from tests.simulation.plan import Kind
from tests.simulation.schedules import Failure, play_plan

CHUNK: dict[Kind, int] = {"core": FAMILY, "whole": 5}
AHEAD = 3
"""Chunks per process that wait in the queue: enough to keep it busy, few enough to stop soon."""
STORIES_KEPT = 20


@dataclass
class Tally:
    """What a number of schedules did; `failed` are (kind, seed), `stories` their reports."""

    played: Counter[Kind] = field(default_factory=Counter)
    commits: int = 0
    decrees: int = 0
    acquisitions: int = 0
    events: int = 0
    excused: int = 0
    fenced: int = 0
    busy_s: float = 0.0
    ends: Counter[str] = field(default_factory=Counter)
    nodes: Counter[int] = field(default_factory=Counter)
    failed: list[tuple[Kind, int]] = field(default_factory=list)
    stories: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Take what another part did."""
        self.played += other.played
        self.commits += other.commits
        self.decrees += other.decrees
        self.acquisitions += other.acquisitions
        self.events += other.events
        self.excused += other.excused
        self.fenced += other.fenced
        self.busy_s += other.busy_s
        self.ends += other.ends
        self.nodes += other.nodes
        self.failed += other.failed
        self.stories = [*self.stories, *other.stories][:STORIES_KEPT]


def play_seeds(kind: Kind, seeds: range) -> Tally:
    """Play the schedules of these seeds."""
    tally, began = Tally(), time.process_time()
    for seed in seeds:
        plan = plan_of(kind, seed)
        tally.played[kind] += 1
        tally.nodes[plan.options.nodes] += 1
        try:
            outcome = play_plan(plan)
        except Failure as failure:
            tally.failed.append((kind, seed))
            tally.stories.append(str(failure))
            continue
        tally.commits += outcome.commits
        tally.decrees += outcome.commits + outcome.views
        tally.acquisitions += outcome.acquisitions
        tally.events += outcome.events
        tally.excused += outcome.excused
        tally.fenced += outcome.fenced
        tally.ends.update(outcome.ends.values())
    tally.busy_s = time.process_time() - began
    return tally


def chunks(core: int, whole: int, first: int) -> Iterator[tuple[Kind, range]]:
    """Yield the chunks of so many schedules, both kinds mixed so that both are seen early."""
    counts: dict[Kind, int] = {"core": core, "whole": whole}
    parts: list[tuple[float, Kind, range]] = []
    for kind, count in counts.items():
        size = CHUNK[kind]
        for start in range(first, first + count, size):
            seeds = range(start, min(start + size, first + count))
            parts.append(((start - first) / count, kind, seeds))
    parts.sort(key=lambda part: part[0])
    yield from ((kind, seeds) for _, kind, seeds in parts)


def play_all(
    parts: Iterator[tuple[Kind, range]],
    workers: int,
    *,
    keep_going: bool,
    tell: Callable[[Tally], None],
) -> Tally:
    """Play all parts; `tell` is called with the sum after each. Stops at a failure if told so."""
    total = Tally()
    if workers == 1:
        for kind, seeds in parts:
            total.add(play_seeds(kind, seeds))
            tell(total)
            if total.failed and not keep_going:
                break
        return total
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare) as pool:
        waiting: set[Future[Tally]] = set()
        for kind, seeds in parts:
            waiting.add(pool.submit(play_seeds, kind, seeds))
            if len(waiting) >= AHEAD * workers:
                waiting = _take(total, waiting, tell)
            if total.failed and not keep_going:
                break
        for future in waiting:
            if not (total.failed and not keep_going and future.cancel()):
                total.add(future.result())
                tell(total)
    return total


def _take(
    total: Tally, waiting: set[Future[Tally]], tell: Callable[[Tally], None]
) -> set[Future[Tally]]:
    done, left = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        total.add(future.result())
    tell(total)
    return left


def _prepare() -> None:
    """Collect garbage less often: a world is small and soon gone."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
