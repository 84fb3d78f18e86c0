"""`clustertui why GROUP`: event, rule, candidates, action, result; from records."""

import click

from nodeagent.client.client import Client
from nodeagent.config.instances import expanded, meant
from nodeagent.config.words import join
from tui.cli import exits, ledger
from tui.cli.access import Way
from tui.cli.active import active_of
from tui.cli.asking import snapshot_of, with_client
from tui.cli.operate import known
from tui.cli.output import put_json, put_table
from tui.viewmodels.ledger import why_lines


def run(way: Way, group: str, *, as_json: bool) -> int:
    """Tell why GROUP is where it is. Return the exit code."""

    async def work(client: Client) -> int:
        snapshot = await snapshot_of(client)
        groups = expanded(active_of(snapshot)).group
        parts = meant(group, groups)
        if len(parts) > 1:
            raise click.UsageError(f"{group} runs as {join(parts)}: name one of them")
        known("group", group, groups)
        found = await ledger.entries(client, limit=1, group=group)
        entry = found[0] if found else None
        owner = snapshot.cluster.owners.get(group, "")
        lines = why_lines(group, owner, snapshot.nodes, entry, snapshot.events)
        if as_json:
            choice = next((c for c in entry.choices if c.group == group), None) if entry else None
            put_json({"group": group, "owner": owner, "entry": entry, "choice": choice,
                      "chain": lines})  # fmt: skip
            return exits.DONE
        put_table(lines, indent="")
        return exits.DONE

    return with_client(way, work)
