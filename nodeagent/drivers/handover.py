"""From a dead agent to the next one: how long its deadman still waits, and who may end it first.

Each deadman has a small file with the agents it answers for and, once the last of them died, until
when it waits. The next agent starts a deadman of its own for what it takes over, with the same end,
and then removes the file; the old one removes it before it fires. Only one of them can: whoever
removed the file has the say. So nothing is unguarded in between, and nothing is ended twice.

Times are milliseconds of CLOCK_BOOTTIME, as the core's. Only small modules of the standard library
are used: the deadman imports this.
"""

# pathlib would triple what the deadman loads.
# ruff: noqa: PTH103, PTH104, PTH108, PTH110, PTH118, PTH208

import os
import time

from nodeagent.drivers import procs
from nodeagent.drivers.records import boot_id

FOLDER = "deadman"
_BYTES_MAX = 4096
_LOOK_SECONDS = 0.02


class Post:
    """A deadman at its post; `until_ms` is 0 while its agent lives."""

    __slots__ = ("agents", "pid", "start", "until_ms")

    def __init__(self, pid: int, start: int, agents: tuple[int, ...], until_ms: int = 0) -> None:
        self.pid = pid
        self.start = start
        self.agents = agents
        self.until_ms = until_ms

    @property
    def lives(self) -> bool:
        """Whether this deadman runs."""
        return procs.is_member(self.pid, self.start)


def now_ms() -> int:
    """Return the time."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000)


def keep(state_directory: str, post: Post) -> None:
    """Write the file, in one step. Not synced: after a power cut nothing of it runs."""
    os.makedirs(os.path.join(state_directory, FOLDER), mode=0o700, exist_ok=True)
    path = _path(state_directory, post.pid)
    numbers = " ".join(str(agent) for agent in post.agents)
    text = f"boot {boot_id()}\nstart {post.start}\nuntil {post.until_ms}\nagents {numbers}\n"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(f"{path}.new", flags, 0o600)
    try:
        os.write(descriptor, text.encode("ascii"))
    finally:
        os.close(descriptor)
    os.rename(f"{path}.new", path)


def remove(state_directory: str, pid: int) -> bool:
    """Remove the file of deadman `pid`; False when somebody else did."""
    try:
        os.unlink(_path(state_directory, pid))
    except OSError:
        return False
    return True


def send_away(state_directory: str, posts: list[Post], seconds: float) -> bool:
    """Let these deadmen wait no longer; False when one of them has begun to fire.

    Waits until they are gone, at most `seconds`: they may keep a hardware watchdog open.
    """
    removed = [remove(state_directory, post.pid) for post in posts]
    until = time.monotonic() + seconds
    while any(post.lives for post in posts) and time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)
    return all(removed)


def stands(state_directory: str, pid: int) -> bool:
    """Return whether the file of deadman `pid` is there."""
    return os.path.exists(_path(state_directory, pid))


def waiting(state_directory: str, seconds: float) -> list[Post]:
    """Return the deadmen of dead agents, once each has noticed the death, at most `seconds` later.

    The files of those that are gone are removed: they guard nothing.
    """
    until = time.monotonic() + seconds
    while True:
        posts = _posts(state_directory)
        if all(post.until_ms for post in posts) or time.monotonic() > until:
            return posts
        time.sleep(_LOOK_SECONDS)


def _posts(state_directory: str) -> list[Post]:
    try:
        names = os.listdir(os.path.join(state_directory, FOLDER))
    except OSError:
        return []
    found = []
    for name in names:
        if not name.isdigit():
            continue
        post = _read(state_directory, int(name))
        if post is not None and post.lives:
            found.append(post)
        else:
            remove(state_directory, int(name))
    return found


def _read(state_directory: str, pid: int) -> Post | None:
    try:
        descriptor = os.open(_path(state_directory, pid), os.O_RDONLY | os.O_NOFOLLOW)
        try:
            text = os.read(descriptor, _BYTES_MAX).decode("ascii", "replace")
        finally:
            os.close(descriptor)
        facts = dict(line.partition(" ")[::2] for line in text.splitlines())
        if facts["boot"] != boot_id():
            return None
        agents = tuple(int(word) for word in facts["agents"].split())
        return Post(pid, int(facts["start"]), agents, int(facts["until"]))
    except (OSError, KeyError, ValueError):
        return None


def _path(state_directory: str, pid: int) -> str:
    return os.path.join(state_directory, FOLDER, str(pid))
