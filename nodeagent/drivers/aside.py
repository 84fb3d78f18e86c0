"""Blocking calls beside the loop: looking through /proc, and files on disks that may hang.

A thread of a pool would be waited for when the agent ends; one that hangs in the kernel must not
hold up anything. So each call gets a daemon thread that no other call waits for: one that is idle,
or a new one where all are busy or hang. A few idle ones are kept, for to start a thread costs
several times more than most calls. No program may be started there (see `child`).
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")

IDLE_MAX = 3
"""So many threads wait for the next call; more come with a burst, and end after it."""


async def aside(function: Callable[[], T]) -> T:
    """Return what `function` returns, called in a thread that nobody waits for if we are gone."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def tell(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # a T whenever there is no error

    def work() -> None:
        result, failure = None, None
        try:
            result = function()
        except BaseException as error:  # noqa: BLE001  # handed on, not swallowed
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell, result, failure)

    _idle_or_new().put(work)
    return await future


_Calls = SimpleQueue[Callable[[], None]]
_idle: list[_Calls] = []


def _idle_or_new() -> _Calls:
    """Return the queue of a thread that has nothing to do."""
    try:
        return _idle.pop()
    except IndexError:  # the threads put themselves back whenever they like, so it is not asked
        calls: _Calls = SimpleQueue()
        threading.Thread(target=_serve, args=(calls,), name="aside", daemon=True).start()
        return calls


def _serve(calls: _Calls) -> None:
    while True:
        calls.get()()
        if len(_idle) >= IDLE_MAX:
            return
        _idle.append(calls)
