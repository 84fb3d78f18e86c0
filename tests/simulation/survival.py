"""Does the analysis of `nodeagent.config.survival` say what the agents do?

`python -m tests.simulation.survival [--singles] [FILE ...]` starts the cluster of each example
configuration under virtual time, lets a failure happen, waits until nothing changes any more, and
compares: who is in, and on which node each group is online, or that it is on none. A node fails by
a crash that nobody mends, an adapter by its link going down, a network by carrying nothing.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from nodeagent.config.survival import (
    Failure,
    Outcome,
    Part,
    Standpoint,
    name_of,
    pairs_of,
    parts_of,
    play,
)
from nodeagent.core.log import read_configuration
from tests.simulation.world import World

CONFIGS = Path(__file__).parents[2] / "configs"
EXAMPLES = ("two-nodes.toml", "three-nodes.toml", "placement.toml")
START_MS = 20_000
"""So long after a start, and after it has settled, nothing changes any more."""
REST_MS = 45_000
"""Longer than silence, takeover wait and the time for which a node without a lease stays in."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One failure: what was foretold, who is in afterwards, and where each group is online."""

    failure: Failure
    foretold: Outcome
    view: frozenset[str]
    online: dict[str, str]

    @property
    def difference(self) -> str:
        """Return what is not as foretold, "" where all is."""
        found = []
        if self.view != self.foretold.view:
            found.append(f"in are {sorted(self.view)}, foretold {sorted(self.foretold.view)}")
        found += [
            f"{group} is on {self.online[group] or 'none'}, foretold {node or 'none'}"
            for group, node in self.foretold.owners.items()
            if self.online[group] != node
        ]
        return "; ".join(found)


def failures(text: str, *, pairs: bool) -> Iterator[Failure]:
    """Yield every single failure of a whole cluster, then with `pairs` every two of them."""
    cfg = read_configuration(text.encode(), "example")
    parts = parts_of(cfg, cfg.node)
    yield from ((part,) for part in parts)
    if pairs:
        yield from pairs_of(parts)


def started(text: str, calm_ms: int = START_MS) -> World:
    """Return the cluster of a configuration, with nothing left to do."""
    world = World(text, consoles=0)
    world.start()
    settles = read_configuration(text.encode(), "example").cluster.settling_seconds
    world.advance(calm_ms + int(settles * 1000))
    world.until(world.stable)
    return world


def attempt(world: World, failure: Failure, rest_ms: int = REST_MS) -> Trial:
    """Let a cluster fail, and look at it when it rests."""
    foretold = play(_standpoint(world), failure)
    for part in failure:
        _break(world, part)
    world.advance(rest_ms)
    return Trial(failure, foretold, _view(world), _online(world))


def attempts(text: str, *, pairs: bool) -> Iterator[Trial]:
    """Yield a trial of each failure; every one begins with the same cluster, in a process apart."""
    world, forks = started(text), get_context("fork")
    for failure in failures(text, pairs=pairs):
        here, there = forks.Pipe(duplex=False)
        process = forks.Process(target=_attempt_and_tell, args=(world, failure, there))
        process.start()
        there.close()
        try:
            yield here.recv()
        finally:
            process.join()


def _attempt_and_tell(world: World, failure: Failure, there: Connection) -> None:
    there.send(attempt(world, failure))


def _standpoint(world: World) -> Standpoint:
    log = next(iter(world.nodes().values())).shared.log
    assert log.configuration is not None, "a stable cluster has one"
    owners, asked = log.standing.owners, log.wishes.placed()
    return Standpoint(log.configuration, frozenset(log.standing.view), owners, asked)


def _break(world: World, part: Part) -> None:
    if part.kind == "node":
        world.crash(part.name)
    elif part.kind == "adapter":
        world.unplug(part.name, part.adapter)
    else:
        cfg = read_configuration(world.text.encode(), "example")
        world.network.dead_adapters |= {
            (node, name)
            for node, noun in cfg.node.items()
            for name, adapter in noun.adapter.items()
            if adapter.network == part.name
        }


def _view(world: World) -> frozenset[str]:
    """Return the nodes that may own groups: those with a lease, which only a majority gives."""
    return frozenset(name for name, node in world.nodes().items() if node.shared.lease_valid)


def _online(world: World) -> dict[str, str]:
    """Return where each group is online; two nodes would both be named."""
    cfg = read_configuration(world.text.encode(), "example")
    return {
        group: " and ".join(
            name
            for name, node in world.nodes().items()
            if node.shared.runner(group).state == "online"
        )
        for group in cfg.group
    }


def row(file: str, trials: Iterable[Trial]) -> tuple[str, list[str]]:
    """Return the row of a table for one configuration, and what was not as foretold."""
    counts, wrong = Counter[str](), []
    for trial in trials:
        kind = "pairs" if len(trial.failure) > 1 else "singles"
        counts[kind] += 1
        counts[f"{kind} agree"] += not trial.difference
        counts[f"{kind} cost"] += bool(trial.foretold.away)
        if trial.difference:
            wrong.append(f"{file}: {name_of(trial.failure)}: {trial.difference}")
    cells = [
        f"{counts[f'{kind} agree']} of {counts[kind]}, {counts[f'{kind} cost']} cost a group"
        for kind in ("singles", "pairs")
        if counts[kind]
    ]
    return f"| `{file}` | " + " | ".join(cells) + " |", wrong


def main(arguments: list[str]) -> int:
    """Print the table; 1 if anything was not as foretold."""
    pairs = "--singles" not in arguments
    files = [one for one in arguments if not one.startswith("--")] or list(EXAMPLES)
    print("| Configuration | Single failures as foretold |" + pairs * " Pairs as foretold |")
    print("| --- | --- |" + pairs * " --- |")
    wrong: list[str] = []
    began = time.monotonic()
    for file in files:
        text = (CONFIGS / file).read_text("utf-8")
        line, found = row(file, attempts(text, pairs=pairs))
        print(line, flush=True)
        wrong += found
    for text in wrong:
        print(text)
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
