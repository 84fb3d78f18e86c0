"""`clustertui plan FILE`: what applying a file would do, with no effect on the cluster."""

from tui.cli import files
from tui.cli.access import Way
from tui.cli.active import active_of
from tui.cli.asking import ask_snapshot
from tui.cli.changes import preview_lines
from tui.cli.output import put, put_json
from tui.cli.previewing import preview_of


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
    for line in preview_lines(found, cluster.epoch):
        put(line)
    return 0
