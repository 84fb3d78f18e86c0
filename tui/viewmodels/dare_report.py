"""One DARE as a text to keep or hand on: what it was to change, each cell, how it ended."""

from collections.abc import Sequence

from nodeagent.model.run import DareRun
from tui.viewmodels.ages import clock_text
from tui.viewmodels.dare import MOVED_ON, OPEN, as_told, effect_text, epochs_text, result_text
from tui.viewmodels.ledger import when_text
from tui.viewmodels.preview import outcome_lines
from tui.viewmodels.spans import put
from tui.viewmodels.steps import step_text


def report_text(run: DareRun, moved: Sequence[str] = (), wall: float = 0.0) -> str:
    """Return the whole DARE as plain text for a file.

    `moved`: which groups are elsewhere than before, at `wall`, in Unix seconds.
    """
    run = as_told(run)
    result, _ = result_text(run)
    lines = [
        f"DARE {run.tx}: {run.state}",
        f"{epochs_text(run)}, base {run.base_digest or '-'}",
        f"began {clock_text(run.began)} (Unix {run.began:.3f}), took {run.seconds:.1f}s",
        f"by {run.author or '-'}, via {run.coordinator}, nodes {' '.join(run.nodes)}",
        f"reason: {run.reason or '-'}",
        result,
        "",
        f"Changes{_wish(run)}",
        *(
            f"  {c.kind} {c.object} {c.key} {c.old} > {c.new}".rstrip(" >")
            for c in run.plan.changes
        ),
        f"Groups{_wish(run)}",
        *(f"  {effect.group}: {effect_text(effect)}" for effect in run.plan.effects),
        *(f"  {text}" for text in outcome_lines(run)),
        *([f"{MOVED_ON} ({when_text(wall)})", *(f"  {text}" for text in moved)] if moved else ()),
        "Steps",
    ]
    for row in run.steps:
        lines.append(
            f"  {step_text(row.name).title}: {row.state} {row.seconds:.1f}s {row.reason}".rstrip()
        )
        for node, cell in row.cells.items():
            if cell.state == "uninvolved":
                continue
            lines.append(f"    {node}: {cell.state} {cell.seconds:.1f}s {cell.reason}".rstrip())
            lines += [f"      {entry}" for entry in cell.evidence]
    from_outside = (put(entry).text for entry in lines)
    return "\n".join(from_outside) + "\n"


def _wish(run: DareRun) -> str:
    """Return what a heading says of a plan that is no fact, or not yet."""
    if run.state == "done":
        return ""
    return ", as planned" if run.state in OPEN else ", as wanted"
