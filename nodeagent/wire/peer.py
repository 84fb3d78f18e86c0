"""What agents say to each other on the control sockets. The sender is the key, never a field."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from nodeagent.model.choice import Choice
from nodeagent.model.names import GroupName, Name
from nodeagent.model.ownership import Ballot
from nodeagent.model.run import Progress, Transaction
from nodeagent.model.times import Timed
from nodeagent.wire.limits import MESSAGE_BYTES_MAX, PROBATION_SECONDS_MAX, UnixSeconds

TIMES_TOLD_MAX = 200
"""So many durations go into one note."""

ClaimText = Annotated[str, Meta(max_length=64)]
Slot = Annotated[int, Meta(ge=-1, le=2**62)]
Counter = Annotated[int, Meta(ge=0, le=2**62)]
Age = Annotated[int, Meta(ge=0, le=2**40)]
Digest = Annotated[str, Meta(max_length=80)]
Text = Annotated[str, Meta(max_length=2000)]
Lines = Annotated[tuple[Text, ...], Meta(max_length=64)]
Moves = Annotated[tuple[tuple[GroupName, Name], ...], Meta(max_length=2000)]
Owners = Annotated[dict[GroupName, str], Meta(max_length=1000)]
View = Annotated[dict[Name, Counter], Meta(max_length=512)]
Facts = Annotated[
    dict[Annotated[str, Meta(max_length=200)], Annotated[str, Meta(max_length=200)]],
    Meta(max_length=2000),
]
Packed = Annotated[bytes, Meta(max_length=MESSAGE_BYTES_MAX)]

StepName = Literal[
    "verify",
    "lock",
    "stage",
    "compare",
    "release",
    "keep",
    "offline",
    "greet",
    "acquire",
    "decide",
    "activate",
    "resume",
    "undo-acquire",
    "undo-release",
    "undo-stage",
    "prove",
]


class Stamp(Struct, frozen=True, forbid_unknown_fields=True):
    """When a value was proposed, by the clock of its proposer; `at` is Unix seconds.

    `seconds`: how long the DARE had taken by then. `author` and `reason` say who wanted what was
    aborted, and why; a COMMIT has its own.
    """

    at: UnixSeconds
    seconds: Annotated[float, Meta(ge=0, le=1e9)] = 0.0
    author: Text = ""
    reason: Text = ""


Choices = Annotated[tuple[Choice, ...], Meta(max_length=1000)]
Arguments = Annotated[tuple[Annotated[str, Meta(max_length=500)], ...], Meta(max_length=32)]


class Probation(Struct, frozen=True, forbid_unknown_fields=True):
    """For how long a COMMIT may stand without its confirmation, and what returns after that.

    `seconds` are counted by each node from where the COMMIT came into force there; `previous` is
    the epoch that returns, `before` whose each group was then ("" offline by order), and `online`
    are the groups that were well and must stay so. `check` is a command (argument list) that every
    voter runs now and then, and that must end with exit code 0. `asked` are the moves and offlines
    that were in force, where there were any.
    """

    seconds: Annotated[int, Meta(ge=1, le=PROBATION_SECONDS_MAX)]
    previous: Counter
    before: Owners = {}
    online: Annotated[tuple[GroupName, ...], Meta(max_length=1000)] = ()
    check: Arguments = ()
    asked: Owners | UnsetType = UNSET


class Commit(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Decree: this configuration (zlib-packed exact bytes) with this view and these owners.

    `generation` above 0: no majority decided it but an operator, who opened this generation.
    What is not set is not written, so decrees of before keep their digests. `choices` tell why
    groups change their owner with it. `asked` are the moves and offlines ("") in force from then
    on; where it is not set they are inferred.
    """

    tx: Transaction
    epoch: Counter
    digest: Digest
    file: Packed
    view: View
    owners: Owners
    author: Text = ""
    reason: Text = ""
    generation: Counter = 0
    probation: Probation | UnsetType = UNSET
    stamp: Stamp | UnsetType = UNSET
    choices: Choices | UnsetType = UNSET
    asked: Owners | UnsetType = UNSET


