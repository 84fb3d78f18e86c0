"""What a node writes down before it answers, and what it knows again after a restart.

The journal is a list of these records. `replay` folds them into `Durable`; nothing else of a
node's past survives a crash.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import msgspec
from msgspec import Struct

from nodeagent.model.ownership import Ballot, Token
from nodeagent.wire.peer import Aborted, Commit, Decree, Value, ViewChange


class Started(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """The agent of `node` started, as this incarnation of it ("": a journal of earlier times)."""

    incarnation: int
    node: str = ""


class Promised(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """No ballot below this one will be answered in this slot. `tx` is the lock it grants.

    Empty: it grants none, and a lock that was granted stays with its holder.
    """

    slot: int
    ballot: Ballot
    tx: str = ""


class Withdrawn(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """The lock of this ballot was given back by its holder; the promise stays."""

    slot: int
    ballot: Ballot


class Staged(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A configuration was staged: its packed bytes, and what the DARE wants."""

    tx: str
    slot: int
    ballot: Ballot
    digest: str
    file: bytes
    owners: dict[str, str]
    view: dict[str, int]
    release: tuple[tuple[str, str], ...] = ()
    acquire: tuple[tuple[str, str], ...] = ()


class AcceptedValue(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """This value was accepted in this slot under this ballot."""

    slot: int
    ballot: Ballot
    value: Value


class AcceptedAgain(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """The value that was accepted last in this slot was accepted under this ballot, too."""

    slot: int
    ballot: Ballot


class DecidedValue(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """This decree is known to be decided."""

    decree: Decree


class Holding(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A group is (or may be) held by this node from here on, or is held no more."""

    group: str
    held: bool


class Online(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A group is wholly started here, as the definition with this digest has it.

    `placed` are the adapters of its service addresses. The digest is empty from before anything of
    it is started or stopped until it is whole again.
    """

    group: str
    definition: str = ""
    token: Token = Token()
    placed: dict[str, str] = {}


class Tried(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """DAREs of the past may have brought these groups to these nodes."""

    pairs: tuple[tuple[str, str], ...]


class Drafted(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """The default configuration was made from the decided one with this file digest."""

    base: str


class Fenced(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """This node was off while `slot` was the newest decree known here: it held nothing then.

    Void once a later decree counts the node in, or a DARE may have brought a group to it.
    """

    node: str
    slot: int


Record = (
    Drafted
    | Fenced
    | Tried
    | Started
    | Promised
    | Withdrawn
    | Staged
    | AcceptedValue
    | AcceptedAgain
    | DecidedValue
    | Holding
    | Online
)


@dataclass(frozen=True, slots=True)
class Durable:
    """All that the journal says.

    `node` is whose journal it is ("": not known); `lives` are the incarnations that were started
    from it; `tried` are (group, node) of every DARE that was staged here; `fenced` are the nodes
    that are known to be off, or were, and have not been in since; `online` are the groups that are
    wholly started here.
    """

    incarnation: int = 0
    lives: frozenset[int] = field(default_factory=frozenset)
    node: str = ""
    decrees: tuple[Decree, ...] = ()
    promised: Ballot = field(default_factory=Ballot)
    lock: str = ""
    lock_ballot: Ballot = field(default_factory=Ballot)
    staged: Staged | None = None
    accepted: AcceptedValue | None = None
    held: frozenset[str] = field(default_factory=frozenset)
    tried: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    draft_base: str = ""
    fenced: frozenset[str] = field(default_factory=frozenset)
    online: dict[str, Online] = field(default_factory=dict)


def _promised(state: Durable, record: Promised) -> Durable:
    if not record.tx:
        return replace(state, promised=record.ballot)
    return replace(state, promised=record.ballot, lock=record.tx, lock_ballot=record.ballot)


def _fold(state: Durable, record: Record, slot: int) -> Durable:
    """Take a record; `slot` is the one that is open by then."""
    match record:
        case Started():
            return replace(state, incarnation=record.incarnation, node=record.node or state.node)
        case Drafted():
            return replace(state, draft_base=record.base)
        case Tried():
            return replace(state, tried=state.tried | set(record.pairs))
        case Holding() | Online():
            return _fold_group(state, record)
        case Fenced():
            return replace(state, fenced=state.fenced | {record.node})
        case DecidedValue():
            return _decided(state, record.decree.value) if record.decree.slot == slot else state
    if record.slot != slot:
        return state  # of a slot that is decided by now
    return _fold_open(state, record)


def _fold_group(state: Durable, record: Holding | Online) -> Durable:
    """Take what happened to a group here; what is held no more is not online either."""
    others = {name: one for name, one in state.online.items() if name != record.group}
    if isinstance(record, Online):
        whole = {record.group: record} if record.definition else {}
        return replace(state, online=others | whole)
    if record.held:
        return replace(state, held=state.held | {record.group})
    return replace(state, held=state.held - {record.group}, online=others)


def may_hold_after(value: Value) -> frozenset[str]:
    """Return the nodes that may hold groups because of this decree, fenced before or not."""
    if isinstance(value, Commit | ViewChange):
        return frozenset(value.view)
    return frozenset(value.owners.values()) if isinstance(value, Aborted) else frozenset()


def _decided(state: Durable, value: Value) -> Durable:
    """Forget what was open in the slot that is decided now."""
    return Durable(
        incarnation=state.incarnation,
        node=state.node,
        held=state.held,
        tried=state.tried,
        draft_base=state.draft_base,
        fenced=state.fenced - may_hold_after(value),
        online=state.online,
    )


def _fold_open(
    state: Durable, record: Promised | Withdrawn | Staged | AcceptedValue | AcceptedAgain
) -> Durable:
    """Take a record of the slot that is open."""
    match record:
        case Promised():
            return _promised(state, record)
        case Withdrawn():
            free = record.ballot == state.lock_ballot
            return replace(state, lock="", lock_ballot=Ballot()) if free else state
        case Staged():
            brought = {node for _, node in record.acquire}
            tried = state.tried | set(record.acquire)
            return replace(state, staged=record, tried=tried, fenced=state.fenced - brought)
        case AcceptedValue():
            return replace(state, accepted=record, promised=max(state.promised, record.ballot))
        case AcceptedAgain():
            return _accepted_again(state, record)


def _accepted_again(state: Durable, record: AcceptedAgain) -> Durable:
    """Raise the ballot of what was accepted; without it (a lost record) the promise remains."""
    state = replace(state, promised=max(state.promised, record.ballot))
    if state.accepted is None:
        return state
    value = state.accepted.value
    return replace(state, accepted=AcceptedValue(record.slot, record.ballot, value))


class Memory:
    """What a journal says, followed record by record: the same as `replay` of all of them."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._state = Durable()
        self._decrees: list[Decree] = []
        self._lives: set[int] = set()
        for record in records:
            self.take(record)

    def take(self, record: Record) -> None:
        """Take the next record."""
        self._state = _fold(self._state, record, len(self._decrees))
        if isinstance(record, DecidedValue) and record.decree.slot == len(self._decrees):
            self._decrees.append(record.decree)
        if isinstance(record, Started):
            self._lives.add(record.incarnation)

    @property
    def durable(self) -> Durable:
        """Return what the node knows after these records."""
        lives = frozenset(self._lives - {0})
        return replace(self._state, decrees=tuple(self._decrees), lives=lives)


def replay(records: Iterable[Record]) -> Durable:
    """Return what the node knows after these records, oldest first."""
    return Memory(records).durable


def compact(durable: Durable) -> list[Record]:
    """Return the shortest records that replay to `durable`; lives nobody will name are left out."""
    slot = len(durable.decrees)
    records: list[Record] = [DecidedValue(decree) for decree in durable.decrees]
    records += [Started(life, durable.node) for life in _lives_to_know(durable)]
    records += [Holding(group, held=True) for group in sorted(durable.held)]
    records += [durable.online[group] for group in sorted(durable.online)]
    if durable.draft_base:
        records.append(Drafted(durable.draft_base))
    if durable.tried:
        records.append(Tried(tuple(sorted(durable.tried))))
    records += [Fenced(node, slot - 1) for node in sorted(durable.fenced)]
    return records + sorted(_still_open(durable, slot), key=lambda record: record.ballot)


def _lives_to_know(durable: Durable) -> list[int]:
    """Return the own lives that were decreed in, or may be so unheard; the newest at the end."""
    values = [decree.value for decree in durable.decrees]
    views = [v.view for v in values if isinstance(v, Commit | ViewChange)]
    decreed = {view[durable.node] for view in views if durable.node in view}
    since = max(durable.lives & decreed, default=0)
    known = {life for life in durable.lives if life in decreed or life > since}
    return [*sorted(known - {durable.incarnation}), durable.incarnation]


def _still_open(durable: Durable, slot: int) -> Iterator[Promised | Staged | AcceptedValue]:
    """Yield what is open; sorted by ballot, promises do not fall, just as they were given."""
    if durable.lock:
        yield Promised(slot, durable.lock_ballot, durable.lock)
    if durable.staged is not None:
        yield durable.staged
    if durable.accepted is not None:
        yield durable.accepted
    if durable.promised != Ballot():
        yield Promised(slot, durable.promised)


_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)


def encode(record: Record) -> bytes:
    """Return the form of a record in the journal."""
    return _encoder.encode(record)


def decode(data: bytes) -> Record:
    """Return the record; msgspec.MsgspecError if these bytes are none."""
    return _decoder.decode(data)
