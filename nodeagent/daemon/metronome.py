"""Lets the loop wait for its next tick, in step with the one before, and makes it come sooner."""

import asyncio


class Metronome:
    """Beats in time: what one tick was late is taken off the wait for the next one."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time()
        self._waiter: asyncio.Future[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None

    async def wait(self, seconds: float) -> None:
        """Wait until `seconds` after the last beat was due, or not at all if that is over."""
        self._due = max(self._due + seconds, self._loop.time())
        self._waiter = self._loop.create_future()
        self._set(self._due)
        try:
            await self._waiter
        finally:
            self._stop()

    def hurry(self, seconds: float) -> None:
        """Let a wait that is under way end in `seconds` from now, if it would last longer."""
        sooner = self._loop.time() + seconds
        if self._waiter is not None and sooner < self._due:
            self._due = sooner
            self._set(sooner)

    def _set(self, due: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._loop.call_at(due, self._ring)

    def _ring(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _stop(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._waiter = self._alarm = None
