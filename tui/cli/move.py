"""`clustertui move GROUP NODE`: let another node serve a group."""

import click

from nodeagent.client.client import Client
from nodeagent.config.digest import file_digest
from nodeagent.model.text import clean
from nodeagent.wire.console import Apply
from tui.cli import exits
from tui.cli.access import Way, author
from tui.cli.active import active_of
from tui.cli.asking import snapshot_of, with_client
from tui.cli.dare import Result, Teller, carry_out


def run(way: Way, group: str, node: str, *, reason: str, as_json: bool) -> int:
    """Move GROUP to NODE. Return the exit code."""

    async def work(client: Client) -> int:
        snapshot = await snapshot_of(client)
        nouns = active_of(snapshot).group
        if group not in nouns:
            raise click.UsageError(f"there is no group {clean(group, 63)}: {', '.join(nouns)}")
        if node not in nouns[group].nodes:
            order = ", ".join(nouns[group].nodes)
            raise click.UsageError(f"{group} may run on {order}, not on {clean(node, 63)}")
        teller = Teller(as_json=as_json)
        if snapshot.cluster.owners.get(group) == node:
            text = f"{group} is on {node} already"
            return teller.result(Result("done", exits.DONE, text=text))
        apply = Apply(
            text=snapshot.active,
            base=file_digest(snapshot.active.encode()),
            reason=(reason or f"move {group} to {node}")[:500],
            author=author(),
            owners={group: node},
        )
        return await carry_out(client, snapshot, apply, teller)

    return with_client(way, work)
