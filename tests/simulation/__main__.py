"""Play seeded schedules of faults against the shipped core, under virtual time.

--seed 17 plays the core and the whole-node schedule of that seed; --seed core:17 only one of them,
and --plan FILE one that was written down. A schedule that breaks a rule is told with its plan and
story; --shrink makes it smaller first and --write keeps it.
"""

import argparse
import sys
import time
from pathlib import Path

import msgspec

from tests.simulation.generate import plan_of
from tests.simulation.plan import Kind, Plan, plan_text, read_plan
from tests.simulation.runner import Tally, chunks, play_all
from tests.simulation.schedules import Failure, play_plan
from tests.simulation.shrink import shrink

TOLD_EVERY_S = 30.0
KINDS: tuple[Kind, ...] = ("core", "whole")


def parser() -> argparse.ArgumentParser:
    """Return what understands the words of this command."""
    made = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--seed", default="", help="play this one: 17, core:17 or whole:17")
    made.add_argument("--plan", type=Path, help="play the plan in this file")
    made.add_argument("--schedules", type=int, default=20_000, help="core schedules to play")
    made.add_argument("--whole", type=int, help="whole-node schedules; default: one in twenty")
    made.add_argument("--first", type=int, default=1, help="the first seed of both kinds")
    made.add_argument("--workers", type=int, default=2, help="processes")
    made.add_argument("--keep-going", action="store_true", help="do not end at a failure")
    made.add_argument("--shrink", action="store_true", help="make a failing plan smaller")
    made.add_argument("--write", type=Path, help="with --shrink: keep the plan in this file")
    return made


def main() -> int:
    """Play; returns 1 if any schedule broke a rule."""
    arguments = parser().parse_args()
    if arguments.plan is not None:
        return _one(read_plan(arguments.plan), arguments)
    if arguments.seed:
        return max(_one(plan, arguments) for plan in _plans(arguments.seed))
    return _many(arguments)


def _plans(text: str) -> list[Plan]:
    """Return the plans of `17`, `core:17` or `whole:17`."""
    kind, _, number = text.rpartition(":")
    return [plan_of(k, int(number)) for k in KINDS if kind in ("", k)]


# -- one


def _one(plan: Plan, arguments: argparse.Namespace) -> int:
    name = f"{plan.options.kind}:{plan.options.seed}"
    try:
        outcome = play_plan(plan)
    except Failure as failure:
        print(failure)
        if arguments.shrink:
            _shrunk(plan, failure, arguments.write)
        return 1
    ends = ", ".join(f"{tx} {state}" for tx, state in outcome.ends.items())
    print(
        f"{name}: {plan.options.nodes} nodes, {outcome.events} events, {outcome.commits} commits, "
        f"{outcome.views} other decrees, {outcome.acquisitions} starts, "
        f"trace {outcome.trace:08x}; {ends or 'no DARE'}"
    )
    return 0


def _shrunk(plan: Plan, failure: Failure, write: Path | None) -> None:
    small = msgspec.structs.replace(shrink(plan), note=str(failure).partition("\n")[0])
    print(f"\n-- shrunk from {len(plan.actions)} to {len(small.actions)} actions")
    try:
        play_plan(small)
    except Failure as last:
        print(last)
    if write is not None:
        write.write_text(plan_text(small))
        print(f"written to {write}")


# -- many


class _Progress:
    """Tells failures at once, and how far it is every TOLD_EVERY_S seconds."""

    def __init__(self, core: int, whole: int) -> None:
        self.core, self.whole = core, whole
        self.began = self._told = time.monotonic()
        self._stories = 0

    def __call__(self, total: Tally) -> None:
        for story in total.stories[self._stories :]:
            print(story, "\n", flush=True)
        self._stories = len(total.stories)
        now = time.monotonic()
        if now - self._told >= TOLD_EVERY_S:
            self._told = now
            print(self.line(total), flush=True)

    def line(self, total: Tally) -> str:
        """Return count, rate and failures so far."""
        seconds = max(0.001, time.monotonic() - self.began)
        core, whole = total.played["core"], total.played["whole"]
        return (
            f"{seconds:7.0f} s: {core:,} of {self.core:,} core and {whole:,} of {self.whole:,} "
            f"whole schedules ({(core + whole) / seconds:.1f}/s), {len(total.failed)} failed"
        )


def _many(arguments: argparse.Namespace) -> int:
    core, whole = arguments.schedules, arguments.whole
    if whole is None:
        whole = core // 20
    progress = _Progress(core, whole)
    total = play_all(
        chunks(core, whole, arguments.first),
        arguments.workers,
        keep_going=arguments.keep_going,
        tell=progress,
    )
    print(progress.line(total))
    print(_summary(total))
    return 1 if total.failed else 0


def _summary(total: Tally) -> str:
    ends = ", ".join(f"{count:,} {state}" for state, count in total.ends.most_common())
    nodes = ", ".join(f"{count:,} of {n}" for n, count in sorted(total.nodes.items()))
    failed = ", ".join(f"{kind}:{seed}" for kind, seed in total.failed[:50]) or "none"
    return (
        f"clusters by nodes: {nodes}\n"
        f"DAREs: {ends}; decrees: {total.decrees:,}, of them {total.commits:,} COMMIT\n"
        f"{total.events:,} events, {total.acquisitions:,} starts of resources, "
        f"{total.excused:,} beside a group that a driver lied about, "
        f"{total.fenced:,} machines fenced; "
        f"{total.busy_s:,.0f} s of processor time\n"
        f"violations: {len(total.failed)} ({failed})"
    )


if __name__ == "__main__":
    sys.exit(main())
