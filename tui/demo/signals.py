"""Ending a demonstration by a signal: once, and then nothing disturbs the tidying up."""

import asyncio
import signal
from collections.abc import Coroutine
from functools import partial
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
AGAIN_S = 2.0


class Ended(KeyboardInterrupt):
    """The demonstration was told to end. A KeyboardInterrupt, so that asyncio lets it through."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    @property
    def exit_code(self) -> int:
        """Return 128 and the signal's number, as a shell would."""
        return 128 + self.number


def listen() -> None:
    """Raise Ended in the main thread at the first of the signals; ignore those that follow."""

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        ignore()
        raise Ended(number)

    for number in ENDING:
        signal.signal(number, end)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in a loop of its own; raises Ended if a signal came meanwhile.

    Raised out of the blue, an exception may hit code that swallows it (a destructor, a callback
    from C), and the signal would be lost. So the loop is told, and it cancels what runs.
    """
    return asyncio.run(_until_ended(work))


async def _until_ended(work: Coroutine[Any, Any, T]) -> T:
    loop, told = asyncio.get_running_loop(), list[int]()
    task = loop.create_task(work)

    def end(number: int) -> None:
        told.append(number)
        cancel()

    def cancel() -> None:
        # Once may not do: up to Python 3.11 `wait_for` forgets it when it was about to return.
        if not task.done():
            task.cancel()
            loop.call_later(AGAIN_S, cancel)

    for number in ENDING:
        loop.add_signal_handler(number, partial(end, number))
    try:
        return await task
    except asyncio.CancelledError:
        if told:
            raise Ended(told[0]) from None
        raise
    finally:
        for number in ENDING:
            loop.remove_signal_handler(number)
        if told:
            ignore()
        else:
            listen()


def ignore() -> None:
    """Let nothing disturb what is done now."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
