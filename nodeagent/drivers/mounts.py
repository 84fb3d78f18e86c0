"""What is mounted on this machine, who uses it, and unmounting it.

A mount is undone for good or not at all: a lazy unmount would let processes go on writing to a
device that another node has mounted by then. Only small modules of the standard library are used:
the deadman imports this.
"""

# pathlib would triple what the deadman loads.
# ruff: noqa: PTH115, PTH116, PTH123, PTH208

import os
import signal
import time

from nodeagent.drivers import procs

UMOUNT = ("/usr/bin/umount", "/bin/umount")
_MOUNTINFO = "/proc/self/mountinfo"
_LOOK_SECONDS = 0.02
_NOT_TRIED = "no time was left"
_HANGS = "umount hangs in the kernel"


class Mount:
    """One line of mountinfo: `device` is "major:minor", `source` what was mounted."""

    __slots__ = ("device", "directory", "fstype", "options", "source")

    def __init__(self, device: str, directory: str, options: str, fstype: str, source: str) -> None:
        self.device = device
        self.directory = directory
        self.options = frozenset(options.split(","))
        self.fstype = fstype
        self.source = source


def table() -> list[Mount]:
    """Return all mounts, oldest first (proc_pid_mountinfo(5))."""
    with open(_MOUNTINFO, encoding="utf-8", errors="surrogateescape") as file:
        lines = [line.split() for line in file]
    found = []
    for fields in lines:
        dash = fields.index("-")
        options = ",".join((fields[5], *fields[dash + 3 : dash + 4]))
        source = _plain(fields[dash + 2])
        found.append(Mount(fields[2], _plain(fields[4]), options, fields[dash + 1], source))
    return found


def at(directory: str) -> Mount | None:
    """Return what is mounted at `directory`, the topmost one."""
    return next((one for one in reversed(table()) if one.directory == directory), None)


def device_number(path: str) -> str:
    """Return "major:minor" of a block device; OSError when it is not there, ValueError if none."""
    facts = os.stat(path)
    if facts.st_mode & 0o170000 != 0o060000:
        raise ValueError(f"{path} is no block device")
    return f"{os.major(facts.st_rdev)}:{os.minor(facts.st_rdev)}"


def holders(directory: str) -> list[procs.Process]:
    """Return the processes that keep `directory` busy: files, folders, programs and mappings."""
    return [p for p in procs.table().values() if p.pid != os.getpid() and _holds(p.pid, directory)]


def unmount(directory: str, seconds: float, patience_s: float = 0.0) -> int:
    """Unmount `directory`, ending who uses it: TERM, after `patience_s` KILL; return how many.

    TimeoutError when it cannot be done in time, with the reason of umount(8).
    """
    until = time.monotonic() + seconds
    kill_at = time.monotonic() + patience_s
    asked: set[tuple[int, int]] = set()
    reason = _NOT_TRIED
    while at(directory) is not None:
        if time.monotonic() > until:
            raise TimeoutError(f"{directory} cannot be unmounted: {reason}")
        told = _umount(directory, until)
        if not told:
            continue  # look whether another one lies below
        reason = told if told != _HANGS or reason == _NOT_TRIED else reason
        users = holders(directory)
        if time.monotonic() >= kill_at:
            procs.send(users, signal.SIGKILL, wait_seconds=procs.ROUND_SECONDS)
        else:
            procs.send([p for p in users if (p.pid, p.start) not in asked], signal.SIGTERM)
        asked |= {(p.pid, p.start) for p in users}
        time.sleep(_LOOK_SECONDS)
    return len(asked)


def _umount(directory: str, until: float) -> str:
    """Run umount(8) once; return why it failed, empty when it did not."""
    program = next((path for path in UMOUNT if os.access(path, os.X_OK)), "")
    if not program:
        return "umount is not installed"
    reading, writing = os.pipe()
    try:
        actions = [(os.POSIX_SPAWN_DUP2, writing, 1), (os.POSIX_SPAWN_DUP2, writing, 2)]
        words = [program, "--", directory]
        pid = os.posix_spawn(program, words, {"LANG": "C.UTF-8"}, file_actions=actions)
    finally:
        os.close(writing)
    try:
        code = _wait(pid, until)
        text = os.read(reading, 4096).decode("utf-8", "replace") if code is not None else ""
    finally:
        os.close(reading)
    if code is None:
        return _HANGS
    return "" if code == 0 else " ".join(text.split()) or f"umount ended with {code}"


def _wait(pid: int, until: float) -> int | None:
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            return None
        time.sleep(_LOOK_SECONDS / 4)


def _holds(pid: int, directory: str) -> bool:
    place = f"/proc/{pid}"
    for name in ("cwd", "root", "exe"):
        if _inside(f"{place}/{name}", directory):
            return True
    try:
        descriptors = os.listdir(f"{place}/fd")
    except OSError:
        return False
    if any(_inside(f"{place}/fd/{name}", directory) for name in descriptors):
        return True
    try:
        with open(f"{place}/maps", encoding="utf-8", errors="surrogateescape") as file:
            return any(f" {directory}/" in line for line in file)
    except OSError:
        return False


def _inside(link: str, directory: str) -> bool:
    try:
        target = os.readlink(link)
    except OSError:
        return False
    return target == directory or target.startswith(f"{directory.rstrip('/')}/")


def _plain(word: str) -> str:
    """Undo the octal escapes of mountinfo: blank, tab, newline, backslash."""
    for escaped, plain in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        word = word.replace(escaped, plain)
    return word
