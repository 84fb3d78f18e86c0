"""CURVE key pairs: a node's or a console's identity, and the file that keeps it.

The file is small TOML with `public` and `secret` in Z85. Who reads the secret is that node, so a
file that others may read is refused when loaded, and an identity that is there is never
overwritten.
"""

import contextlib
import errno
import os
import re
import secrets
import stat
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import zmq

from nodeagent.model.names import KEY_PATTERN
from nodeagent.transport.errors import TransportError

FILE_BYTES_MAX = 4096
_KEY = re.compile(KEY_PATTERN)


class KeyFileError(TransportError):
    """A key file is missing, foreign, damaged or open to others."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A CURVE key pair in Z85, 40 characters each; the secret is never shown."""

    public: str
    secret: str = field(repr=False)


def generate() -> KeyPair:
    """Return a new random key pair."""
    public, secret = zmq.curve_keypair()
    return KeyPair(public.decode("ascii"), secret.decode("ascii"))


def is_key(text: str) -> bool:
    """Return whether `text` has the form of a Z85 key."""
    return _KEY.match(text) is not None


def load(path: Path | str) -> KeyPair:
    """Return the pair in the file `path`; KeyFileError names what is wrong and the remedy."""
    subject = str(path)
    return parse(_read_private(subject), subject)


def parse(text: str, subject: str) -> KeyPair:
    """Return the pair in the text of a key file; KeyFileError names `subject` and the remedy."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise KeyFileError(subject, f"is not a key file: {error}", "make a new key") from error
    public, secret = table.get("public"), table.get("secret")
    if not isinstance(public, str) or not isinstance(secret, str):
        raise KeyFileError(subject, "has no public and secret", "make a new key")
    if not is_key(public) or not is_key(secret):
        raise KeyFileError(subject, "keys are not 40 characters of Z85", "restore the file")
    if _public_of(secret) != public:
        raise KeyFileError(subject, "public key does not fit the secret one", "restore the file")
    return KeyPair(public, secret)


def save(pair: KeyPair, path: Path | str) -> None:
    """Write `pair` to the new file `path` with mode 0600; KeyFileError if it exists already."""
    target = Path(path)
    aside = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    text = f'public = "{pair.public}"\nsecret = "{pair.secret}"\n'
    try:
        _write_new(aside, text.encode("ascii"))
        try:
            os.link(aside, target)  # unlike rename, link never replaces what is there
        finally:
            aside.unlink()
        _sync_folder(target.parent)
    except FileExistsError as error:
        raise KeyFileError(
            str(target), "exists already", "an identity is not overwritten; move it away first"
        ) from error
    except OSError as error:
        raise KeyFileError(str(target), error.strerror or str(error), "check the folder") from error


def _public_of(secret: str) -> str:
    return zmq.curve_public(secret.encode("ascii")).decode("ascii")


def _read_private(subject: str) -> str:
    try:
        descriptor = os.open(subject, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise KeyFileError(subject, "does not exist", "make a key first") from error
    except OSError as error:
        what = "is a symbolic link" if error.errno == errno.ELOOP else error.strerror
        raise KeyFileError(subject, str(what), "give the file itself") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise KeyFileError(subject, "is not a regular file", "give the file itself")
        if status.st_mode & 0o077:
            raise KeyFileError(subject, "can be read by others", f"chmod 600 {subject}")
        return os.read(descriptor, FILE_BYTES_MAX).decode("utf-8", "replace")
    finally:
        os.close(descriptor)


def _write_new(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, descriptor)
        os.fsync(descriptor)
