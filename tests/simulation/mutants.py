"""Break the core on purpose and see whether the suite notices.

Run by `python -m tests.simulation.mutants`. Each mutant takes one safeguard away. It is hunted with
seeded schedules, short and long ones, with directed ones, and if all of these let it live, with
single faults and with the unit stories. A mutant that survives says that the faults are too tame,
not that the safeguard is needless: exit code 1. `--write` puts the table into MUTANTS.md.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

from tests.simulation import (
    mutants_adapters,
    mutants_adoptions,
    mutants_dares,
    mutants_fences,
    mutants_owners,
    mutants_probations,
    mutants_votes,
)
from tests.simulation.mutants_hunt import Budget, Hunted, hunt
from tests.simulation.mutants_kit import Mutant
from tests.simulation.mutants_table import page, row

MUTANTS: dict[str, Mutant] = {
    mutant.name: mutant
    for mutant in (
        *mutants_votes.MUTANTS,
        *mutants_dares.MUTANTS,
        *mutants_owners.MUTANTS,
        *mutants_adoptions.MUTANTS,
        *mutants_fences.MUTANTS,
        *mutants_adapters.MUTANTS,
        *mutants_probations.MUTANTS,
    )
}
PAGE = Path(__file__).with_name("MUTANTS.md")


def parser() -> argparse.ArgumentParser:
    """Return what understands the words of this command."""
    made = argparse.ArgumentParser(prog="python -m tests.simulation.mutants", description=__doc__)
    made.add_argument("--only", default="", help="only mutants whose name contains this")
    made.add_argument("--limit", type=int, default=2_000, help="short schedules per mutant")
    made.add_argument("--whole", type=int, default=300, help="long schedules per mutant")
    made.add_argument("--new", action="store_true", help=f"only those not in {PAGE.name} yet")
    made.add_argument("--processes", type=int, default=2)
    made.add_argument("--write", action="store_true", help=f"put them into {PAGE.name}")
    return made


def _hunted(names: list[str], budget: Budget, processes: int) -> Iterator[Hunted]:
    jobs = [(name, budget) for name in names]
    with get_context("fork").Pool(processes, maxtasksperchild=1) as pool:
        yield from pool.imap(_hunt, jobs, chunksize=1)


def _hunt(job: tuple[str, Budget]) -> Hunted:
    name, budget = job
    return hunt(MUTANTS[name], budget)


def main() -> int:
    """Hunt all; returns 1 if one survives."""
    arguments = parser().parse_args()
    before = PAGE.read_text("utf-8") if PAGE.exists() else ""
    names = [name for name in MUTANTS if arguments.only in name]
    names = [name for name in names if not arguments.new or f"| {name} |" not in before]
    budget = Budget(core=arguments.limit, whole=arguments.whole)
    began, found = time.monotonic(), list[Hunted]()
    for hunted in _hunted(names, budget, arguments.processes):
        found.append(hunted)
        print(row(hunted), flush=True)
        if arguments.write:  # each as it comes: a hunt that is interrupted loses nothing
            PAGE.write_text(page(found, list(MUTANTS), before), encoding="utf-8")
    survivors = [hunted.name for hunted in found if not hunted.kills]
    took = time.monotonic() - began
    print(f"{len(found) - len(survivors)} of {len(found)} found, {took:.0f} s; {survivors or ''}")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
