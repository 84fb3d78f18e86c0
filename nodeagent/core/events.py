"""Everything that can happen to a node. The daemon makes these; `core.node` steps on them."""

from math import isfinite

from msgspec import Struct

from nodeagent.wire.console import Ask
from nodeagent.wire.heartbeat import Heartbeat
from nodeagent.wire.joining import JoinAsk
from nodeagent.wire.peer import Envelope


class Now(Struct, frozen=True):
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


class Tick(Struct, frozen=True):
    """Time went on; comes when `core.ticking` says: within 100 ms, and at rest within about 200."""

    load: float = 0.0


class BeatHeard(Struct, frozen=True):
    """A heartbeat of `peer` arrived on the own adapter `adapter`."""

    peer: str
    adapter: str
    beat: Heartbeat


class MessageHeard(Struct, frozen=True):
    """A control message of `peer` (known by its key) arrived."""

    peer: str
    envelope: Envelope


class DriverFinished(Struct, frozen=True):
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


class CommandTalked(Struct, frozen=True):
    """A command or a start that goes on printed something; `text` is its last line."""

    op: int
    text: str


class FenceFinished(Struct, frozen=True):
    """A fence device was run. `ok`: the machine is off (or was, for a reboot), and that is sure."""

    op: int
    ok: bool
    code: str = "ok"
    text: str = ""
    evidence: tuple[str, ...] = ()
    seconds: float = 0.0


class ResourceExited(Struct, frozen=True):
    """A started resource ended by itself."""

    group: str
    resource: str
    text: str


class LinkChanged(Struct, frozen=True):
    """The link of an own adapter went down or came up, as the kernel says."""

    adapter: str
    up: bool


class TemporaryRead(Struct, frozen=True):
    """Digests of the temporary and the active file as they are on disk ("": there is none)."""

    digest: str
    active: str = ""


class JournalGrew(Struct, frozen=True):
    """The journal is much longer than when it was opened or last written anew."""


class ConsoleAsked(Struct, frozen=True):
    """A console with this key asked something; `client` is where the answer goes."""

    client: bytes
    key: str
    ask: Ask


class JoinAsked(Struct, frozen=True):
    """A machine that nobody knows asks to join; all that is known of it is its `key`."""

    client: bytes
    key: str
    address: str
    ask: JoinAsk


class JoinDoorOpened(Struct, frozen=True):
    """The door for strangers is open at `endpoints`; none: it cannot be opened, `text` says why."""

    endpoints: tuple[str, ...]
    text: str = ""


class ConsolesPresent(Struct, frozen=True):
    """How many consoles follow the live stream."""

    count: int


class StopAsked(Struct, frozen=True):
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
