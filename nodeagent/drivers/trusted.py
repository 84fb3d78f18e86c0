"""Files that may be relied on: programs that only the system's owner can change, and secrets.

Whoever can write a program that the agent runs, or any folder above it, has the agent's rights. So
a program must belong to root (or to whom the agent runs as), and so must every folder on its way,
also after links are followed; nobody else may write to any of them. A folder in which only an
entry's owner may rename it (sticky, as /tmp) is no danger to entries of root.
"""

import os
import stat
from pathlib import Path

SECRET_BYTES_MAX = 4096


class UntrustedError(Exception):
    """The file cannot be relied on; the text says which, why and what to do."""


def program(folder: Path, name: str) -> Path:
    """Return the program `name` in `folder` with all links followed; raises UntrustedError."""
    if not name or "/" in name or name.startswith("."):
        raise UntrustedError(f"{name!r} is no name of a program")
    try:
        file = (folder / name).resolve(strict=True)
        for part in (folder.resolve(strict=True), *reversed(file.parents), file):
            _owned(part)
        mode = file.stat().st_mode
    except FileNotFoundError:
        raise UntrustedError(f"{folder / name} is not installed on this node") from None
    except (OSError, RuntimeError) as error:
        raise UntrustedError(f"{folder / name} cannot be looked at: {error}") from error
    if not stat.S_ISREG(mode) or not os.access(file, os.X_OK):
        raise UntrustedError(f"{file} is no program")
    return file


def _owned(path: Path) -> None:
    status = path.stat()
    if status.st_uid not in {0, os.geteuid()}:
        raise UntrustedError(f"{path} belongs to user {status.st_uid}, and must belong to root")
    shared = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    if shared and not sticky:
        raise UntrustedError(f"others may write to {path}: chmod go-w {path}")


def secret(path: str) -> str:
    """Return the one line in a secret's file; raises UntrustedError, which never quotes it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise UntrustedError(f"secret {path}: {error.strerror}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > SECRET_BYTES_MAX:
            raise UntrustedError(f"secret {path} is no file of at most {SECRET_BYTES_MAX} bytes")
        if status.st_uid not in {0, os.geteuid()} or status.st_mode & 0o077:
            raise UntrustedError(f"others may read secret {path}: chown root, chmod 600 {path}")
        data = os.read(descriptor, SECRET_BYTES_MAX + 1)
    finally:
        os.close(descriptor)
    try:
        text = data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise UntrustedError(f"secret {path} is not UTF-8") from None
    if not text or not text.isprintable():
        raise UntrustedError(f"secret {path} must be one line of printable characters")
    return text
