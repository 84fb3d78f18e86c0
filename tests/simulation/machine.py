"""A computer of the simulated world: its disk, what runs on it, and the agent while that lives.

The journal on the disk is bytes in the format of `nodeagent.store.journal`, packed and replayed by
its own functions, so that a torn record is torn as it would be in a file.
"""

from dataclasses import dataclass, field

from nodeagent.core import effects as fx
from nodeagent.core import events as ev
from nodeagent.core.node import Node
from nodeagent.model.configuration import Configuration, Resource, ServiceAddress
from nodeagent.store.journal import pack_journal, pack_record, replay_bytes

NEVER = 1 << 62


class Crash(Exception):  # noqa: N818 - not an error, a fate
    """The node ends abruptly at a durable write."""


@dataclass
class Disk:
    """What survives a crash of a node; `writes` counts what was asked to be made durable.

    `full` refuses every file, and with `full_journal` every record, too: the journal has room
    reserved, so a full disk refuses records only now and then. `kept` is how long the journal was
    when it was opened or written anew, `rewritten` are the writes that did the latter.
    """

    journal: bytes = field(default_factory=lambda: pack_journal(()))
    files: dict[str, bytes] = field(default_factory=dict)
    writes: int = 0
    full: bool = False
    full_journal: bool = False
    kept: int = 0
    rewritten: list[int] = field(default_factory=list)

    @property
    def records(self) -> list[bytes]:
        """Return the whole records, oldest first."""
        return replay_bytes(self.journal)[0]

    def append(self, record: bytes) -> None:
        """Bring a record to the disk."""
        self.journal += pack_record(len(self.journal), record)

    def tear(self, record: bytes, part: float) -> bool:
        """Bring only the first part (0 to 1) of a record to the disk; the rest stays zeros.

        Returns whether it can be read all the same, as when only zeros are missing.
        """
        packed = pack_record(len(self.journal), record)
        kept = max(1, min(len(packed) - 1, int(len(packed) * part)))
        self.journal += packed[:kept] + bytes(len(packed) - kept)
        return self.journal.endswith(packed)

    def open(self) -> list[bytes]:
        """Replay the journal as an agent does that starts, and cut a torn tail off."""
        records, state = replay_bytes(self.journal)
        assert state.kind in ("clean", "torn"), f"store: {state.text}"
        self.journal = self.journal[: state.offset]
        self.kept = len(self.journal)
        return records

    def rewrite(self, records: list[bytes]) -> None:
        """Replace the whole journal."""
        self.journal = pack_journal(records)
        self.kept = len(self.journal)

    def copy(self) -> "Disk":
        """Return a backup."""
        return Disk(self.journal, dict(self.files), self.writes)


@dataclass(frozen=True)
class CrashPoint:
    """Crash at a durable write: `written` says whether it reached the disk.

    `torn` above 0: that part of a record did. `refused`: the disk says so, and the agent ends by
    itself, as it does when the disk answers with an error. -1: it is not started again.
    """

    write: int
    written: bool
    reboot_ms: int = -1
    torn: float = 0.0
    refused: bool = False


@dataclass
class Machine:
    """A computer. `rate` and `offset_ms` make its clock differ from the world's.

    `stopping` are groups that this agent began to stop and did not start again.
    `ghosts` are groups of which a driver that lied says they are stopped, and they are not.
    `fence`: how fence devices of this machine fare ("": as chance has it); `fenced` counts resets.
    `fed` is what the deadman was told last: when the agent's lease ends, by this machine's clock,
    for how long services may outlive the agent, and how long it waits for the next feed.
    `deadman_ms`: when it fires because the agent died (world's time); `adopted` are the groups that
    the agent of now took over, `whole` those that were online when the last one died alone.
    `unplugged` are adapters whose link is down; `placed` maps (group, resource) to the adapter that
    a service address was put on, `started` to what it was started as. `programs` marks what is
    installed, as validations tell it.
    `tick_ms`: when the next tick comes (world's time), the `ticks`th of all; the agent `rests` if
    it is later than while anything goes on.
    """

    name: str
    disk: Disk = field(default_factory=Disk)
    joining: Configuration | None = None
    node: Node | None = None
    life: int = 0
    running: dict[str, set[str]] = field(default_factory=dict)
    ghosts: set[str] = field(default_factory=set)
    stopping: set[str] = field(default_factory=set)
    unplugged: set[str] = field(default_factory=set)
    placed: dict[tuple[str, str], str] = field(default_factory=dict)
    started: dict[tuple[str, str], Resource] = field(default_factory=dict)
    adapters: dict[str, str] = field(default_factory=dict)
    peers: dict[str, fx.PeerAt] = field(default_factory=dict)
    crash_at: CrashPoint | None = None
    paused: bool = False
    backlog: list[ev.Event] = field(default_factory=list)
    petted_ms: int = 0
    fed: tuple[int, int, int] = (0, 0, 0)
    deadman_ms: int = 0
    adopted: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    fenced: int = 0
    fence: str = ""
    programs: str = "1"
    ticks: int = 0
    tick_ms: int = 0
    rests: bool = False
    rate: float = 1.0
    offset_ms: int = 0

    def runs(self) -> list[str]:
        """Return the groups of which anything runs here, agent or no agent."""
        return [group for group, resources in self.running.items() if resources]

    def addresses(self) -> list[tuple[str, str]]:
        """Return the groups of which a service address is in use here, each with the address."""
        used = (
            (g, self.started.get((g, name))) for g, names in self.running.items() for name in names
        )
        return [(group, r.address) for group, r in used if isinstance(r, ServiceAddress)]

    def now(self, world_ms: int) -> ev.Now:
        """Return the time as this machine's clock tells it."""
        if self.rate == 1.0:
            return ev.Now(world_ms + self.offset_ms, world_ms / 1000)
        return ev.Now(int(world_ms * self.rate) + self.offset_ms, world_ms / 1000)
