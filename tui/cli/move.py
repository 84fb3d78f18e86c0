"""`clustertui move GROUP NODE`: let another node serve a group."""

import click

from nodeagent.config.instances import is_instance
from nodeagent.config.words import did_you_mean
from nodeagent.model.text import clean
from tui.cli import operate
from tui.cli.access import Way
from tui.viewmodels import operations
from tui.viewmodels.operations import Ground, Operation


def run(way: Way, group: str, node: str, *, reason: str, as_json: bool) -> int:
    """Move GROUP to NODE. Return the exit code."""

    def make(ground: Ground) -> Operation:
        noun = ground.configuration.group.get(group)
        nodes = noun.nodes if noun is not None else ()
        if noun is not None and node not in nodes and not is_instance(group):
            hint, _ = did_you_mean(node, nodes)
            order = ", ".join(nodes)
            raise click.UsageError(f"{group} may run on {order}, not on {clean(node, 63)}: {hint}")
        return operations.move(ground, group, node)

    return operate.run(way, "group", group, make, reason=reason, as_json=as_json)
