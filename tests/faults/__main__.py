"""`make faults`: try the grid, each cell in a place of its own, and print the table.

Told while it goes: one line for each cell. Ends with 0 only if every cell passed; 77 with the
reason where no private place can be made.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from tests.faults import private
from tests.faults.grid import FAULTS, Cell, Result, cells
from tests.faults.report import table
from tui.demo.deaths import STEPS

SKIPPED = 77
JOBS = 2
LIMIT_S = 180.0


def try_apart(cell: Cell) -> Result:
    """Return what came of a cell, tried in a private place by a process of its own."""
    command = [*private.entrance(), sys.executable, "-m", "tests.faults.cell"]
    ours, theirs = os.pipe()
    try:
        done = subprocess.run(
            [*command, cell.step, cell.fault],
            stdin=ours,  # its other end is only here: the cell ends when this process does
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Result(cell.step, cell.fault, False, f"not done within {LIMIT_S:.0f} s")
    finally:
        os.close(ours)
        os.close(theirs)
    try:
        return msgspec.json.decode(done.stdout, type=Result)
    except msgspec.DecodeError:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()[-8:]
        reason = f"the trial ended with {done.returncode}"
        return Result(cell.step, cell.fault, False, reason, notes=tuple(words))


def try_all(
    wanted: Sequence[Cell], jobs: int, tell: Callable[[Result], None] = lambda _: None
) -> list[Result]:
    """Return the results in the order of the cells; `tell` hears each as it comes."""

    def one(cell: Cell) -> Result:
        result = try_apart(cell)
        tell(result)
        return result

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, wanted))


def parser() -> argparse.ArgumentParser:
    """Return what understands the words of this command."""
    made = argparse.ArgumentParser(prog="make faults ARGS=...", description=__doc__)
    made.add_argument("--step", action="append", choices=STEPS, help="only at this step")
    made.add_argument("--fault", action="append", choices=tuple(FAULTS), help="only this fault")
    made.add_argument("--repeat", type=int, default=1, help="try each cell so often")
    made.add_argument("--jobs", type=int, default=JOBS, help=f"cells at once (default {JOBS})")
    made.add_argument("--json", action="store_true", help="one JSON object for each cell")
    return made


def main() -> int:
    """Try what was asked for."""
    wanted = parser().parse_args()
    if reason := private.why_not():
        print(f"faults: skipped: {reason}", file=sys.stderr)
        return SKIPPED
    grid = list(cells(wanted.step or (), wanted.fault or (), wanted.repeat))
    began, count = time.monotonic(), 0

    def tell(result: Result) -> None:
        nonlocal count
        count += 1
        if wanted.json:
            print(msgspec.json.encode(result).decode(), flush=True)
            return
        word = "ok  " if result.ok else "FAIL"
        what = result.outcome if result.ok else result.reason
        text = f"{word} {result.fault} at {result.step}: {what}, {result.recovery_s:.1f} s"
        print(f"[{count}/{len(grid)}] {text}", file=sys.stderr, flush=True)
        for note in () if result.ok else result.notes:
            print(f"      {note}", file=sys.stderr, flush=True)

    results = try_all(grid, wanted.jobs, tell)
    if not wanted.json:
        print(table(results, time.monotonic() - began))
    return 0 if all(result.ok for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
