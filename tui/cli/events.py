"""`clustertui events`: what happened, and with `--follow` what happens."""

import time
from collections.abc import Callable
from contextlib import aclosing

import click

from nodeagent.client.client import AgentChanged, Client
from nodeagent.config.words import did_you_mean
from nodeagent.model.text import clean
from nodeagent.wire.live import EventLine, Snapshot
from tui.cli.access import Way
from tui.cli.asking import snapshot_of, with_client
from tui.cli.output import put, put_json, say
from tui.cli.since import SINCE_HELP, read_since
from tui.viewmodels.event_filter import KINDS, EventFilter


def run(way: Way, wanted: EventFilter, *, follow: bool, as_json: bool) -> int:
    """Print what happened in the cluster, as one agent recorded it. Return the exit code."""

    def show(event: EventLine) -> None:
        if not wanted.takes(event):
            return
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


def wanted_of(
    nodes: tuple[str, ...],
    groups: tuple[str, ...],
    kinds: tuple[str, ...],
    words: tuple[str, ...],
    since: str,
) -> EventFilter:
    """Return what the options ask for; UsageError where one is written wrongly."""
    for kind in kinds:
        if kind not in KINDS:
            hint, _ = did_you_mean(kind, KINDS)
            known = ", ".join(KINDS)
            raise click.UsageError(f"--kind: {clean(kind, 80)} is none. {hint} Known: {known}")
    moment = read_since(since, time.time()) if since else 0.0
    if moment is None:
        raise click.UsageError(f"--since: {clean(since, 80)} is no time; write {SINCE_HELP}")
    return EventFilter(nodes, groups, kinds, words, moment)


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
