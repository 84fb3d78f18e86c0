"""Data folders: one node at a time, guarded by a claim with the fencing token.

The claim is a small file in the folder itself, so it travels with the data wherever it is mounted.
A higher token takes over, because the decree behind it came later; an equal or lower one of another
node is refused. Data are never deleted. Where several nodes share the folder, the claim is as good
as the file system's locks: it is a guard beside the ownership lease, not in place of it.
"""

import errno
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from nodeagent.drivers.aside import aside
from nodeagent.drivers.base import Context, Job, Outcome, failed, fine
from nodeagent.model.configuration import DataFolder
from nodeagent.model.ownership import Token
from nodeagent.model.text import clean

CLAIM = ".clustertui-claim"
CLAIM_BYTES_MAX = 4096
FREE_BYTES_MIN = 16 << 20
LOCK_SECONDS = 5.0
LOCK_PAUSE_SECONDS = 0.05


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who holds the folder; `time` is Unix seconds, for people."""

    node: str
    resource: str
    token: Token
    time: float


class FolderDriver:
    """Takes and gives back claims. Keeps nothing in memory: the claim file is the truth."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def start(self, job: Job) -> Outcome:
        """Claim the folder, made if it is missing and may be made."""
        return await aside(lambda: self._start(job))

    async def stop(self, job: Job) -> Outcome:
        """Give back the own claim; a claim of another node is left alone."""
        return await aside(lambda: self._stop(job))

    async def monitor(self, job: Job) -> Outcome:
        """Tell whether the claim is still ours."""
        return await aside(lambda: self._monitor(job))

    async def validate(self, job: Job) -> Outcome:
        """Look at the folder, or at where it would be made."""
        return await aside(lambda: _validate(_resource(job)))

    def close(self) -> None:
        """Nothing to do: claims end by stop or by a higher token."""

    def _start(self, job: Job) -> Outcome:
        problem = _validate(_resource(job))
        if not problem.ok:
            return failed(problem.text)
        folder = _folder(job)
        folder.mkdir(mode=0o750, exist_ok=True)
        with _locked(folder):
            held = _read(folder)
            if isinstance(held, str):
                return failed(held, code="held")
            if held is not None and (refusal := self._refusal(job, held)) is not None:
                return refusal
            if held is not None and held.node == self._context.node and held.token == job.token:
                return fine("is claimed already")
            _write(folder, self._claim(job))
        if held is not None and held.node != self._context.node:
            return fine(f"claim taken over from {clean(held.node, 80)} (token {held.token})")
        return fine("claimed")

    def _stop(self, job: Job) -> Outcome:
        folder = _folder(job)
        if not folder.is_dir():
            return fine("the folder is not there")
        with _locked(folder):
            held = _read(folder)
            if held is None:
                return fine("is not claimed")
            if isinstance(held, str):
                return fine(f"left alone: {held}")
            if held.node != self._context.node:
                return fine(f"left alone: claimed by {clean(held.node, 80)}")
            (folder / CLAIM).unlink(missing_ok=True)
            _sync(folder)
        return fine("claim given back")

    def _monitor(self, job: Job) -> Outcome:
        held = _read(_folder(job))
        if held is None:
            return failed("is not claimed", code="stopped")
        if isinstance(held, str):
            return failed(held)
        if held.node != self._context.node:
            return failed(f"claimed by {clean(held.node, 80)} (token {held.token})", code="stopped")
        return fine(f"claimed with token {held.token}")

    def _claim(self, job: Job) -> Claim:
        name = f"{job.group}.{job.name}"
        return Claim(self._context.node, name, job.token, time.time())

    def _refusal(self, job: Job, held: Claim) -> Outcome | None:
        mine = held.node == self._context.node
        if held.token < job.token or (mine and held.token == job.token):
            return None
        text = (
            f"the folder is held by {clean(held.node, 80)} with token {held.token}; "
            f"{job.token} is not higher"
        )
        return failed(text, code="held")


def _resource(job: Job) -> DataFolder:
    assert isinstance(job.resource, DataFolder)
    return job.resource


def _folder(job: Job) -> Path:
    return Path(_resource(job).directory)


def _validate(resource: DataFolder) -> Outcome:
    folder = Path(resource.directory)
    if not folder.is_absolute() or "\0" in resource.directory:
        return failed("the folder must be an absolute path", code="invalid")
    if folder.exists() and not folder.is_dir():
        return failed(f"{folder} is not a folder", code="invalid")
    place = folder if folder.exists() else folder.parent
    if place is not folder and not resource.create:
        return failed(f"{folder} does not exist, and create is off", code="invalid")
    if not place.is_dir():
        return failed(f"{place}, in which the folder would be made, is missing", code="invalid")
    if not os.access(place, os.W_OK | os.X_OK):
        return failed(f"{place} may not be written to", code="invalid")
    free = shutil.disk_usage(place).free
    if free < FREE_BYTES_MIN:
        return failed(f"only {free >> 10} KiB are free at {place}", code="invalid")
    return fine(f"{folder} can be claimed here")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other agents on this file system from changing the claim; TimeoutError after 5 s."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        until = time.monotonic() + LOCK_SECONDS
        while not _try_lock(descriptor):
            if time.monotonic() > until:
                raise TimeoutError(f"{folder} stays locked by another process")
            time.sleep(LOCK_PAUSE_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(folder: Path) -> Claim | str | None:
    """Return the claim, None if there is none, or what is wrong with what is there."""
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        descriptor = os.open(folder / CLAIM, flags)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            return f"{folder / CLAIM} is a symbolic link; remove it"
        raise
    try:
        data = os.read(descriptor, CLAIM_BYTES_MAX)
    finally:
        os.close(descriptor)
    try:
        return msgspec.json.decode(data, type=Claim)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return f"{folder / CLAIM} is not a claim of ours; look who uses the folder and remove it"


def _write(folder: Path, claim: Claim) -> None:
    aside_path = folder / f"{CLAIM}.{secrets.token_hex(6)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(aside_path, flags, 0o640), "wb") as file:
        file.write(msgspec.json.encode(claim))
        file.flush()
        os.fsync(file.fileno())
    aside_path.rename(folder / CLAIM)
    _sync(folder)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
