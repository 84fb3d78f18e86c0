"""What ends a resource whose agent died, where killing processes is not enough.

A mount or an address has no process. So before such a resource is started, the program that ends it
is written down: a file with its arguments and variables, removed after a stop that went well. The
deadman and the next agent carry out what they find, newest first; whoever does holds the file's
lock, so that no start can come in between.

Only small modules of the standard library are used: the deadman imports this.
"""

# pathlib would triple what the deadman loads.
# ruff: noqa: PTH103, PTH104, PTH108, PTH116, PTH118, PTH123, PTH208

import contextlib
import fcntl
import os
import select
import signal
import time
from collections.abc import Collection

from nodeagent.drivers.records import boot_id

FOLDER = "undo"
DONE = (0, 7)
"""Exit codes that say that it is down (OCF: success, not running)."""
_BYTES_MAX = 4 << 20
_PAUSE_SECONDS = 0.05
_WORDS = 5


class Undo:
    """The program that ends one resource. `seconds` is how long it may take.

    `made` orders them (nanoseconds since boot); `agent` is the process number of who started it.
    """

    __slots__ = ("agent", "arguments", "boot", "made", "name", "seconds", "variables")

    def __init__(
        self, name: str, arguments: tuple[str, ...], variables: dict[str, str], seconds: float
    ) -> None:
        self.name = name
        self.arguments = arguments
        self.variables = variables
        self.seconds = seconds
        self.boot = boot_id()
        self.agent = os.getpid()
        self.made = time.monotonic_ns()


def name_of(group: str, resource: str) -> str:
    """Return the name under which a resource's undo is kept."""
    return f"{group}:{resource}"


def write(state_directory: str, undo: Undo) -> None:
    """Keep `undo`, in one step. Not synced: after a power cut nothing of it is up."""
    folder = os.path.join(state_directory, FOLDER)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    path = os.path.join(folder, undo.name)
    head = [undo.boot, str(undo.agent), str(undo.made), str(undo.seconds)]
    variables = [f"{name}={value}" for name, value in undo.variables.items()]
    words = [*head, str(len(undo.arguments)), *undo.arguments, *variables]
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(f"{path}.new", flags, 0o600)
    with open(descriptor, "wb") as file:
        file.write("\0".join(words).encode("utf-8"))
    os.rename(f"{path}.new", path)


def remove(state_directory: str, name: str) -> None:
    """Forget the undo of that name; no harm if it is forgotten already."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(state_directory, FOLDER, name))


def is_kept(state_directory: str, name: str) -> bool:
    """Return whether an undo of that name is written down, of this boot."""
    found = _read(os.path.join(state_directory, FOLDER, name), name)
    return found is not None and found.boot == boot_id()


def claim(state_directory: str, groups: Collection[str]) -> None:
    """Make what is written down for these groups this agent's own; all else of it stays."""
    folder = os.path.join(state_directory, FOLDER)
    try:
        names = [n for n in os.listdir(folder) if n.partition(":")[0] in groups]
    except OSError:
        return
    for name in names:
        found = _read(os.path.join(folder, name), name) if not name.endswith(".new") else None
        if found is not None:
            found.agent = os.getpid()
            write(state_directory, found)


def carry_out_all(
    state_directory: str,
    *,
    agent: int = 0,
    seconds: float = 0.0,
    only: str = "",
    spare: Collection[str] = (),
) -> list[tuple[str, int | None]]:
    """Carry out what is written down, newest first; return names and exit codes.

    Nothing of the groups `spare`. Only what `agent` wrote and what is called `only`, where given;
    each at most `seconds`, if given, else its own time. None stands for one that took too long or
    could not be started. Blocks.
    """
    folder = os.path.join(state_directory, FOLDER)
    try:
        names = [
            name for name in os.listdir(folder) if only in {"", name} and not name.endswith(".new")
        ]
    except OSError:
        return []
    found = [undo for name in names if (undo := _read(os.path.join(folder, name), name))]
    found = [undo for undo in found if undo.name.partition(":")[0] not in spare]
    told = []
    for undo in sorted(found, key=lambda undo: undo.made, reverse=True):
        if undo.boot != boot_id():
            remove(state_directory, undo.name)
        elif agent in {0, undo.agent}:
            limit = min(seconds, undo.seconds) if seconds else undo.seconds
            told += _settle(os.path.join(folder, undo.name), undo, limit)
    return told


def _settle(path: str, undo: Undo, seconds: float) -> list[tuple[str, int | None]]:
    """Carry out one under its lock, unless somebody else did or it was started anew."""
    until = time.monotonic() + seconds
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        while not _locked(descriptor):
            if time.monotonic() > until:
                return [(undo.name, None)]
            time.sleep(_PAUSE_SECONDS)
        now = _read(path, undo.name)
        if now is None or now.made != undo.made:
            return []
        code = run(undo, seconds)
        if code in DONE and _is_at(path, descriptor):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        return [(undo.name, code)]
    finally:
        os.close(descriptor)


def _is_at(path: str, descriptor: int) -> bool:
    """Return whether the file that is locked still has this name: it may have been started anew."""
    try:
        now, then = os.stat(path, follow_symlinks=False), os.fstat(descriptor)
    except OSError:
        return False
    return (now.st_dev, now.st_ino) == (then.st_dev, then.st_ino)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def run(undo: Undo, seconds: float) -> int | None:
    """Run the program to its end; None if it cannot be started or was killed after `seconds`."""
    null = [(os.POSIX_SPAWN_OPEN, number, "/dev/null", os.O_RDWR, 0) for number in (0, 1, 2)]
    try:
        pid = os.posix_spawn(
            undo.arguments[0], undo.arguments, undo.variables, file_actions=null, setsid=True
        )
    except OSError:
        return None
    descriptor = os.pidfd_open(pid)
    try:
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        ended = bool(poller.poll(max(seconds, 0.0) * 1000))
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)  # not reaped yet, so the number is still its own
        status = os.waitpid(pid, 0)[1]
        return os.waitstatus_to_exitcode(status) if ended else None
    finally:
        os.close(descriptor)


def _read(path: str, name: str) -> Undo | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            words = file.read(_BYTES_MAX).decode("utf-8", "replace").split("\0")
    except OSError:
        return None
    try:
        count = int(words[4])
        arguments = tuple(words[_WORDS : _WORDS + count])
        undo = Undo(name, arguments, _variables(words[_WORDS + count :]), float(words[3]))
        undo.boot, undo.agent, undo.made = words[0], int(words[1]), int(words[2])
    except (ValueError, IndexError):
        return None
    return undo if arguments else None


def _variables(words: list[str]) -> dict[str, str]:
    pairs = (word.partition("=") for word in words)
    return {name: value for name, mark, value in pairs if mark}
