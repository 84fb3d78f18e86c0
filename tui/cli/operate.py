"""Operating the cluster: show what will follow, ask for the DARE, follow it to its end.

Shared by `move`, `node` and `group`. Names are looked up in the active configuration, and a wrong
one is answered with the nearest right one.
"""

import time
from collections.abc import Iterable
from functools import partial

import click

from nodeagent.client.client import Client
from nodeagent.client.errors import ClientError
from nodeagent.config.edit import EditError
from nodeagent.config.forecast import by_key
from nodeagent.config.instances import expanded, meant
from nodeagent.config.words import did_you_mean
from nodeagent.model.text import clean
from tui.cli import exits
from tui.cli.access import Way, author
from tui.cli.active import active_of
from tui.cli.asking import snapshot_of, with_client
from tui.cli.dare import Result, Teller, carry_out
from tui.cli.output import say
from tui.viewmodels import operations
from tui.viewmodels.operations import Ground, Make, Operation


def run(way: Way, kind: str, name: str, make: Make, *, reason: str, as_json: bool) -> int:
    """Carry out what `make` says for the node or group (`kind`) `name`. Return the exit code."""

    async def work(client: Client) -> int:
        snapshot = await snapshot_of(client)
        active = expanded(active_of(snapshot))
        if kind != "group" or not meant(name, active.group):
            known(kind, name, active.group if kind == "group" else active.node)
        times = by_key(snapshot.times)
        ground = Ground(snapshot.active, active, snapshot.cluster, time.time(), times)
        operation = _made(make, ground)
        teller = Teller(as_json=as_json)
        if operation.already:
            return teller.result(Result("done", exits.DONE, text=operation.already))
        if operation.refused:
            code = exits.BUSY if operation.held else exits.FAILED
            return teller.result(Result("refused", code, text=operation.refused))
        say(f"{operation.what}:")
        for line in operation.lines():
            say(f"  {line}")
        return await carry_out(
            client, snapshot, operation.request(ground, author(), reason), teller
        )

    return with_client(way, work)


def _made(make: Make, ground: Ground) -> Operation:
    try:
        return make(ground)
    except EditError as error:
        raise ClientError(
            str(error), "edit the file, and apply it: clustertui export, apply"
        ) from None


def known(kind: str, name: str, names: Iterable[str]) -> None:
    """End with a usage error where there is no such name."""
    listed = list(names)
    if name not in listed:
        hint, _ = did_you_mean(name, listed, "" if listed else f"there are no {kind}s")
        raise click.UsageError(f"there is no {kind} {clean(name, 63)}: {hint}")


def hold(way: Way, group: str, length: str, *, reason: str, as_json: bool) -> int:
    """Hold GROUP for `length`. Return the exit code."""
    found = operations.length_of(length)
    if found is None:
        days = operations.HOLD_MAX.days
        raise click.UsageError(
            f"--for {clean(length, 40)}: no length of time; write 90s, 30m, 2h or 1h30m, "
            f"at most {days}d"
        )
    make = partial(operations.hold, group=group, length=found)
    return run(way, "group", group, make, reason=reason, as_json=as_json)
