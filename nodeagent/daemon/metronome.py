"""Lets the loop tick in step with the tick before, and makes the next one come sooner."""

import asyncio
from collections.abc import Callable


class Metronome:
    """Beats in time: what one beat was late is taken off the wait for the next one.

    `beat` does what is due and returns the seconds until the next one. The loop itself calls it: a
    task that waited for that would be woken one turn of the loop later, each time.
    """

    def __init__(self, beat: Callable[[], float]) -> None:
        self._loop = asyncio.get_running_loop()
        self._beat = beat
        self._due = self._loop.time()
        self._alarm: asyncio.TimerHandle | None = None
        self._broken: asyncio.Future[None] = self._loop.create_future()

    async def play(self, seconds: float) -> None:
        """Beat from `seconds` after now until cancelled; raises what a beat raises."""
        self._due = self._loop.time()
        self._wait(seconds)
        try:
            await self._broken
        finally:
            self._stop()

    def hurry(self, seconds: float) -> None:
        """Let the next beat come in `seconds` from now, if it would come later."""
        sooner = self._loop.time() + seconds
        if self._alarm is not None and sooner < self._due:
            self._alarm.cancel()
            self._due = sooner
            self._alarm = self._loop.call_at(sooner, self._ring)

    def _wait(self, seconds: float) -> None:
        self._due = max(self._due + seconds, self._loop.time())
        self._alarm = self._loop.call_at(self._due, self._ring)

    def _ring(self) -> None:
        self._alarm = None  # until the next one is due there is nothing to hurry
        try:
            self._wait(self._beat())
        except Exception as error:  # noqa: BLE001 - whoever awaits `play` raises it
            if not self._broken.done():
                self._broken.set_exception(error)

    def _stop(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None
