"""`clustertui plan FILE`: what applying a file would do, with no effect on the cluster."""

import time

from nodeagent.config.holds import forbidden, held_groups
from nodeagent.config.plan import kept, plan
from nodeagent.model.configuration import Configuration
from nodeagent.model.plan import Plan
from nodeagent.wire.live import Snapshot
from tui.cli import files
from tui.cli.access import Way
from tui.cli.active import active_of
from tui.cli.asking import ask_snapshot
from tui.cli.changes import change_line, effect_row, kind_line
from tui.cli.output import put, put_json, put_table


def run(way: Way, file: str, *, as_json: bool) -> int:
    """Show what applying FILE would do to each group. Return the exit code."""
    data = files.read(file)
    snapshot = ask_snapshot(way)
    cluster, active = snapshot.cluster, active_of(snapshot)
    new = files.usable(file, data, active, cluster.view)
    planned, problem = planned_of(snapshot, active, new)
    if as_json:
        put_json(
            {"epoch": cluster.epoch, "kind": planned.kind, "plan": planned, "refused": problem}
        )
        return 0
    put(f"{kind_line(planned)}; epoch {cluster.epoch} is active")
    put("changes")
    for change in planned.changes:
        put(f"  {change_line(change)}")
    put("groups")
    put_table(effect_row(effect) for effect in planned.effects)
    if problem:
        put(f"it would be refused: {problem}")
    return 0


def planned_of(snapshot: Snapshot, active: Configuration, new: Configuration) -> tuple[Plan, str]:
    """Return what going from `active` to `new` would do now, and why a hold forbids it ("")."""
    cluster = snapshot.cluster
    held = held_groups(time.time(), active, new)
    asked = kept(cluster.asked, active, new)
    planned = plan(active, new, view=cluster.view, owners=cluster.owners, asked=asked, held=held)
    return planned, forbidden(planned, held, new.group, {})
