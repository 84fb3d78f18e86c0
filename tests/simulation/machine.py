"""A computer of the simulated world: its disk, what runs on it, and the agent while that lives."""

from dataclasses import dataclass, field

from nodeagent.core import effects as fx
from nodeagent.core import events as ev
from nodeagent.core.node import Node
from nodeagent.model.configuration import Configuration


class Crash(Exception):  # noqa: N818 - not an error, a fate
    """The node ends abruptly at a durable write."""


@dataclass
class Disk:
    """What survives a crash of a node; `writes` counts what was asked to be made durable."""

    records: list[bytes] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    writes: int = 0


@dataclass(frozen=True)
class CrashPoint:
    """Crash at a durable write: `written` says whether it reached the disk.

    A record that was torn is dropped when the journal is opened, so it counts as not written.
    """

    write: int
    written: bool
    reboot_ms: int = -1


@dataclass
class Machine:
    """A computer. `rate` and `offset_ms` make its clock differ from the world's."""

    name: str
    disk: Disk = field(default_factory=Disk)
    joining: Configuration | None = None
    node: Node | None = None
    life: int = 0
    running: dict[str, set[str]] = field(default_factory=dict)
    adapters: dict[str, str] = field(default_factory=dict)
    peers: dict[str, fx.PeerAt] = field(default_factory=dict)
    crash_at: CrashPoint | None = None
    paused: bool = False
    backlog: list[ev.Event] = field(default_factory=list)
    petted_ms: int = 0
    rate: float = 1.0
    offset_ms: int = 0

    def runs(self) -> list[str]:
        """Return the groups of which anything runs here, agent or no agent."""
        return [group for group, resources in self.running.items() if resources]

    def now(self, world_ms: int) -> ev.Now:
        """Return the time as this machine's clock tells it."""
        return ev.Now(int(world_ms * self.rate) + self.offset_ms, world_ms / 1000)
