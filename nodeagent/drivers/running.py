"""What is common to drivers that keep processes: environment, records, and running one command."""

import os
import secrets
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from nodeagent.drivers import procs, records
from nodeagent.drivers.aside import aside
from nodeagent.drivers.base import Context, Job
from nodeagent.drivers.child import Child

BOX_MARKS = "CLUSTERTUI_BOX"
"""How the names of the variables begin that mark what belongs to a cluster in a box."""
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that ended; `code` is None when it took too long and was killed."""

    code: int | None
    lines: tuple[str, ...]


def new_cookie() -> str:
    """Return a random name for one run of one resource."""
    return secrets.token_hex(16)


def environment(context: Context, job: Job, cookie: str, more: dict[str, str]) -> dict[str, str]:
    """Return all variables that a program gets; nothing of the agent's own environment.

    But for the marks by which whoever runs agents in a box finds all that belongs to it: services
    may outlive their agent, and are not among its children then.
    """
    return {
        **{name: value for name, value in os.environ.items() if name.startswith(BOX_MARKS)},
        "PATH": SEARCH_PATH,
        "LANG": "C.UTF-8",
        "HOME": "/",
        **more,
        "CLUSTERTUI_NODE": context.node,
        "CLUSTERTUI_GROUP": job.group,
        "CLUSTERTUI_RESOURCE": job.name,
        "CLUSTERTUI_TOKEN": str(job.token),
        records.COOKIE_VARIABLE: cookie,
    }


async def command(
    arguments: tuple[str, ...],
    variables: dict[str, str],
    directory: str,
    seconds: float,
    stdin: int = subprocess.DEVNULL,
) -> Ran:
    """Run a command to its end; whatever it leaves in its process group is killed then.

    OSError when it cannot be started. When it takes longer, or when we are cancelled, it is killed.
    `stdin` is a descriptor that it reads.
    """
    child = Child(arguments, variables, directory, stdin=stdin)
    try:
        code = await child.wait(seconds)
        return Ran(code, child.lines_at_end())
    finally:
        child.signal(signal.SIGKILL)


async def listing(
    arguments: tuple[str, ...],
    variables: dict[str, str],
    seconds: float,
    size: int,
    stdin: int = subprocess.DEVNULL,
) -> tuple[int | None, bytes]:
    """Run a command as `command` does; return its exit code and its last `size` bytes of output."""
    child = Child(arguments, variables, "/", listing=size, stdin=stdin)
    try:
        code = await child.wait(seconds)
        return code, child.data_at_end()
    finally:
        child.signal(signal.SIGKILL)


class Run:
    """The processes of one started resource, recorded as long as they may live.

    `record`: of what an earlier agent started.
    """

    def __init__(
        self, state_directory: str, job: Job, cookie: str, record: records.Record | None = None
    ) -> None:
        self._state_directory = state_directory
        self.record = record or records.Record(job.group, job.name, cookie)

    def keep(self, members: tuple[tuple[int, int], ...], pipe: records.Pipe | None = None) -> None:
        """Write down who belongs to it, and a `pipe` that they were given to print to."""
        self.record.members = members
        if pipe is not None:
            self.record.pipes = (*self.record.pipes, pipe)
        records.write(self._state_directory, self.record)

    async def alive(self) -> bool:
        """Return whether any of its processes lives; looks far only when the known ones do not."""
        if any(procs.is_member(*member) for member in self.record.members):
            return True
        found = await aside(lambda: procs.find(self.record))
        if found:
            self.keep(tuple((process.pid, process.start) for process in found))
        return bool(found)

    async def signal(self, number: int) -> None:
        """Signal all of its processes."""
        procs.send(await aside(lambda: procs.find(self.record)), number)

    async def end(self, seconds: float) -> None:
        """Kill what still lives and forget the record; TimeoutError if something would not go."""
        await aside(lambda: self.end_now(seconds))

    def end_now(self, seconds: float) -> None:
        """Do the same, blocking."""
        procs.end(self.record, max(seconds, procs.ROUND_SECONDS))
        records.remove(self._state_directory, self.record)


def remaining(until: float) -> float:
    """Return the seconds left until the monotonic time `until`, at least 0."""
    return max(0.0, until - time.monotonic())


def program(name: str, directory: str) -> str | None:
    """Return the file that `name` starts, None if it is no program that may be run here."""
    folders = (directory or "/",) if "/" in name else SEARCH_PATH.split(":")
    for folder in folders:
        file = Path(folder, name)
        if file.is_file() and os.access(file, os.X_OK):
            return str(file)
    return None
