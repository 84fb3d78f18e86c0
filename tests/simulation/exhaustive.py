"""Every single fault against one DARE of each kind: `python -m tests.simulation.exhaustive`.

Prints how many cases each change and fault has, how many broke a rule, and how long the cluster
took to come to rest; exit code 1 if any rule was broken.
"""

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context

from tests.simulation.exhaustive_cases import CHANGES, Case, cases
from tests.simulation.exhaustive_faults import Broken, Result, play

Played = tuple[Case, Result | None, str]


@dataclass
class Row:
    """What was seen of one change and fault."""

    cases: int = 0
    missed: int = 0
    broken: int = 0
    rest_ms: list[int] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)

    def take(self, played: Played) -> None:
        """Count one case."""
        _, result, _ = played
        self.cases += 1
        if result is None:
            self.broken += 1
            return
        self.missed += not result.happened
        self.rest_ms.append(result.rest_ms)
        self.states[result.state] += 1

    def line(self, name: str) -> str:
        """Return the row of the table."""
        times = sorted(self.rest_ms) or [0]
        ends = ", ".join(f"{n} {state}" for state, n in self.states.most_common())
        return (
            f"{name:28} {self.cases:6} {self.broken:10} {times[len(times) // 2] / 1000:8.1f}"
            f" {times[-1] / 1000:8.1f}  {ends}"
        )


def _play(case: Case) -> Played:
    try:
        return case, play(case), ""
    except Broken as error:
        return case, None, str(error)


def all_cases(change: str = "") -> list[Case]:
    """Return the cases of one change, or of all."""
    return [case for name in CHANGES if change in ("", name) for case in cases(name)]


def _played(chosen: list[Case], processes: int) -> Iterator[Played]:
    if processes == 1:
        yield from map(_play, chosen)
        return
    with get_context("fork").Pool(processes) as pool:
        yield from pool.imap(_play, chosen, chunksize=20)


def parser() -> argparse.ArgumentParser:
    """Return what understands the words of this command."""
    made = argparse.ArgumentParser(
        prog="python -m tests.simulation.exhaustive", description=__doc__
    )
    made.add_argument("--change", choices=tuple(CHANGES), default="", help="only this change")
    made.add_argument("--only", default="", help="only cases whose name contains this")
    made.add_argument("--every", type=int, default=1, help="play one in so many cases")
    made.add_argument("--processes", type=int, default=2)
    made.add_argument("--stories", type=int, default=5, help="how many broken cases to tell")
    return made


def main() -> int:
    """Play all; returns 1 if a rule was broken."""
    arguments = parser().parse_args()
    chosen = [case for case in all_cases(arguments.change) if arguments.only in str(case)]
    chosen = chosen[:: arguments.every]
    rows: defaultdict[str, Row] = defaultdict(Row)
    stories: list[str] = []
    began = time.monotonic()
    for played in _played(chosen, arguments.processes):
        case, result, story = played
        kind = "write" if case.kind == "write" else "message"
        rows[f"{case.change}, {kind} {case.fault}"].take(played)
        if result is None:
            stories.append(story)
            print(story.partition("\n")[0], flush=True)
    print(f"{'':28} {'cases':>6} {'violations':>10} {'median s':>8} {'worst s':>8}  the DARE ended")
    for name, row in rows.items():
        print(row.line(name))
    for story in stories[: arguments.stories]:
        print(f"\n{story}")
    missed = sum(row.missed for row in rows.values())
    took = time.monotonic() - began
    print(
        f"{len(chosen)} cases, {len(stories)} violations, {missed} faults that never came, "
        f"{took:.0f} s"
    )
    return 1 if stories else 0


if __name__ == "__main__":
    sys.exit(main())
