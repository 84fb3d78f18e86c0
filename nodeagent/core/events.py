"""Everything that can happen to a node. The daemon makes these; `core.node` steps on them."""

from dataclasses import dataclass
from math import isfinite

from nodeagent.wire.console import Ask
from nodeagent.wire.heartbeat import Heartbeat
from nodeagent.wire.joining import JoinAsk
from nodeagent.wire.peer import Envelope


@dataclass(frozen=True, slots=True)
class Now:
    """The time handed in: own monotonic clock in milliseconds, and Unix seconds for people."""

    ms: int
    unix: float


class Steady:
    """Makes of the time handed in one that never goes back: leases and deadlines are counted in it.

    When the clock falls back, time stands still for that moment and goes on from there. A wall
    clock that gives no number is not listened to.
    """

    def __init__(self, now: Now) -> None:
        self._last = now
        self._behind_ms = 0

    def take(self, now: Now) -> Now:
        """Return the time that it is now."""
        if self._behind_ms or now.ms < self._last.ms or not isfinite(now.unix):
            ms = now.ms + self._behind_ms
            if ms < self._last.ms:
                self._behind_ms += self._last.ms - ms
                ms = self._last.ms
            now = Now(ms, now.unix if isfinite(now.unix) else self._last.unix)
        self._last = now
        return now


@dataclass(frozen=True, slots=True)
class Tick:
    """Time went on; comes about every 50 to 100 ms."""

    load: float = 0.0


@dataclass(frozen=True, slots=True)
class BeatHeard:
    """A heartbeat of `peer` arrived on the own adapter `adapter`."""

    peer: str
    adapter: str
    beat: Heartbeat


@dataclass(frozen=True, slots=True)
class MessageHeard:
    """A control message of `peer` (known by its key) arrived."""

    peer: str
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class DriverFinished:
    """A driver action ended. `op` is the number given in RunDriver.

    `fact` tells, after a validation, programs and devices from others in their places.
    """

    op: int
    ok: bool
    code: str = "ok"
    text: str = ""
    evidence: tuple[str, ...] = ()
    seconds: float = 0.0
    fact: str = ""


@dataclass(frozen=True, slots=True)
class CommandTalked:
    """A command that still runs printed something; `text` is its last line, fit for a screen."""

    op: int
    text: str


@dataclass(frozen=True, slots=True)
class FenceFinished:
    """A fence device was run. `ok`: the machine is off (or was, for a reboot), and that is sure."""

    op: int
    ok: bool
    code: str = "ok"
    text: str = ""
    evidence: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ResourceExited:
    """A started resource ended by itself."""

    group: str
    resource: str
    text: str


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The link of an own adapter went down or came up, as the kernel says."""

    adapter: str
    up: bool


@dataclass(frozen=True, slots=True)
class TemporaryRead:
    """Digests of the temporary and the active file as they are on disk ("": there is none)."""

    digest: str
    active: str = ""


@dataclass(frozen=True, slots=True)
class JournalGrew:
    """The journal is much longer than when it was opened or last written anew."""


@dataclass(frozen=True, slots=True)
class ConsoleAsked:
    """A console with this key asked something; `client` is where the answer goes."""

    client: bytes
    key: str
    ask: Ask


@dataclass(frozen=True, slots=True)
class JoinAsked:
    """A machine that nobody knows asks to join; all that is known of it is its `key`."""

    client: bytes
    key: str
    address: str
    ask: JoinAsk


@dataclass(frozen=True, slots=True)
class JoinDoorOpened:
    """The door for strangers is open at `endpoints`; none: it cannot be opened, `text` says why."""

    endpoints: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class ConsolesPresent:
    """How many consoles follow the live stream."""

    count: int


@dataclass(frozen=True, slots=True)
class StopAsked:
    """The agent shall end in an orderly way: release everything, leave the view, then end."""

    reason: str


Event = (
    Tick
    | BeatHeard
    | MessageHeard
    | DriverFinished
    | CommandTalked
    | FenceFinished
    | ResourceExited
    | LinkChanged
    | TemporaryRead
    | JournalGrew
    | ConsoleAsked
    | JoinAsked
    | JoinDoorOpened
    | ConsolesPresent
    | StopAsked
)
