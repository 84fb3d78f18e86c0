"""Records of what runs, one small file each, so that somebody else can end it.

A later agent (after a crash) and the deadman read them. A record names processes by number and
start time and carries a random cookie that all of them have in their environment: that is how
their children are known too, and how a stranger with a reused number is not taken for one.

Only the standard library's smallest modules are used: the deadman imports this.
"""

# pathlib would triple what the deadman loads.
# ruff: noqa: PTH103, PTH104, PTH108, PTH118, PTH123, PTH208

import os

FOLDER = "running"
COOKIE_VARIABLE = "CLUSTERTUI_RUN"
PIPES_MAX = 16
"""Of one resource; a start that is tried again adds one, and the newest are kept."""
_BYTES_MAX = 64 << 10
_BOOT = "/proc/sys/kernel/random/boot_id"


Pipe = tuple[int, int]
"""Device and inode of a pipe: no two of one boot have the same."""


class Record:
    """Processes of one resource; `members` are (process number, start time in clock ticks).

    `agent` is the process number of the agent that started it, `pipes` are those that it gave them
    to print to. An earlier program wrote none, and passes over those that it reads.
    """

    __slots__ = ("agent", "boot", "cookie", "group", "members", "name", "pipes")

    def __init__(
        self,
        group: str,
        name: str,
        cookie: str,
        members: tuple[tuple[int, int], ...] = (),
        boot: str = "",
        agent: int = 0,
    ) -> None:
        self.group = group
        self.name = name
        self.cookie = cookie
        self.members = members
        self.boot = boot or boot_id()
        self.agent = agent or os.getpid()
        self.pipes: tuple[Pipe, ...] = ()


def boot_id() -> str:
    """Return the kernel's identifier of this boot; records of another boot are void."""
    try:
        with open(_BOOT, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return "unknown"


def write(state_directory: str, record: Record) -> None:
    """Keep `record`, in one step. Not synced: after a power cut nothing of it runs."""
    folder = os.path.join(state_directory, FOLDER)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    path = _path(state_directory, record)
    aside = f"{path}.new"
    lines = [
        f"group {record.group}",
        f"name {record.name}",
        f"boot {record.boot}",
        f"cookie {record.cookie}",
        f"agent {record.agent}",
        *(f"pipe {device} {inode}" for device, inode in record.pipes[-PIPES_MAX:]),
        *(f"member {pid} {start}" for pid, start in record.members),
    ]
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(aside, flags, 0o600)
    try:
        os.write(descriptor, "\n".join([*lines, ""]).encode("utf-8"))
    finally:
        os.close(descriptor)
    os.rename(aside, path)


def remove(state_directory: str, record: Record) -> None:
    """Forget `record`; no harm if it is forgotten already."""
    try:
        os.unlink(_path(state_directory, record))
    except FileNotFoundError:
        return


def read_all(state_directory: str) -> list[Record]:
    """Return all records of this boot; what cannot be read as one is passed over."""
    folder = os.path.join(state_directory, FOLDER)
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    boot = boot_id()
    found = (_read(os.path.join(folder, name)) for name in names)
    return [record for record in found if record is not None and record.boot == boot]


def _path(state_directory: str, record: Record) -> str:
    return os.path.join(state_directory, FOLDER, f"{record.group}:{record.name}")


def _read(path: str) -> Record | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            text = os.read(descriptor, _BYTES_MAX).decode("utf-8", "replace")
        finally:
            os.close(descriptor)
    except OSError:
        return None
    words = [line.split() for line in text.splitlines()]
    facts = {line[0]: line[1] for line in words if len(line) == 2}
    if not {"group", "name", "boot", "cookie"} <= facts.keys() or len(facts["cookie"]) < 16:
        return None
    agent = facts.get("agent", "")
    record = Record(
        facts["group"],
        facts["name"],
        facts["cookie"],
        _pairs(words, "member"),
        facts["boot"],
        int(agent) if agent.isdigit() else -1,
    )
    record.pipes = _pairs(words, "pipe")
    return record


def _pairs(words: list[list[str]], what: str) -> tuple[tuple[int, int], ...]:
    """Return the two numbers of each line that begins with `what`."""
    return tuple(
        (int(line[1]), int(line[2]))
        for line in words
        if len(line) == 3 and line[0] == what and line[1].isdigit() and line[2].isdigit()
    )
