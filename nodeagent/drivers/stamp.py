"""What a resource rests on here, by which one can tell whether it was exchanged: no effect.

Programs and OCF agents are told by place, size and time of last change, devices by their numbers.
"""

import contextlib
import hashlib
import os
import stat
from pathlib import Path

from nodeagent.drivers.base import Context, Job
from nodeagent.drivers.ocf.calls import agent_file
from nodeagent.drivers.ocf.find import AgentError
from nodeagent.drivers.running import program
from nodeagent.model.configuration import Application, Filesystem, Ocf

STAMP_LENGTH = 10


def stamp(context: Context, job: Job) -> str:
    """Return the files that the resource rests on, each with its mark; "" for none. Blocks."""
    return ", ".join(f"{path} {_mark(path)}" for path in _paths(context, job))


def _paths(context: Context, job: Job) -> list[str]:
    resource = job.resource
    match resource:
        case Application():
            lists = (resource.start, resource.stop, resource.monitor, resource.startup_monitor)
            found = [program(words[0], resource.directory) for words in lists if words]
            return list(dict.fromkeys(path for path in found if path))
        case Ocf():
            with contextlib.suppress(AgentError):  # the validation has told it already
                return [agent_file(context, job)]
        case Filesystem() if resource.device.startswith("/"):
            return [resource.device]
        case _:
            pass
    return []


def _mark(path: str) -> str:
    try:
        real = os.path.realpath(path)
        found = Path(real).stat()
    except OSError as error:
        return error.strerror or "unreadable"
    if stat.S_ISBLK(found.st_mode):
        return f"{os.major(found.st_rdev)}:{os.minor(found.st_rdev)}"
    what = f"{real} {found.st_size} {found.st_mtime_ns}"
    return hashlib.sha256(what.encode()).hexdigest()[:STAMP_LENGTH]
