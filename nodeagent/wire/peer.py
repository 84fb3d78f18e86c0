"""What agents say to each other on the control sockets. The sender is the key, never a field."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from nodeagent.model.names import Name
from nodeagent.model.ownership import Ballot
from nodeagent.model.run import Progress, Transaction
from nodeagent.wire.limits import MESSAGE_BYTES_MAX

Slot = Annotated[int, Meta(ge=-1, le=2**62)]
Counter = Annotated[int, Meta(ge=0, le=2**62)]
Digest = Annotated[str, Meta(max_length=80)]
Text = Annotated[str, Meta(max_length=2000)]
Lines = Annotated[tuple[Text, ...], Meta(max_length=64)]
Moves = Annotated[tuple[tuple[Name, Name], ...], Meta(max_length=2000)]
Owners = Annotated[dict[Name, str], Meta(max_length=1000)]
View = Annotated[dict[Name, Counter], Meta(max_length=512)]
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


class Commit(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Decree: this configuration (zlib-packed exact bytes) with this view and these owners.

    `generation` above 0: no majority decided it but an operator, who opened this generation.
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


class Aborted(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Decree: the transaction is undone. `owners` may still hold groups that it gave them."""

    tx: Transaction
    reason: Text = ""
    owners: Owners = {}


class ViewChange(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Decree: who is in, and who owns what from now on."""

    view: View
    owners: Owners
    cause: Text = ""


class Forget(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Decree: the tombstone of a removed node may go."""

    node: Name


Value = Commit | Aborted | ViewChange | Forget


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
    them passes it on ("": the receiver, the sender).
    """

    slot: Slot
    sequence: Counter
    groups: Annotated[tuple[Name, ...], Meta(max_length=1000)]
    target: Annotated[str, Meta(max_length=63)] = ""
    asker: Annotated[str, Meta(max_length=63)] = ""


class ProbeReply(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """What of the groups asked for is held (or being acquired or released) at `slot`.

    `target` says so to `asker`, as in the Probe.
    """

    slot: Slot
    sequence: Counter
    held: Annotated[tuple[Name, ...], Meta(max_length=1000)]
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


class Relay(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A console's wish handed on to the coordinator: abort of `tx`."""

    tx: Transaction


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
    | Relay
    | RunWanted
)


class Envelope(Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """Header of every control message."""

    version: Annotated[int, Meta(ge=0, le=1000)]
    cluster: Digest
    generation: Counter
    incarnation: Counter
    message: Message
