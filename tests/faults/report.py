"""The table: faults down, steps across, and how long recovery took."""

from collections.abc import Sequence
from statistics import median

from tests.faults.grid import BOUND_S, FAULTS, Result
from tui.demo.deaths import STEPS

MARKS = {(True, "old"): "o", (True, "new"): "n"}
LEGEND = (
    "n: passed, all on the new configuration; o: passed, undone, all on the old one; x: failed. "
    "Recovery: from the strike until those that live are whole (one configuration, unlocked, each "
    "group on exactly one node and answering); return: from the fault's end until all are. Bound: "
    f"{BOUND_S:.0f} s each. A drill holds the step for 5 s, which is part of the time where the "
    "fault does not end the DARE. No cell needs a step by hand."
)


def table(results: Sequence[Result], seconds: float) -> str:
    """Return the table and the sum of it, in Markdown."""
    steps = [step for step in STEPS if any(result.step == step for result in results)]
    heads = ["fault", *steps, "recovery median", "worst", "return median", "worst", "passed"]
    rows = [heads, ["---"] * len(heads)]
    for fault in FAULTS:
        row = [result for result in results if result.fault == fault]
        if row:
            rows.append([fault, *(_marks(row, step) for step in steps), *_figures(row)])
    passed = sum(result.ok for result in results)
    lines = ["| " + " | ".join(cells) + " |" for cells in rows]
    total = f"{passed} of {len(results)} cells passed in {seconds / 60:.0f} min"
    return "\n".join([*lines, "", LEGEND, "", total])


def _marks(row: Sequence[Result], step: str) -> str:
    """Return one letter for each try of a cell, the same ones counted once."""
    letters = [MARKS.get((r.ok, r.outcome), "x") for r in row if r.step == step]
    return "".join(dict.fromkeys(sorted(letters))) or "-"


def _figures(row: Sequence[Result]) -> list[str]:
    good = [result for result in row if result.ok]
    passed = f"{len(good)}/{len(row)}"
    if not good:
        return ["-", "-", "-", "-", passed]
    recovery = [result.recovery_s for result in good]
    back = [result.back_s for result in good]
    found = (median(recovery), max(recovery), median(back), max(back))
    return [*(f"{value:.1f} s" for value in found), passed]
