"""Play schedules: `python -m tests.simulation --schedules 1000` or `--seed 17` for one of them."""

import argparse
import sys
import time

from tests.simulation.schedules import Failure, Outcome, play


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="play this seed (first of several)")
    parser.add_argument("--schedules", type=int, default=1, help="how many seeds from there on")
    parser.add_argument("--keep-going", action="store_true", help="do not end at a failure")
    return parser.parse_args()


def _line(seed: int, outcome: Outcome) -> str:
    ends = ", ".join(f"{tx} {state}" for tx, state in outcome.ends.items())
    return (
        f"seed {seed}: {outcome.events} events, {outcome.commits} commits, {outcome.views} other "
        f"decrees, {outcome.acquisitions} starts, trace {outcome.trace:08x}; {ends}"
    )


def main() -> int:
    """Play; returns 1 if any schedule failed."""
    arguments = _arguments()
    first = arguments.seed if arguments.seed is not None else 1
    began, commits, events = time.monotonic(), 0, 0
    failed: list[int] = []
    for seed in range(first, first + arguments.schedules):
        if seed > first and (seed - first) % 500 == 0:
            print(f"{seed - first} schedules so far, failed: {failed or 'none'}", flush=True)
        try:
            outcome = play(seed)
        except Failure as failure:
            failed.append(seed)
            print(failure, "\n", flush=True)
            if not arguments.keep_going:
                break
            continue
        commits += outcome.commits
        events += outcome.events
        if arguments.schedules == 1:
            print(_line(seed, outcome))
    took = time.monotonic() - began
    rate = arguments.schedules / took
    print(
        f"{arguments.schedules} schedules, {commits} commits, {events} events in {took:.1f} s "
        f"({rate:.1f}/s); failed: {failed or 'none'}"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
