"""One started application and its processes."""

import asyncio
import signal
import time

from nodeagent.drivers.adopted import Adopted
from nodeagent.drivers.child import Child
from nodeagent.drivers.running import Run, remaining
from nodeagent.model.configuration import Application

LOOK_SECONDS = 0.02
"""Pause between two looks at processes that are about to end."""


class Service:
    """A started application. `child` is the service itself, or the command that started it."""

    def __init__(self, run: Run, child: Child | Adopted, resource: Application) -> None:
        self.run = run
        self.child = child
        self.resource = resource
        self.stopping = False

    @property
    def foreground(self) -> bool:
        """Whether `child` is the service itself."""
        return self.resource.process == "foreground"

    async def has_processes(self) -> bool:
        """Whether a process of it is known to live."""
        if self.foreground or self.child.running:
            return self.child.running
        return await self.run.alive()

    async def lives(self) -> bool:
        """Whether it may still be at work.

        What a background service left behind may not be ours to see; its monitor command knows.
        """
        if await self.has_processes():
            return True
        return not self.foreground and bool(self.resource.monitor)

    async def gone(self, seconds: float) -> bool:
        """Wait for its processes to end by themselves; return whether they did."""
        if self.foreground:
            return await self.child.wait(seconds) is not None
        until = time.monotonic() + seconds
        while await self.run.alive():
            if not remaining(until):
                return False
            await asyncio.sleep(LOOK_SECONDS)
        return True

    async def terminate(self, until: float) -> bool:
        """Ask its processes to end with TERM; return whether they did before `until`."""
        if not await self.has_processes():
            return True
        await self.run.signal(signal.SIGTERM)
        return await self.gone(remaining(until))
