"""File systems: mounted on one node at a time, by mount(8) with an argument list.

Ownership and its lease see to "one node". Beside them: the device must not be mounted elsewhere on
this machine, and a claim with the fencing token lies in the mounted folder, as in a data folder. A
device that was not unmounted cleanly is not checked before: its journal is replayed by mount, and a
check that changes nothing (fsck -n) reports what that would mend. Unmounting is for good: never
lazy, and who uses the folder is told to end, then killed.
"""

import asyncio
import mmap
import os
import re
import shutil
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec

from nodeagent.drivers import mounts, placed
from nodeagent.drivers.aside import aside
from nodeagent.drivers.base import Context, Job, Key, Outcome, failed, fine
from nodeagent.drivers.folder import FolderDriver
from nodeagent.drivers.placed import Placed
from nodeagent.drivers.running import SEARCH_PATH, Ran, command, remaining
from nodeagent.model.configuration import DataFolder, Filesystem

CLOSE_SECONDS = 3.0
CLAIM_SECONDS = 2.0
TERM_SECONDS, TERM_PART = 5.0, 0.4
"""Longest time of a stop, and share of it, in which users of the folder may end by themselves."""
_SECTOR_BYTES = 4096
_CAP_SYS_ADMIN = 21
_OPTION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:=/@%+-]*")
_NOT_OPTIONS = frozenset({"bind", "rbind", "move", "remount", "loop", "user", "users", "owner"})
_ENVIRONMENT = {"PATH": SEARCH_PATH, "LANG": "C.UTF-8"}


class FilesystemDriver:
    """Mounts and unmounts, for one agent. What is mounted is written down, not remembered."""

    def __init__(self, context: Context) -> None:
        self._state_directory = str(context.state_directory)
        self._claims = FolderDriver(context)
        self._mounting: dict[Key, asyncio.Task[Outcome]] = {}
        self._looking: dict[Key, asyncio.Task[Outcome]] = {}

    async def start(self, job: Job) -> Outcome:
        """Mount it; code held when the device or the folder is in use."""
        task = self._mounting.get(job.key)
        if task is not None and not task.done():
            return failed("an earlier mount still hangs in the kernel")
        # What mount(2) has begun cannot be called back: a stop has to wait for its end.
        task = self._mounting[job.key] = asyncio.create_task(self._start(job))
        return await asyncio.shield(task)

    async def stop(self, job: Job) -> Outcome:
        """Unmount it, ending who uses it; gone is fine."""
        until = time.monotonic() + job.budget_s
        task = self._mounting.get(job.key)
        if task is not None and not task.done():
            await asyncio.wait({task}, timeout=remaining(until))
            if not task.done():
                return failed("mount still hangs in the kernel")
        known = placed.read(self._state_directory, *job.key)
        if known is None:
            return fine("is not mounted")
        await self._claim(self._claims.stop(_claim_of(job, known.where)))
        return await aside(lambda: self._unmount(known, remaining(until)))

    async def monitor(self, job: Job) -> Outcome:
        """Tell whether it is mounted, writable as configured, and answers."""
        task = self._looking.get(job.key)
        if task is None or task.done():
            look = aside(lambda: self._look(job))  # hangs when the device does
            task = self._looking[job.key] = asyncio.create_task(look)
        return await asyncio.shield(task)

    async def validate(self, job: Job) -> Outcome:
        """Look at device, folder and options."""
        resource = _resource(job)
        problem = await aside(lambda: _problem(resource)) or await _wrong_type(job, resource)
        return problem or fine(f"{resource.device} can be mounted at {resource.directory}")

    def close(self) -> None:
        """Unmount all that this agent mounted."""
        for one in placed.read_all(self._state_directory):
            if one.kind == placed.MOUNT:
                self._unmount(one, CLOSE_SECONDS)

    async def _start(self, job: Job) -> Outcome:
        resource = _resource(job)
        problem = await aside(lambda: _problem(resource)) or await _wrong_type(job, resource)
        if problem is not None:
            return problem
        mine = Placed(placed.MOUNT, *job.key, resource.device, _folder(resource))
        state = await aside(lambda: _in_use(resource))
        if state is not None and not state.ok:
            return state
        await aside(lambda: self._prepare(mine))
        if state is None:
            ran = await command(_mount_words(resource), _ENVIRONMENT, "/", job.budget_s)
            problem = await aside(lambda: _result(resource, ran))
        if problem is None:
            claim = await self._claim(self._claims.start(_claim_of(job, mine.where)))
            problem = claim if claim.code == "held" else None
        if problem is not None:
            await aside(lambda: self._unmount(mine, CLOSE_SECONDS))
            return problem
        return state or fine(f"{resource.device} is mounted at {resource.directory}")

    async def _claim(self, doing: Coroutine[Any, Any, Outcome]) -> Outcome:
        """Give or take a claim; a device that hangs or is full must not keep it from moving."""
        try:
            return await asyncio.wait_for(doing, CLAIM_SECONDS)
        except (OSError, TimeoutError) as error:
            return failed(f"no claim: {error}")

    def _prepare(self, mine: Placed) -> None:
        Path(mine.where).mkdir(mode=0o755, exist_ok=True)
        placed.write(self._state_directory, mine)

    def _unmount(self, known: Placed, seconds: float) -> Outcome:
        there = mounts.at(known.where) is not None
        try:
            ended = mounts.unmount(known.where, seconds, min(TERM_SECONDS, seconds * TERM_PART))
        except (OSError, TimeoutError) as error:
            return failed(str(error))
        placed.remove(self._state_directory, known)
        users = f"; ended {ended} processes that used it" if ended else ""
        return fine(f"{known.where} is unmounted{users}" if there else "was unmounted already")

    def _look(self, job: Job) -> Outcome:
        resource = _resource(job)
        known = placed.read(self._state_directory, *job.key)
        there = mounts.at(known.where) if known is not None else None
        if known is None or there is None:
            text = "is not mounted" if known is None else f"{known.where} was unmounted by others"
            return failed(text, code="stopped")
        if "ro" in there.options and "ro" not in resource.options:
            return failed(f"{known.where} became read-only: the kernel met an error, see dmesg")
        os.statvfs(known.where)
        _read_from(known.what)
        return fine(f"{known.what} is mounted at {known.where}")


