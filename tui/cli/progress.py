"""What is new in a DARE, as items: pure, from the record before to the record after.

Told from records and not from messages, so that nothing is lost or told twice when the agent that
is listened to changes in the middle.
"""

from collections.abc import Iterator

from msgspec import Struct

from nodeagent.model.health import CellState
from nodeagent.model.run import Cell, DareRun, StepRow

FINAL_CELLS = frozenset({"done", "failed", "skipped", "lost"})
NOT_WAITED_FOR = "not waited for"
"""Why a node's part has no end: another one's failed first. The node is well, and not lost."""
FINAL_RUNS = frozenset({"done", "refused", "aborted", "in-doubt"})


class Item(Struct, frozen=True):
    """One node's part in one step (`node` "": the step as a whole) reached `state`."""

    step: str
    node: str
    state: CellState
    undo: bool
    seconds: float
    reason: str = ""
    evidence: tuple[str, ...] = ()


def news(before: DareRun | None, after: DareRun) -> Iterator[Item]:
    """Yield what `after` says and `before` did not, row by row."""
    known = {(row.name, row.undo): row for row in before.steps} if before else {}
    for row in after.steps:
        yield from _of_row(known.get((row.name, row.undo), StepRow(row.name, row.undo)), row)


def _of_row(before: StepRow, after: StepRow) -> Iterator[Item]:
    if after.state == "running" and before.state == "waiting":
        yield _step(after)
    for node, cell in after.cells.items():
        old = before.cells.get(node, Cell())
        if old.state != cell.state and (cell.state == "running" or cell.state in FINAL_CELLS):
            yield Item(
                after.name, node, cell.state, after.undo, cell.seconds, cell.reason, cell.evidence
            )
    if after.state in FINAL_CELLS and after.state != before.state:
        yield _step(after)


def _step(row: StepRow) -> Item:
    return Item(row.name, "", row.state, row.undo, row.seconds, row.reason)


def is_worth_a_line(item: Item) -> bool:
    """Return whether people are told: when a step begins, and how each node's part ended."""
    return item.state != ("running" if item.node else "done")


def item_line(item: Item) -> str:
    """Return an item as ``acquire       bravo     done     0.12 s  reason``."""
    seconds = f"{item.seconds:.2f} s" if item.state in FINAL_CELLS else ""
    word = "skipped" if item.reason == NOT_WAITED_FOR else item.state
    line = f"{item.step:13} {item.node:10} {word:8} {seconds:>8}"
    return f"{line}  {item.reason}".rstrip()
