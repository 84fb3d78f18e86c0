"""The state directory of one agent: its three configurations and what was decided before.

`default.toml` is the draft that people edit, `active.toml` what is in operation, `temporary.toml`
what a running DARE staged. `history/EPOCH-DIGEST.toml` keeps what was decided, the active one
included. One agent at a time: the lock is the kernel's, so it can never be left behind.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import time
from pathlib import Path
from typing import Literal

from nodeagent.store.disk import make_folder, naming, read, replace, sync_folder
from nodeagent.store.errors import StoreError
from nodeagent.wire.limits import CONFIGURATION_BYTES_MAX

Which = Literal["default", "active", "temporary"]

HISTORY_KEPT = 32
TIMES = "times"
TIMES_BYTES_MAX = 4 << 20
_HISTORY_NAME = re.compile(r"(\d{1,19})-([0-9a-f]{64})\.toml\Z")
_LOCK_BYTES_MAX = 32

__all__ = ["StateDirectory", "StoreError", "Which"]


class StateDirectory:
    """Files of one agent. Every failure is a StoreError that names the file and the remedy."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._lock: int | None = None

    def acquire_lock(self) -> None:
        """Make the folder if needed and keep all other agents out until `release_lock`."""
        if self._lock is not None:
            return
        make_folder(self.path)
        file = self.path / "lock"
        with naming(file):
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(file, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, _LOCK_BYTES_MAX, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise StoreError(
                self.path,
                "another agent works in this state directory"
                + (f", process {holder}" if holder.isdigit() else ""),
                "end that agent, or give this one a directory of its own",
            ) from error
        self._lock = descriptor
        with contextlib.suppress(OSError):  # only a help for people
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)

    def release_lock(self) -> None:
        """Let another agent in."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def read(self, which: Which) -> bytes | None:
        """Return the exact bytes of a configuration, None where there is none."""
        return read(self._file(which), CONFIGURATION_BYTES_MAX)

    def set_aside_unusable(self, which: Which) -> str:
        """Move away what stands in a configuration's place and cannot be read; return the reason.

        "" where all is well. None of these files is the only copy of what was decided.
        """
        file = self._file(which)
        try:
            self.read(which)
        except StoreError as error:
            aside = file.with_name(f"{file.name}.unusable-{time.time_ns()}")
            with naming(file):
                file.rename(aside)
                sync_folder(self.path)
            return f"{error}; it is {aside.name} now"
        return ""

    def digest(self, which: Which) -> str:
        """Return the hex SHA-256 of what is on the disk now, "" where there is nothing."""
        data = self.read(which)
        return "" if data is None else hashlib.sha256(data).hexdigest()

    def write(self, which: Which, data: bytes) -> None:
        """Replace a configuration; it is on the disk when this returns."""
        if len(data) > CONFIGURATION_BYTES_MAX:
            raise StoreError(
                self._file(which), f"{len(data)} bytes are more than 1 MiB", "make it smaller"
            )
        make_folder(self.path)
        replace(self._file(which), data)

    def drop(self, which: Which) -> None:
        """Remove a configuration; no harm where there is none."""
        file = self._file(which)
        with naming(file):
            try:
                file.unlink()
            except FileNotFoundError:
                return
            sync_folder(self.path)

    def promote(self, epoch: int, digest: str) -> None:
        """Make the temporary configuration the active one: block 148.

        `epoch` and `digest` are the decided ones; what is staged must have that digest. Both the
        configuration that was active and the new one are in the history afterwards. Done again
        after a crash it finishes what was begun, and changes nothing where all was done.
        """
        staged = self.digest("temporary")
        if staged != digest:
            if not staged and self.digest("active") == digest:
                return
            raise StoreError(
                self._file("temporary"),
                f"has digest {staged[:16] or 'none'}, decided was {digest[:16]}",
                "the agent fetches the decided file from a peer and stages it again",
            )
        folder = self.path / "history"
        make_folder(folder)
        self._remember("active", epoch - 1)
        self._remember("temporary", epoch)
        target = self._file("active")
        with naming(target):
            sync_folder(folder)
            self._file("temporary").rename(target)
            sync_folder(self.path)
        self._forget()

    def history(self) -> tuple[tuple[int, str], ...]:
        """Return (epoch, digest) of what was decided, oldest first."""
        folder = self.path / "history"
        with naming(folder):
            names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
        matches = (_HISTORY_NAME.match(name) for name in names)
        return tuple(sorted((int(found[1]), found[2]) for found in matches if found))

    def read_history(self, epoch: int, digest: str) -> bytes | None:
        """Return a decided configuration as it was, None where it is no longer kept."""
        data = read(self._kept(epoch, digest), CONFIGURATION_BYTES_MAX)
        if data is not None and hashlib.sha256(data).hexdigest() != digest:
            raise StoreError(self._kept(epoch, digest), "was changed by hand", "take another epoch")
        return data

    def kept_times(self) -> bytes:
        """Return what was kept of how long actions take, b"" where it is missing or unreadable."""
        try:
            return read(self.path / TIMES, TIMES_BYTES_MAX) or b""
        except StoreError:
            return b""  # a memory that is gathered anew

    def keep_times(self, data: bytes) -> None:
        """Replace what is kept of how long actions take."""
        make_folder(self.path)
        replace(self.path / TIMES, data)

    def _file(self, which: Which) -> Path:
        return self.path / f"{which}.toml"

    def _kept(self, epoch: int, digest: str) -> Path:
        return self.path / "history" / f"{epoch}-{digest}.toml"

    def _remember(self, which: Which, epoch: int) -> None:
        """Keep a configuration under `epoch`, unless one of this content is kept last already."""
        digest = self.digest(which)
        kept = self.history()
        if not digest or (which == "active" and any(known == digest for _, known in kept)):
            return
        if (epoch, digest) in kept:
            return
        file = self._kept(max(epoch, 0), digest)
        replace(file, self.read(which) or b"")

    def _forget(self) -> None:
        for epoch, digest in self.history()[:-HISTORY_KEPT]:
            file = self._kept(epoch, digest)
            with naming(file):
                file.unlink(missing_ok=True)
