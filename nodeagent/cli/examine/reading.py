"""Takes a state directory in, as it is, without changing or locking anything.

While an agent works there, its journal is looked at before and after all else; if it moved on in
between, everything is read again, so that what is judged belongs together.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nodeagent.store.disk import read
from nodeagent.store.errors import StoreError
from nodeagent.store.journal import FOREIGN_BYTES_MAX, MAGIC
from nodeagent.wire.limits import CONFIGURATION_BYTES_MAX

SMALL_BYTES_MAX = 64 << 10
TRIES = 5
LOCKS = Path("/proc/locks")

LIMITS = {
    "journal": FOREIGN_BYTES_MAX,
    "default.toml": CONFIGURATION_BYTES_MAX,
    "active.toml": CONFIGURATION_BYTES_MAX,
    "temporary.toml": CONFIGURATION_BYTES_MAX,
    "joining.toml": CONFIGURATION_BYTES_MAX,
    "node.toml": SMALL_BYTES_MAX,
    "node.key": SMALL_BYTES_MAX,
    "lock": SMALL_BYTES_MAX,
}
"""Files that an agent reads, and how many bytes it takes of each (a journal: of any other file)."""

Kind = Literal["file", "folder", "link", "other"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in the state directory. `data` is None where it was not or could not be read."""

    name: str
    kind: Kind
    mode: int
    owner: int
    size: int
    data: bytes | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """A state directory at one moment. `entries` go by name, those of the history as `history/…`.

    `holder` is the process that works here (0: none). `steady` is False if the agent wrote all the
    time, so that files and journal may be of different moments. `free_bytes` is -1 if not known.
    """

    path: Path
    mode: int
    owner: int
    entries: dict[str, Entry]
    holder: int = 0
    steady: bool = True
    free_bytes: int = -1

    def data(self, name: str) -> bytes | None:
        """Return the bytes of a file, None where there is none that can be read."""
        entry = self.entries.get(name)
        return entry.data if entry is not None else None


def look_at(path: Path) -> Look:
    """Return the state directory at `path` as it is; StoreError if it cannot be looked at."""
    try:
        status = path.stat()
        if not stat.S_ISDIR(status.st_mode):
            raise StoreError(path, "is not a folder", "name the state directory of a node")
        entries, steady = _steadily(path)
    except OSError as error:
        raise StoreError(
            path, error.strerror or str(error), "name the state directory, as its owner or root"
        ) from error
    return Look(
        path=path,
        mode=status.st_mode & 0o7777,
        owner=status.st_uid,
        entries=entries,
        holder=holder_of(path),
        steady=steady,
        free_bytes=_free_bytes(path),
    )


def _steadily(path: Path) -> tuple[dict[str, Entry], bool]:
    """Return all entries, and whether the journal stood still while they were read."""
    entries: dict[str, Entry] = {}
    for _ in range(TRIES):
        before = _moment(path)
        entries = {entry.name: entry for entry in _entries(path)}
        if _moment(path) == before:
            return entries, True
    return entries, False


def holder_of(path: Path) -> int:
    """Return the process that holds the state directory's lock, 0 if none does.

    The kernel's list is read, for trying the lock would keep an agent out that starts just now.
    """
    file = path / "lock"
    try:
        status = file.lstat()
        noted = read(file, SMALL_BYTES_MAX) or b""
        lines = LOCKS.read_text("ascii").splitlines()
    except (OSError, StoreError):
        return 0
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
    for line in lines:
        words = line.split()  # 1: FLOCK ADVISORY WRITE 4711 fe:00:2148803 0 EOF
        if "FLOCK" not in words or "->" in words:
            continue
        process, (where, _, inode) = words[-4], words[-3].rpartition(":")
        # Layered file systems show another device there than to `stat`.
        if inode == str(status.st_ino) and (where == device or process.encode() == noted.strip()):
            return int(process)
    return 0


def _moment(path: Path) -> tuple[int, int, int]:
    """Return by what one sees that the journal moved on."""
    try:
        status = (path / "journal").stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_ino, status.st_mtime_ns, status.st_size)


def _entries(path: Path) -> Iterator[Entry]:
    for file in sorted(path.iterdir()):
        entry = _entry(file, file.name, LIMITS.get(file.name))
        if entry is not None:
            yield entry
    folder = path / "history"
    if folder.is_dir() and not folder.is_symlink():
        for file in sorted(folder.iterdir()):
            entry = _entry(file, f"history/{file.name}", CONFIGURATION_BYTES_MAX)
            if entry is not None:
                yield entry


def _entry(file: Path, name: str, bytes_max: int | None) -> Entry | None:
    """Return what stands there, None if it went away meanwhile."""
    try:
        status = file.lstat()
    except FileNotFoundError:
        return None
    data, problem = None, ""
    if bytes_max is not None and stat.S_ISREG(status.st_mode):
        try:
            data = read(file, bytes_max, MAGIC if name == "journal" else b"")
        except StoreError as error:
            problem = error.what
    mode = status.st_mode & 0o7777
    return Entry(name, _kind(status.st_mode), mode, status.st_uid, status.st_size, data, problem)


def _kind(mode: int) -> Kind:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "other"


def _free_bytes(path: Path) -> int:
    try:
        status = os.statvfs(path)
    except OSError:
        return -1
    return status.f_bavail * status.f_frsize
