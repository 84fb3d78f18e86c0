"""A process that an earlier agent started and this one took over: watched, not waited for.

It is not our child, so the kernel tells only that it ended, and its number may be given away as
soon as that happened. So it is watched and signalled through descriptors of its processes. Its
output goes on through the same pipe (`output`).
"""

import asyncio
import contextlib
import os
import select
import signal

from nodeagent.drivers import procs
from nodeagent.drivers.child import UNKNOWN_EXIT
from nodeagent.drivers.output import InheritedOutput
from nodeagent.drivers.records import Record

KILL_WAIT_MS = 2_000


class Adopted:
    """The first process of a record, with the words of `Child`; ended when it is not there.

    With `keep_leftovers` the others of the record live on when it ends.
    """

    def __init__(self, record: Record, *, keep_leftovers: bool = False) -> None:
        loop = asyncio.get_running_loop()
        self.member = record.members[0] if record.members else (0, 0)
        self.pid = self.member[0]
        self.survivors: tuple[tuple[int, int], ...] = ()
        self.exited: asyncio.Future[int] = loop.create_future()
        self._record = record
        self._keep = keep_leftovers
        self._loop = loop
        self._output = InheritedOutput(record)
        self._descriptor = -1
        with contextlib.suppress(OSError, ValueError):
            self._descriptor = os.pidfd_open(self.pid)
        if self._descriptor >= 0 and procs.is_member(*self.member):
            loop.add_reader(self._descriptor, self._ended)
        else:
            self._settle()

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return not self.exited.done()

    def lines(self) -> tuple[str, ...]:
        """Return its last lines of output since it was taken over."""
        return self._output.lines()

    def lines_at_end(self) -> tuple[str, ...]:
        """Return its last lines of output, and listen no longer."""
        self.close()
        return self.lines()

    def signal(self, number: int) -> None:
        """Signal it and its whole process group, if it has not ended."""
        if self.running:
            procs.send(procs.find(self._record), number)

    async def wait(self, seconds: float) -> int | None:
        """Wait for its end; return an exit code, None if it takes longer than `seconds`."""
        await asyncio.wait({self.exited}, timeout=max(seconds, 0.0))
        return self.exited.result() if self.exited.done() else None

    def kill(self) -> None:
        """End it and its group at once, and wait for the little while that this takes."""
        self.signal(signal.SIGKILL)
        if self.running:
            poller = select.poll()
            poller.register(self._descriptor, select.POLLIN)
            poller.poll(KILL_WAIT_MS)
            self._settle()

    def close(self) -> None:
        """Listen to its output no longer."""
        self._output.close()

    def _ended(self) -> None:
        if not self._keep:
            procs.send(procs.find(self._record), signal.SIGKILL)
        self._settle()

    def _settle(self) -> None:
        if self.exited.done():
            return
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
        self.exited.set_result(UNKNOWN_EXIT)