class Aborted(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Decree: the transaction is undone. `owners` may still hold groups that it gave them."""

    tx: Transaction
    reason: Text = ""
    owners: Owners = {}
    stamp: Stamp | UnsetType = UNSET


class ViewChange(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Decree: who is in, and who owns what from now on."""

    view: View
    owners: Owners
    cause: Text = ""
    stamp: Stamp | UnsetType = UNSET
    choices: Choices | UnsetType = UNSET


class Forget(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Decree: the tombstone of a removed node may go."""

    node: Name


class Confirmed(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Decree: what `tx` brought into force on probation stays."""

    tx: Transaction
    author: Text = ""
    stamp: Stamp | UnsetType = UNSET


Value = Commit | Aborted | ViewChange | Forget | Confirmed


class Decree(Struct, frozen=True, forbid_unknown_fields=True):
    """A decided value with its certificate.

    `previous` is the digest of the decree before it (hash chain), `accepted_by` the voters whose
    acceptance made it decided. `fenced` is the other one of two voters where the first decided
    alone, because a confirmed fence stood for that vote.
    """

    slot: Slot
    value: Value
    ballot: Ballot
    previous: Digest
    accepted_by: Annotated[tuple[Name, ...], Meta(max_length=64)]
    fenced: Annotated[tuple[Name, ...], Meta(max_length=1)] = ()


class Prepare(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask for a promise. For a DARE this is the lock (blocks 90-94)."""

    slot: Slot
    ballot: Ballot
    purpose: Literal["dare", "view", "terminate"]
    tx: Transaction = ""
    base: Digest = ""


class Promise(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """No lower ballot will be answered; what was accepted so far.

    `owners` are those that the DARE which is staged here wants: they may hold groups already.
    """

    slot: Slot
    ballot: Ballot
    accepted_ballot: Ballot | None = None
    accepted: Value | None = None
    owners: Owners = {}


class Refuse(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A promise or acceptance is not given, and why; `promised` lets the asker learn."""

    slot: Slot
    ballot: Ballot
    code: Literal["ballot", "busy", "stale"]
    promised: Ballot = Ballot()
    text: Text = ""


class Accept(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask to accept a value."""

    slot: Slot
    ballot: Ballot
    value: Value


class Accepted(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """The value is on this voter's disk."""

    slot: Slot
    ballot: Ballot


class Withdraw(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """The asker of `ballot` never sent an Accept and gives its lock back."""

    slot: Slot
    ballot: Ballot


class Decided(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A decree for those who wait for it; answered by Applied."""

    decree: Decree


class Applied(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """The decree is on disk here and in force; `error` says why it is not."""

    slot: Slot
    error: Text = ""


class CatchUp(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask for all decrees from `slot` on."""

    slot: Slot


class Decrees(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Decrees in order."""

    decrees: Annotated[tuple[Decree, ...], Meta(max_length=64)]


class StepOrder(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """The coordinator asks a participant for its part in one step. Repeated until answered.

    `file` (zlib-packed) goes with verify and stage; `owners` and `view` are those wanted after the
    DARE, `release` and `acquire` the (group, node) pairs in order. `limit_ms` bounds the step.
    """

    tx: Transaction
    slot: Slot
    ballot: Ballot
    step: StepName
    limit_ms: Counter
    file: Packed = b""
    digest: Digest = ""
    owners: Owners = {}
    view: View = {}
    release: Moves = ()
    acquire: Moves = ()


class StepReply(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A participant's result of one step; `final` False is a sign of life with news.

    `gap_ms`: the longest time in this DARE for which it did not look whether its peers live.
    `facts` is what *verify* rests on here, by what was looked at: it must be the same again when
    what was rehearsed is carried out.
    `groups`: for each group that was released or acquired how many milliseconds before this answer
    that began, and ended.
    """

    tx: Transaction
    slot: Slot
    ballot: Ballot
    step: StepName
    ok: bool
    final: bool = True
    reason: Text = ""
    evidence: Lines = ()
    milliseconds: Counter = 0
    gap_ms: Counter = 0
    digest: Digest = ""
    incarnation: Counter = 0
    facts: Facts = {}
    groups: Annotated[dict[GroupName, tuple[Age, Age]], Meta(max_length=1000)] = {}


class LeaseRequest(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A node asks voters to acknowledge that it may hold what the decrees give it."""

    slot: Slot
    sequence: Counter


class Grant(Struct, frozen=True, forbid_unknown_fields=True):
    """How many milliseconds ago a voter last acknowledged a lease of `node`, at the least."""

    node: Name
    ms_ago: Counter


class LeaseAck(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A voter acknowledges the lease request with this sequence.

    `granted` is of the nodes that are out at `slot`, the newest decree that the voter knows.
    """

    sequence: Counter
    slot: Slot = 0
    granted: Annotated[tuple[Grant, ...], Meta(max_length=1000)] = ()


class Probe(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask what a node holds, to acquire only after proof of release.

    `target` is who is asked, `asker` who asks, where they do not hear each other and a node between
    them passes it on ("": the receiver, the sender). With `claims` only the first of the groups is
    meant by its name; of the others it counts whether they use one of these (`core.claims`).
    """

    slot: Slot
    sequence: Counter
    groups: Annotated[tuple[GroupName, ...], Meta(max_length=1000)]
    target: Annotated[str, Meta(max_length=63)] = ""
    asker: Annotated[str, Meta(max_length=63)] = ""
    claims: Annotated[tuple[ClaimText, ...], Meta(max_length=1000)] | UnsetType = UNSET


class ProbeReply(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """What of the groups asked for is held (or being acquired or released) at `slot`.

    `target` says so to `asker`, as in the Probe.
    """

    slot: Slot
    sequence: Counter
    held: Annotated[tuple[GroupName, ...], Meta(max_length=1000)]
    target: Annotated[str, Meta(max_length=63)] = ""
    asker: Annotated[str, Meta(max_length=63)] = ""


class FenceNote(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """How the fencing of `node` goes. "done": it is off, so it holds nothing.

    `slot` is the newest decree that its sender knows, and `incarnation` the newest life of the node
    that was counted in by then: of a later decree or life it proves nothing. `by` fenced it.
    """

    slot: Slot
    node: Name
    incarnation: Counter
    state: Literal["running", "failed", "done"]
    by: Annotated[str, Meta(max_length=63)] = ""
    device: Annotated[str, Meta(max_length=200)] = ""
    text: Text = ""


class FenceWanted(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask whether anybody knows that `node` is fenced."""

    slot: Slot
    node: Name


class ProgressNote(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """The coordinator's progress for the consoles at other agents."""

    progress: Progress


class DraftNote(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """The default configuration was edited at a peer (block 88)."""

    file: Packed
    author: Text = ""
    base: Digest = ""


class TimesNote(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """How long actions took at the sender; for forecasts only."""

    times: Annotated[tuple[Timed, ...], Meta(max_length=TIMES_TOLD_MAX)]


class Relay(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A console's wish handed on to the coordinator: abort of `tx`."""

    tx: Transaction


class EndWanted(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A console's wish handed on to the voters: end the probation of `tx`, one way or the other."""

    tx: Transaction
    end: Literal["confirm", "return"]
    author: Text = ""


class RunWanted(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask the coordinator how `tx` ended, when its news got lost."""

    tx: Transaction


Message = (
    Prepare
    | Promise
    | Refuse
    | Accept
    | Accepted
    | Withdraw
    | Decided
    | Applied
    | CatchUp
    | Decrees
    | StepOrder
    | StepReply
    | LeaseRequest
    | LeaseAck
    | Probe
    | ProbeReply
    | FenceNote
    | FenceWanted
    | ProgressNote
    | DraftNote
    | TimesNote
    | Relay
    | EndWanted
    | RunWanted
)


class Envelope(Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """Header of every control message."""

    version: Annotated[int, Meta(ge=0, le=1000)]
    cluster: Digest
    generation: Counter
    incarnation: Counter
    message: Message
