"""What a console may ask an agent, and the answers. Roles are enforced by the agent's core."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from nodeagent.model.names import GroupName, Name
from nodeagent.model.reports import Report
from nodeagent.wire.fencing import FenceChecks, GetFenceChecks, TestFence
from nodeagent.wire.inventory import AgentFound, GetAgent, GetInventory, Inventory
from nodeagent.wire.joining import (
    Admit,
    Admitted,
    GetJoining,
    Invite,
    Invited,
    Joining,
    Withdraw,
)
from nodeagent.wire.ledger import GetLedger, Ledger
from nodeagent.wire.limits import CONFIGURATION_BYTES_MAX, PROBATION_SECONDS_MAX
from nodeagent.wire.live import Snapshot
from nodeagent.wire.recording import GetRecording, Recording

ConfigurationText = Annotated[str, Meta(max_length=CONFIGURATION_BYTES_MAX)]
ShortText = Annotated[str, Meta(max_length=500)]
Arguments = Annotated[tuple[ShortText, ...], Meta(max_length=32)]
RequestId = Annotated[int, Meta(ge=0, le=2**62)]
DrillKind = Literal[
    "cut-adapter",
    "mend-adapter",
    "fail-acquire",
    "mend-acquire",
    "fail-application",
    "slow-step",
    "stop-at-step",
]


class GetSnapshot(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask for everything the agent knows."""


class Apply(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask for a DARE to the configuration `text`, edited from the one with file digest `base`.

    `owners` are moves asked for: group to node, or to "" for offline. `mark`, if any, is drawn at
    random by who asks and comes back in the DARE's record: by it a DARE is known as one's own where
    the answer that names it was lost. `probation_seconds` above 0: it returns to what was before
    unless it is confirmed within that time and all groups stay online, and `check` (a command as
    argument list) succeeds on every voter. `rehearsed` is the digest
    of a rehearsal: what it found must be so still, or the DARE is refused with what drifted.
    """

    text: ConfigurationText
    base: Annotated[str, Meta(max_length=80)]
    reason: ShortText = ""
    author: ShortText = ""
    owners: Annotated[dict[GroupName, str], Meta(max_length=1000)] = {}
    mark: Annotated[str, Meta(max_length=64)] = ""
    probation_seconds: Annotated[int, Meta(ge=0, le=PROBATION_SECONDS_MAX)] = 0
    rehearsed: Annotated[str, Meta(max_length=80)] = ""
    check: Arguments = ()


class Rehearse(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask all nodes what a DARE would ask before it changes anything, and change nothing.

    Answered by Done with the name of the rehearsal, whose progress comes on the stream.
    """

    text: ConfigurationText
    base: Annotated[str, Meta(max_length=80)]
    author: ShortText = ""


class EndProbation(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """End the probation of `tx`: keep what it brought, or return to what was before at once."""

    tx: Annotated[str, Meta(max_length=120)]
    end: Literal["confirm", "return"]
    author: ShortText = ""


class Abort(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask the coordinator of `tx` to abort, possible until *decide*."""

    tx: Annotated[str, Meta(max_length=120)]


class SaveDraft(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Keep `text` as the default configuration (blocks 86-88); nothing that runs reads it.

    `base` is the file digest of the decided configuration it was made from ("": not known).
    """

    text: ConfigurationText
    author: ShortText = ""
    base: Annotated[str, Meta(max_length=80)] = ""


class GetConfiguration(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask for a decided configuration by its file digest; answered by ConfigurationFile."""

    digest: Annotated[str, Meta(max_length=80)]


class Fence(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask the agent to fence `node` now; with `confirmed`, tell it that the node is off.

    `typed` is the node's name once more, as a person typed it: without it nothing is done.
    """

    node: Name
    typed: ShortText = ""
    confirmed: bool = False


class Drill(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Practise a fault on the agent that is asked; refused unless it was started for drills.

    target: adapter name (cut-adapter, mend-adapter), group (fail-acquire, mend-acquire,
    fail-application), step name (slow-step, stop-at-step: the agent ends itself abruptly when it
    begins that step as coordinator).
    """

    kind: DrillKind
    target: ShortText = ""


PRESENT_SECONDS = 8.0
"""A console that told nothing for so long is not open any more."""

JoinRequest = Invite | Admit | Withdraw | GetJoining
Operate = Abort | Fence | TestFence | EndProbation
Change = Apply | Rehearse | SaveDraft | Drill
Lookup = GetRecording | GetInventory | GetAgent
"""What the core cannot answer: it is looked up on the machine."""
Look = GetSnapshot | GetConfiguration | GetLedger | GetFenceChecks | Lookup
Request = Look | Change | Operate | JoinRequest


class Ask(Struct, frozen=True, forbid_unknown_fields=True):
    """A request with the number by which its answer is known."""

    id: RequestId
    request: Request


class Here(Struct, frozen=True, forbid_unknown_fields=True):
    """Say that a console is open, and where its person is; answered by Present.

    The agent remembers it for `PRESENT_SECONDS` and decides nothing by it. `console` is drawn at
    random by each console, `place` what it shows, `item` the object there, as ``group web`` ("":
    none), `edits`: the person may be changing that in the draft.
    """

    console: Annotated[str, Meta(min_length=16, max_length=64)]
    author: ShortText = ""
    place: Annotated[str, Meta(max_length=40)] = ""
    item: Annotated[str, Meta(max_length=100)] = ""
    edits: bool = False


class HereTold(Struct, frozen=True, forbid_unknown_fields=True):
    """A Here with the number by which its answer is known.

    Beside `Ask`: the door for consoles answers it by itself, and the core never sees it.
    """

    id: RequestId
    here: Here


class Neighbour(Struct, frozen=True, forbid_unknown_fields=True):
    """Another console that is open. `admin` is whom its key belongs to by the configuration."""

    admin: str
    here: Here


class Present(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Which other consoles told this agent that they are open."""

    consoles: tuple[Neighbour, ...] = ()


class Done(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """It was done; for Apply, `tx` names the DARE whose progress comes on the stream."""

    text: str = ""
    tx: str = ""


class Refused(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """It was not done. `exit_code` is for scripts: 1, 3 busy/no quorum, 4 verify, 6 stale."""

    code: str
    text: str
    exit_code: int = 1
    reports: tuple[Report, ...] = ()


class ConfigurationFile(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A decided configuration: its epoch, file digest and exact text."""

    epoch: int
    digest: str
    text: str


Answer = (
    Snapshot
    | ConfigurationFile
    | Recording
    | Ledger
    | Inventory
    | AgentFound
    | FenceChecks
    | Done
    | Refused
    | Invited
    | Joining
    | Admitted
    | Present
)


class Answered(Struct, frozen=True, forbid_unknown_fields=True):
    """An answer to the request with the same id."""

    id: RequestId
    answer: Answer
