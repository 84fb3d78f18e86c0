"""`clustertui events`: what happened, and with `--follow` what happens."""

import time
from collections.abc import Callable
from contextlib import aclosing

from nodeagent.client.client import AgentChanged, Client
from nodeagent.wire.live import EventLine, Snapshot
from tui.cli.access import Way
from tui.cli.asking import snapshot_of, with_client
from tui.cli.output import put, put_json, say


def run(way: Way, *, follow: bool, as_json: bool) -> int:
    """Print what happened in the cluster, as one agent recorded it. Return the exit code."""

    def show(event: EventLine) -> None:
        if as_json:
            put_json(event)
        else:
            put(event_line(event))

    async def work(client: Client) -> int:
        snapshot = await snapshot_of(client)
        for event in snapshot.events:
            show(event)
        if follow:
            await _go_on(client, snapshot, show)
        return 0

    return with_client(way, work)


def event_line(event: EventLine) -> str:
    """Return an event as one line, with the local time of day."""
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(event.time))
    cause = f" (because {event.cause})" if event.cause else ""
    return f"{when} {event.severity:7} {event.node}: {event.subject}: {event.text}{cause}"


def _identity(event: EventLine) -> tuple[str, int, float]:
    return event.node, event.number, event.time


async def _go_on(client: Client, snapshot: Snapshot, show: Callable[[EventLine], None]) -> None:
    shown = {_identity(event) for event in snapshot.events}
    async with aclosing(client.stream()) as stream:
        async for item in stream:
            if isinstance(item, AgentChanged):
                say(f"events as {item.name} sees them")
            news = item.events if isinstance(item, Snapshot) else (item,)
            for event in news:
                if isinstance(event, EventLine) and _identity(event) not in shown:
                    shown.add(_identity(event))
                    show(event)
