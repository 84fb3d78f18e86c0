"""Blocking calls beside the loop: looking through /proc, and files on disks that may hang.

A thread of a pool would be waited for when the agent ends; one that hangs in the kernel must not
hold up anything, so each call gets a daemon thread of its own. No program may be started there
(see `child`).
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


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

    threading.Thread(target=work, name="aside", daemon=True).start()
    return await future
