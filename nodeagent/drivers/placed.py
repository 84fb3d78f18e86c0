"""What an agent put on its machine beside processes: addresses and mounts, one small file each.

Like `records`, for what no signal ends: a later agent takes it back at its start, and the deadman
when the agent hangs or dies. A file is written before the thing is done and removed after it is
undone, so that a crash in between leaves at worst a file too many.

Only small modules of the standard library are used: the deadman imports this.
"""

# pathlib would triple what the deadman loads.
# ruff: noqa: PTH103, PTH104, PTH108, PTH118, PTH208

import contextlib
import errno
import os
import socket

from nodeagent.drivers import mounts, netlink, policy_routes
from nodeagent.drivers.records import boot_id

FOLDER = "placed"
ADDRESS, MOUNT = "address", "mount"
_GONE = frozenset({errno.EADDRNOTAVAIL, errno.ENODEV, errno.ENXIO})
_BYTES_MAX = 64 << 10


class Placed:
    """`what` is at `where`: "10.1.1.100/24" at an interface, or a device at a directory."""

    __slots__ = ("agent", "boot", "group", "kind", "name", "what", "where")

    def __init__(  # noqa: PLR0917  # the fields of one file
        self,
        kind: str,
        group: str,
        name: str,
        what: str,
        where: str,
        boot: str = "",
        agent: int = 0,
    ) -> None:
        self.kind = kind
        self.group = group
        self.name = name
        self.what = what
        self.where = where
        self.boot = boot or boot_id()
        self.agent = agent or os.getpid()


def write(state_directory: str, placed: Placed) -> None:
    """Keep it, in one step. Not synced: after a power cut nothing of it is there."""
    os.makedirs(os.path.join(state_directory, FOLDER), mode=0o700, exist_ok=True)
    path = _path(state_directory, placed.group, placed.name)
    aside = f"{path}.new"
    fields = ("kind", "group", "name", "what", "where", "boot", "agent")
    text = "".join(f"{field} {getattr(placed, field)}\n" for field in fields)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(aside, flags, 0o600)
    try:
        os.write(descriptor, text.encode("utf-8", "surrogateescape"))
    finally:
        os.close(descriptor)
    os.rename(aside, path)


def read(state_directory: str, group: str, name: str) -> Placed | None:
    """Return what is kept of one resource, None if nothing of this boot is."""
    found = _read(_path(state_directory, group, name))
    return found if found is not None and found.boot == boot_id() else None


def read_all(state_directory: str) -> list[Placed]:
    """Return all that is kept, addresses first; what cannot be read as such is passed over."""
    folder = os.path.join(state_directory, FOLDER)
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    boot = boot_id()
    found = [_read(os.path.join(folder, name)) for name in names if not name.endswith(".new")]
    kept = [one for one in found if one is not None and one.boot == boot]
    return sorted(kept, key=lambda one: (one.kind != ADDRESS, -one.where.count("/")))


def remove(state_directory: str, placed: Placed) -> None:
    """Forget it; no harm if it is forgotten already."""
    try:
        os.unlink(_path(state_directory, placed.group, placed.name))
    except FileNotFoundError:
        return


def take_back(placed: Placed, seconds: float) -> bool:
    """Undo it; False when it was gone already. OSError or TimeoutError when it cannot be undone."""
    if placed.kind == MOUNT:
        there = mounts.at(placed.where)
        if there is not None:
            mounts.unmount(placed.where, seconds)
        return there is not None
    address, _, prefix = placed.what.partition("/")
    try:
        netlink.remove(address, int(prefix), socket.if_nametoindex(placed.where))
    except OSError as error:
        if error.errno in _GONE:
            return False
        raise
    finally:
        with contextlib.suppress(OSError):  # the way of an address that is gone leads nobody astray
            policy_routes.forget(address)
    return True


def _path(state_directory: str, group: str, name: str) -> str:
    return os.path.join(state_directory, FOLDER, f"{group}:{name}")


def _read(path: str) -> Placed | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            text = os.read(descriptor, _BYTES_MAX).decode("utf-8", "surrogateescape")
        finally:
            os.close(descriptor)
    except OSError:
        return None
    facts = dict(line.partition(" ")[::2] for line in text.split("\n"))
    fields = ("kind", "group", "name", "what", "where", "boot")
    if not all(facts.get(field) for field in fields) or facts["kind"] not in {ADDRESS, MOUNT}:
        return None
    if facts["kind"] == ADDRESS and not facts["what"].partition("/")[2].isdigit():
        return None
    agent = facts.get("agent", "")
    kind, group, name, what, where, boot = (facts[field] for field in fields)
    number = int(agent) if agent.isdigit() else -1
    return Placed(kind, group, name, what, where, boot, number)