def _resource(job: Job) -> Filesystem:
    assert isinstance(job.resource, Filesystem)
    return job.resource


def _folder(resource: Filesystem) -> str:
    return os.path.realpath(resource.directory)


def _claim_of(job: Job, directory: str) -> Job:
    return msgspec.structs.replace(job, resource=DataFolder(directory=directory, create=False))


def _mount_words(resource: Filesystem) -> tuple[str, ...]:
    words = ["mount"]
    if resource.fstype:
        words += ["-t", resource.fstype]
    if resource.options:
        words += ["-o", ",".join(resource.options)]
    return (*words, "--", resource.device, _folder(resource))


def _problem(resource: Filesystem) -> Outcome | None:
    """Return why it cannot be mounted here, as far as can be seen without doing anything."""
    for option in resource.options:
        if not _OPTION.fullmatch(option) or option.partition("=")[0] in _NOT_OPTIONS:
            return failed(f"{option!r} is no option for a mount of its own", code="invalid")
    if resource.fstype and not _OPTION.fullmatch(resource.fstype):
        return failed(f"{resource.fstype!r} is no type of a file system", code="invalid")
    folder = Path(resource.directory)
    if not folder.is_absolute() or not Path(resource.device).is_absolute():
        return failed("device and directory must be absolute paths", code="invalid")
    try:
        mounts.device_number(resource.device)
    except (OSError, ValueError) as error:
        text = getattr(error, "strerror", None) or str(error)
        return failed(f"device {resource.device}: {text}", code="invalid")
    if folder.exists() and not folder.is_dir():
        return failed(f"{folder} is not a folder", code="invalid")
    if not folder.exists() and not folder.parent.is_dir():
        return failed(
            f"{folder.parent}, in which the folder would be made, is missing", code="invalid"
        )
    if not _may_mount():
        text = "mounting needs root with CAP_SYS_ADMIN: run the agent as root"
        return failed(text, code="invalid")
    return None


def _may_mount() -> bool:
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    granted = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    return os.geteuid() == 0 and bool(int(granted.split()[1], 16) >> _CAP_SYS_ADMIN & 1)


async def _wrong_type(job: Job, resource: Filesystem) -> Outcome | None:
    """Compare the type with what blkid(8) finds on the device, where there is that program."""
    if shutil.which("blkid", path=SEARCH_PATH) is None:
        return None
    words = ("blkid", "-p", "-o", "value", "-s", "TYPE", "--", resource.device)
    ran = await command(words, _ENVIRONMENT, "/", job.budget_s / 2)
    if ran.code is None:
        return failed(f"device {resource.device} does not answer: blkid took too long")
    found = ran.lines[-1].strip() if ran.code == 0 and ran.lines else ""
    if not found:
        return failed(f"there is no file system on {resource.device}", code="invalid")
    if resource.fstype not in {"", "auto", found}:
        text = f"{resource.device} has a file system {found}, not {resource.fstype}"
        return failed(text, code="invalid")
    return None


def _in_use(resource: Filesystem) -> Outcome | None:
    """Return the outcome if it is mounted already: fine where it shall be, else held."""
    number, folder = mounts.device_number(resource.device), _folder(resource)
    for one in mounts.table():
        if one.device == number and one.directory == folder:
            return fine(f"{resource.device} is mounted at {folder} already")
        if one.device == number:
            text = f"{resource.device} is mounted at {one.directory} already"
            return failed(text, code="held")
    other = mounts.at(folder)
    if other is not None:
        return failed(f"{other.source} is mounted at {folder} already", code="held")
    return None


def _result(resource: Filesystem, ran: Ran) -> Outcome | None:
    """Return what is wrong after mount(8) ended, None if all is well."""
    if ran.code is None:
        return failed("mount took too long")
    if ran.code != 0:
        return failed(f"mount ended with {ran.code}", evidence=ran.lines)
    there = mounts.at(_folder(resource))
    if there is None or there.device != mounts.device_number(resource.device):
        return failed(f"mount told no error, and {resource.device} is not mounted")
    if "ro" in there.options and "ro" not in resource.options:
        return failed(f"{resource.device} can only be read here: it is write-protected")
    return None


def _read_from(device: str) -> None:
    """Read one block past the cache; OSError when the device does not give it."""
    descriptor = os.open(device, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
    try:
        with mmap.mmap(-1, _SECTOR_BYTES) as page:  # its address is as even as O_DIRECT wants it
            os.preadv(descriptor, [page], 0)
    finally:
        os.close(descriptor)
