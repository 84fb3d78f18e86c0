"""`clustertui events`: what happened, and with `--follow` what happens, as all agents tell it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from typing import Protocol

import click

from nodeagent.client.client import Client
from nodeagent.client.errors import ClientError
from nodeagent.config.parse import parse
from nodeagent.config.words import nearest
from nodeagent.model.configuration import Configuration
from nodeagent.model.text import clean
from nodeagent.wire.live import ConfigurationChanged, EventLine, Snapshot
from tui.cli.access import Way
from tui.cli.asking import snapshot_of, with_client
from tui.cli.output import put, put_json, say
from tui.cli.since import SINCE_HELP, read_since
from tui.gathering import Listening, Neighbourly, cancelled
from tui.viewmodels.event_filter import KINDS, EventFilter
from tui.viewmodels.merged import Log, is_news, with_events

ANSWER_S = 3.0
AT_ONCE = 32
"""Agents that are asked at the same time; each takes sockets of its own."""


def run(way: Way, wanted: EventFilter, *, follow: bool, as_json: bool) -> int:
    """Print what happened in the cluster, each thing once. Return the exit code.

    Who cannot be asked is named; what only its agent knows is then missing.
    """

    def show(event: EventLine) -> None:
        if not wanted.takes(event):
            return
        if as_json:
            put_json(event)
        else:
            put(event_line(event))

    async def work(client: Client) -> int:
        record = Record(await snapshot_of(client))
        silent = await _gather(client, record)
        for event in record.log.events:
            show(event)
        for node, reason in silent.items():
            say(f"{node} told nothing: {reason}")
        if follow:
            await go_on(client, record, set(silent), show)
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
            near = nearest(kind, KINDS)
            hint = f"did you mean {near}? " if near else ""
            known = ", ".join(KINDS)
            raise click.UsageError(f"--kind: {clean(kind, 80)} is none; {hint}known: {known}")
    moment = read_since(since, time.time()) if since else 0.0
    if moment is None:
        raise click.UsageError(f"--since: {clean(since, 80)} is no time; write {SINCE_HELP}")
    return EventFilter(nodes, groups, kinds, words, moment)


def event_line(event: EventLine) -> str:
    """Return an event as one line, with the local time of day."""
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(event.time))
    cause = f" (because {event.cause})" if event.cause else ""
    return f"{when} {event.severity:7} {event.node}: {event.subject}: {event.text}{cause}"


class Reached(Neighbourly, Protocol):
    """A client that reaches every agent and has the stream of one; `Client` is one."""

    def stream(self) -> AsyncGenerator[object, None]:
        """Yield what the agent that is talked to says."""
        ...


class Record:
    """What all agents told so far, and the active configuration, which says who they are."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.observer = snapshot.cluster.observer
        self.configuration = _read(snapshot.active)
        self.log = Log()
        self.take(snapshot.events)

    def take(self, events: Iterable[EventLine]) -> list[EventLine]:
        """Add `events`; return those that are news."""
        groups = self.configuration.group if self.configuration else ()
        news = []
        for event in events:
            before, self.log = self.log, with_events(self.log, (event,), groups)
            if self.log is not before and is_news(self.log, event):
                news.append(event)
        return news


def _read(text: str) -> Configuration | None:
    return parse(text, "active configuration").configuration


async def _gather(client: Client, record: Record) -> dict[str, str]:
    """Ask every other agent for its record; return why some did not tell theirs."""
    configuration = record.configuration
    places = asyncio.Semaphore(AT_ONCE)
    silent: dict[str, str] = {}

    async def ask(node: str) -> None:
        try:
            async with places, client.beside(node, configuration=configuration) as link:
                record.take(await link.remembered(ANSWER_S))
        except ClientError as error:
            silent[node] = str(error)

    nodes = configuration.node if configuration else ()
    await asyncio.gather(*(ask(node) for node in nodes if node != record.observer))
    return silent


async def go_on(
    client: Reached, record: Record, silent: set[str], show: Callable[[EventLine], None]
) -> None:
    """Show what is new, from whichever agent it comes first; returns only by an error."""
    told: asyncio.Queue[Sequence[EventLine]] = asyncio.Queue()

    def changed() -> None:
        for node in silent & set(listening.links):
            silent.discard(node)
            say(f"{node} is heard again")

    def missed(node: str, reason: Exception) -> None:
        if node not in silent:
            silent.add(node)
            say(f"{node} is not heard any more: {clean(str(reason), 300)}")

    async def show_news() -> None:
        while True:
            for event in record.take(await told.get()):
                show(event)

    listening = Listening(
        client,
        configuration=lambda: record.configuration,
        happened=told.put_nowait,
        changed=changed,
        missed=missed,
    )
    # Printing is in a task, so that a reader who goes away ends the command.
    works = (listening.run(), _read_stream(client, record, told), show_news())
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await cancelled(tasks)


async def _read_stream(
    client: Reached, record: Record, told: asyncio.Queue[Sequence[EventLine]]
) -> None:
    """Take what the agent that is talked to says: events, and who the nodes are."""
    async with aclosing(client.stream()) as stream:
        async for item in stream:
            if isinstance(item, Snapshot):
                record.configuration = _read(item.active) or record.configuration
                told.put_nowait(item.events)
            elif isinstance(item, ConfigurationChanged) and not item.draft:
                record.configuration = _read(item.text) or record.configuration
            elif isinstance(item, EventLine):
                told.put_nowait((item,))
