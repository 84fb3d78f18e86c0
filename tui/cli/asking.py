"""Asking the cluster once: what most subcommands do."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import TypeVar

from nodeagent.client.client import Client
from nodeagent.client.errors import ClientError
from nodeagent.wire.console import GetSnapshot
from nodeagent.wire.live import Snapshot
from tui.cli.access import Way

T = TypeVar("T")


def with_client(way: Way, work: Callable[[Client], Awaitable[T]], *, avoid: str = "") -> T:
    """Run `work` with a client and return its result; ClientError when nobody can be asked.

    `avoid` is an agent that is not asked if there is another one.
    """
    access = way.access()
    others = [agent for agent in access.agents if agent.name != avoid]
    if avoid and others:
        access = access.to(others)

    async def whole() -> T:
        client = Client(access)
        try:
            return await work(client)
        finally:
            await client.close()

    with closing(asyncio.Runner()) as runner:
        return runner.run(whole())


async def snapshot_of(client: Client) -> Snapshot:
    """Return everything that an agent knows."""
    answer = await client.ask(GetSnapshot())
    if not isinstance(answer, Snapshot):
        raise ClientError(f"{client.agent} gave no snapshot: {answer}")
    return answer


def ask_snapshot(way: Way) -> Snapshot:
    """Return everything that an agent of `way` knows."""
    return with_client(way, snapshot_of)
