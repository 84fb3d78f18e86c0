"""`clustertui plan FILE`: what applying a file would do, with no effect on the cluster."""

from tui.cli import files
from tui.cli.access import Way
from tui.cli.active import active_of
from tui.cli.asking import ask_snapshot
from tui.cli.changes import change_line, effect_row, kind_line
from tui.cli.output import put, put_json, put_table
from tui.cli.previewing import preview_of
from tui.viewmodels.preview import forecast_text
from tui.viewmodels.survives import survival_lines, waivers


def run(way: Way, file: str, *, as_json: bool) -> int:
    """Show what applying FILE would do to each group. Return the exit code."""
    data = files.read(file)
    snapshot = ask_snapshot(way)
    cluster, active = snapshot.cluster, active_of(snapshot)
    new = files.usable(file, data, active, cluster.view)
    found = preview_of(snapshot, active, new, pairs=True)
    planned, problem = found.plan, found.forbidden
    if as_json:
        put_json(
            {
                "epoch": cluster.epoch,
                "kind": planned.kind,
                "plan": planned,
                "refused": problem,
                "forecasts": found.forecasts,
                "survival": found.endurance,
            }
        )
        return 0
    put(f"{kind_line(planned)}; epoch {cluster.epoch} is active")
    put("changes")
    for change in planned.changes:
        put(f"  {change_line(change)}")
    put("groups")
    put_table(
        (*effect_row(effect), forecast_text(found.forecast(effect.group)))
        for effect in planned.effects
    )
    put("failures")
    for line in survival_lines(found.endurance):
        put(f"  {line}")
    if found.endurance.lost:
        put(f"apply wants these waived: {waivers(found.endurance)}")
    if problem:
        put(f"it would be refused: {problem}")
    return 0
