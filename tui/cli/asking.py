"""Asking the cluster once: what most subcommands do."""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from nodeagent.client.client import Client, Limits
from nodeagent.client.errors import ClientError
from nodeagent.wire.console import GetSnapshot
from nodeagent.wire.live import Snapshot
from tui.cli.access import Way

T = TypeVar("T")
AGAIN_S = 1.0


def with_client(
    way: Way,
    work: Callable[[Client], Awaitable[T]],
    *,
    avoid: str = "",
    only: str = "",
    limits: Limits | None = None,
) -> T:
    """Run `work` with a client and return its result; ClientError when nobody can be asked.

    `avoid` is an agent that is not asked if there is another one, `only` the one that is asked.
    """
    access = way.access()
    if only:
        access = access.to(agent for agent in access.agents if agent.name == only)
    others = [agent for agent in access.agents if agent.name != avoid]
    if avoid and others:
        access = access.to(others)

    async def whole() -> T:
        client = Client(access, limits=limits)
        try:
            return await work(client)
        finally:
            await client.close()

    return run_until_interrupted(whole())


def run_until_interrupted(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in a loop of its own; KeyboardInterrupt once Ctrl+C has ended it."""
    return asyncio.run(_until_interrupted(work))


async def _until_interrupted(work: Coroutine[Any, Any, T]) -> T:
    """Cancel `work` when Ctrl+C comes.

    It is cancelled again and again: up to Python 3.11 `wait_for` forgets a cancellation that comes
    when it is about to return, and the command would go on for ever.
    """
    if threading.current_thread() is not threading.main_thread():
        return await work  # signals go to the main thread
    loop, told = asyncio.get_running_loop(), list[int]()
    task = loop.create_task(work)

    def cancel() -> None:
        told.append(signal.SIGINT)
        if not task.done():
            task.cancel()
            loop.call_later(AGAIN_S, cancel)

    loop.add_signal_handler(signal.SIGINT, cancel)
    try:
        return await task
    except asyncio.CancelledError:
        if told:
            raise KeyboardInterrupt from None
        raise
    finally:
        loop.remove_signal_handler(signal.SIGINT)


async def snapshot_of(client: Client) -> Snapshot:
    """Return everything that an agent knows."""
    answer = await client.ask(GetSnapshot())
    if not isinstance(answer, Snapshot):
        raise ClientError(f"{client.agent} gave no snapshot: {answer}")
    return answer


def ask_snapshot(way: Way, *, within_s: float | None = None) -> Snapshot:
    """Return everything that an agent of `way` knows; no agent is waited for beyond `within_s`."""
    if within_s is None:
        return with_client(way, snapshot_of)
    limits = Limits(connect_s=within_s, silence_s=within_s)
    return with_client(way, snapshot_of, limits=limits)
