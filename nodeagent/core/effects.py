"""Everything a node can ask for. The daemon carries effects out in the order given.

`Persist` is on disk before a later `Send` leaves: an answer that vouches for a record is never
heard of a node that could forget it.
"""

from typing import Literal

from msgspec import Struct

from nodeagent.core.records import Record
from nodeagent.model.attachment import NOWHERE, Attachment
from nodeagent.model.configuration import Fence, Resource
from nodeagent.model.happenings import Command
from nodeagent.model.ownership import Token
from nodeagent.model.reports import Severity
from nodeagent.wire.console import Answer
from nodeagent.wire.heartbeat import Heartbeat
from nodeagent.wire.inventory import GetAgent, GetInventory
from nodeagent.wire.joining import JoinAnswer
from nodeagent.wire.live import StreamMessage
from nodeagent.wire.peer import Message
from nodeagent.wire.recording import GetRecording

DriverAction = Literal["start", "stop", "monitor", "validate", "reload"]


class Persist(Struct, frozen=True):
    """Append a record to the journal and wait until it is on disk."""

    record: Record


class RewriteJournal(Struct, frozen=True):
    """Put these records, which say the same, in the place of the journal: all of them or none.

    Where the disk refuses it the journal stays as it is.
    """

    records: tuple[Record, ...]


class WriteTemporary(Struct, frozen=True):
    """Replace the temporary configuration (block 206)."""

    data: bytes


class ReadTemporary(Struct, frozen=True):
    """Read the temporary configuration from disk; answered by TemporaryRead."""


class DropTemporary(Struct, frozen=True):
    """Remove the temporary configuration."""


class Activate(Struct, frozen=True):
    """Make these bytes the active configuration (blocks 148/186); the old one goes to history.

    `joined`: this node needs the configuration it was invited with no longer.
    """

    epoch: int
    digest: str
    data: bytes
    joined: bool = True


class WriteDraft(Struct, frozen=True):
    """Replace the default configuration (block 86)."""

    data: bytes


class KeepTimes(Struct, frozen=True):
    """Write down how long actions took; nothing vouches for it."""

    data: bytes


class Send(Struct, frozen=True):
    """Send a control message; `avoid` are networks that are down."""

    to: str
    message: Message
    avoid: tuple[str, ...] = ()


class Beat(Struct, frozen=True):
    """Publish a heartbeat on the own adapter."""

    adapter: str
    beat: Heartbeat


class LocalAdapter(Struct, frozen=True):
    """One of this node's own adapters."""

    name: str
    network: str
    address: str


class PathTo(Struct, frozen=True):
    """A way to a peer: own adapter and address, the peer's address, on one network."""

    network: str
    adapter: str
    local: str
    remote: str


class PeerAt(Struct, frozen=True):
    """A peer with its key and the ways to it."""

    name: str
    key: str
    paths: tuple[PathTo, ...]


class Connect(Struct, frozen=True):
    """Own adapters, peers and consoles' keys as they shall be from now on (the whole set)."""

    adapters: tuple[LocalAdapter, ...]
    peers: tuple[PeerAt, ...]
    roles: tuple[tuple[str, str], ...]
    control_port: int
    heartbeat_port: int
    admin_port: int
    event_port: int


class RunDriver(Struct, frozen=True):
    """Run one action of one resource; answered by DriverFinished with the same `op`.

    `attachment` says on which adapter a service address is, or is to be.
    """

    op: int
    group: str
    name: str
    resource: Resource
    action: DriverAction
    limit_s: float
    token: Token
    attachment: Attachment = NOWHERE


class RunCheck(Struct, frozen=True):
    """Run an administrator's check; answered by DriverFinished with the same `op`."""

    op: int
    arguments: tuple[str, ...]
    limit_s: float


class RunCommand(Struct, frozen=True):
    """Run an administrator's command for an event; answered by DriverFinished with the same `op`.

    While it runs, CommandTalked tells what it prints.
    """

    op: int
    command: Command


class EndCommand(Struct, frozen=True):
    """Kill a command that nobody waits for any more; what it returns is not looked at."""

    op: int


class FenceNode(Struct, frozen=True):
    """Run a fence device of `node`; answered by FenceFinished with the same `op`.

    "validate" only asks the device whether it could do it.
    """

    op: int
    node: str
    name: str
    device: Fence
    work: Literal["fence", "validate"] = "fence"


class Reply(Struct, frozen=True):
    """Answer a console."""

    client: bytes
    id: int
    answer: Answer


class ReadRecording(Struct, frozen=True):
    """Answer a console with a page of what was recorded here."""

    client: bytes
    id: int
    request: GetRecording


class TakeInventory(Struct, frozen=True):
    """Answer a console with what this machine has, or with what one OCF agent says of itself."""

    client: bytes
    id: int
    request: GetInventory | GetAgent


class OpenJoinDoor(Struct, frozen=True):
    """Let strangers ask to join, on these addresses; answered by JoinDoorOpened."""

    addresses: tuple[str, ...]
    port: int


class CloseJoinDoor(Struct, frozen=True):
    """Let no stranger ask any more."""


class AnswerJoin(Struct, frozen=True):
    """Answer a machine that asks to join; an unwelcome one's key need not be let in again."""

    client: bytes
    answer: JoinAnswer
    unwelcome: bool = False


class Publish(Struct, frozen=True):
    """Put a message on the live stream."""

    message: StreamMessage


class Note(Struct, frozen=True):
    """Write a line to the log."""

    severity: Severity
    event: str
    fields: tuple[tuple[str, str], ...] = ()


class Pet(Struct, frozen=True):
    """Tell the watchdog that this node may go on: its lease is valid or it holds nothing.

    `within_ms`: how long it may wait for the next one, as the active configuration has it. If the
    agent dies, what it started may go on for `adopt_ms`, counted from then, and not beyond its
    lease (which ends at `lease_until_ms` of the core's clock) and the watchdog's time.
    """

    within_ms: int = 5_000
    lease_until_ms: int = 0
    adopt_ms: int = 0


class CutAdapter(Struct, frozen=True):
    """A drill: drop everything on this adapter (`mended`: no longer)."""

    adapter: str
    mended: bool = False


class FailApplication(Struct, frozen=True):
    """A drill: end the processes of this group's applications behind the cluster's back."""

    group: str


class End(Struct, frozen=True):
    """End the agent; `abrupt`: at once, as by kill -9 (a drill)."""

    reason: str
    abrupt: bool = False


Effect = (
    Persist
    | RewriteJournal
    | WriteTemporary
    | ReadTemporary
    | DropTemporary
    | Activate
    | WriteDraft
    | KeepTimes
    | Send
    | Beat
    | Connect
    | RunDriver
    | RunCheck
    | RunCommand
    | EndCommand
    | FenceNode
    | Reply
    | ReadRecording
    | TakeInventory
    | OpenJoinDoor
    | CloseJoinDoor
    | AnswerJoin
    | Publish
    | Note
    | Pet
    | CutAdapter
    | FailApplication
    | End
)
