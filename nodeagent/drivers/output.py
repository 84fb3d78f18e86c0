"""What programs print that an earlier agent started, read on through the pipes that it gave them.

Such a program keeps its pipe open at both ends (`child`), so nothing ends it when its agent dies,
but a pipe that nobody empties stops it for good once it is full. Any of its processes may be the
one that prints, and through any descriptor. The record names the pipes, so what a program made for
itself is left alone: whoever reads from it would take lines away from its reader.
"""

import asyncio
import contextlib
import os
from collections.abc import Iterator
from itertools import islice

from nodeagent.drivers import procs
from nodeagent.drivers.aside import aside
from nodeagent.drivers.child import TAIL_LINES, Tail, pipe_of
from nodeagent.drivers.records import Pipe, Record

DESCRIPTORS_MAX = 1024
"""So many of each process are looked at, the lowest numbers first."""


class InheritedOutput:
    """The last words of what runs by a record, from the pipes that the record names."""

    def __init__(self, record: Record) -> None:
        """Find the pipes, in a task of the running loop, and listen to them."""
        self._tails: list[Tail] = []
        self._closed = False
        self._search: asyncio.Task[None] | None = None
        if record.pipes:
            self._search = asyncio.create_task(self._listen(record))

    def lines(self) -> tuple[str, ...]:
        """Return the last lines since it was taken over."""
        return tuple(line for tail in self._tails for line in tail.lines())[-TAIL_LINES:]

    def close(self) -> None:
        """Listen no longer."""
        self._closed = True
        for tail in self._tails:
            tail.close()

    async def _listen(self, record: Record) -> None:
        loop = asyncio.get_running_loop()
        for descriptor in await aside(lambda: open_pipes(record)):
            if self._closed:
                os.close(descriptor)
            else:
                self._tails.append(Tail(loop, descriptor))


def open_pipes(record: Record) -> list[int]:
    """Open the pipes of `record` that some process still holds, each once, to read. Blocks."""
    missing, opened = set(record.pipes), list[int]()
    for pid in _candidates(record):
        if not missing:
            break
        for pipe, descriptor in _of_process(pid, missing):
            missing.discard(pipe)
            opened.append(descriptor)
    return opened


def _candidates(record: Record) -> Iterator[int]:
    """Yield who may hold a pipe of `record`: its own processes, then all others.

    A daemon that left its group and wrote a title over its environment is not known as one of it.
    """
    yield from (process.pid for process in procs.find(record))
    yield from (pid for pid in procs.table() if pid != os.getpid())


def _of_process(pid: int, pipes: set[Pipe]) -> Iterator[tuple[Pipe, int]]:
    """Open what process `pid` holds of `pipes`; nothing if it ends, or is not ours to look at."""
    with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/fd") as entries:
        for entry in islice(entries, DESCRIPTORS_MAX):
            opened = _open(entry.path, pipes)
            if opened is not None:
                yield opened


def _open(path: str, pipes: set[Pipe]) -> tuple[Pipe, int] | None:
    """Open a descriptor of another process if it is one of `pipes`, and nothing else of it."""
    try:
        name = os.readlink(path)  # noqa: PTH115  # many: asks no file system, so none that hangs
        if all(name != f"pipe:[{inode}]" for _, inode in pipes):
            return None
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        descriptor = os.open(path, flags)
    except OSError:
        return None
    pipe = pipe_of(descriptor)
    if pipe in pipes:
        return pipe, descriptor
    os.close(descriptor)
    return None
