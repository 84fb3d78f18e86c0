"""Reading and replacing whole files so that a power cut leaves the old one or the new one."""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from nodeagent.store.errors import StoreError, from_os

FILE_MODE = 0o600
FOLDER_MODE = 0o700


@contextlib.contextmanager
def naming(file: Path) -> Iterator[None]:
    """Turn any OSError inside into a StoreError that names `file`."""
    try:
        yield
    except OSError as error:
        raise from_os(file, error) from error


def read(path: Path, bytes_max: int, magic: bytes = b"") -> bytes | None:
    """Return the bytes of a regular file, None where there is none; never follows a link.

    A file that begins with `magic` is ours, and read however long it is.
    """
    with naming(path):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise StoreError(path, "is not a regular file", "move it away")
            ours = bool(magic) and os.pread(descriptor, len(magic), 0) == magic
            if status.st_size > bytes_max and not ours:
                raise StoreError(path, f"is larger than {bytes_max} bytes", "move it away")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read()
        finally:
            os.close(descriptor)


def replace(path: Path, data: bytes) -> None:
    """Put `data` in the place of `path`: all of it or, after a failure, nothing."""
    with naming(path):
        aside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        try:
            write_new(aside, data)
            aside.rename(path)
        except OSError:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def write_new(path: Path, data: bytes) -> None:
    """Write a file that must not exist yet and bring it to the disk."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, FILE_MODE), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Bring names in `folder` to the disk; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make `folder` for its owner alone; one that others may write to is refused."""
    with naming(folder):
        if not folder.exists():
            folder.mkdir(mode=FOLDER_MODE, parents=True)
            sync_folder(folder.parent)
        status = folder.stat()
    if not stat.S_ISDIR(status.st_mode):
        raise StoreError(folder, "is not a folder", "name another place")
    if status.st_mode & 0o022:
        raise StoreError(folder, "others may write to it", f"chmod 700 {folder}")
    if status.st_uid not in {0, os.geteuid()}:
        raise StoreError(folder, "belongs to somebody else", "run as its owner")
