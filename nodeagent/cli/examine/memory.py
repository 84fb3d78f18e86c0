"""Judges the journal: as a file, record by record, and the decrees in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from nodeagent.cli.examine.codes import Finding, finding
from nodeagent.cli.examine.reading import Look
from nodeagent.core import records as rec
from nodeagent.core.log import DecreeError, DecreeLog, chain_digest
from nodeagent.model.ownership import Ballot, is_older, life_of
from nodeagent.store.journal import foreign, replay_bytes
from nodeagent.wire.peer import Commit, Decree, Value

JOURNAL = "journal"
LONG_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Memory:
    """What the journal says. `records` are those that could be read, `durable` what they mean."""

    records: tuple[rec.Record, ...] = ()
    durable: rec.Durable = field(default_factory=rec.Durable)
    about: str = "none"
    findings: tuple[Finding, ...] = ()


def read_memory(look: Look, *, joining: bool) -> Memory:
    """Return what the journal in this directory says, and how it was found as a file."""
    data = look.data(JOURNAL)
    if not data:
        entry = look.entries.get(JOURNAL)
        if entry is not None and (entry.kind != "file" or entry.problem):
            return Memory(about="unreadable")
        text = "there is none" if entry is None else "it is empty"
        return Memory(findings=(finding("E621", JOURNAL, text),))
    problem = foreign(data)
    if problem is not None:
        return Memory(about="unreadable", findings=(finding("E622", JOURNAL, f"it {problem}"),))
    return _opened(data, joining=joining)


def _opened(data: bytes, *, joining: bool) -> Memory:
    findings: list[Finding] = []
    raw, state = replay_bytes(data)
    if state.kind == "damaged":
        findings.append(finding("E623", JOURNAL, state.text))
    elif state.kind == "torn":
        text = state.text.replace("were cut off", "are of a record that was being written")
        findings.append(finding("N624", JOURNAL, text))
    records: list[rec.Record] = []
    for number, bytes_ in enumerate(raw):
        try:
            records.append(rec.decode(bytes_))
        except ValueError as error:
            findings.append(finding("E625", JOURNAL, f"record {number} is not ours: {error}"))
            break
    if state.offset > LONG_BYTES:
        text = f"{state.offset >> 20} MiB; the next start writes it anew without what is over"
        findings.append(finding("N626", JOURNAL, text))
    durable = rec.replay(records)
    if not durable.decrees and not joining:
        findings.append(finding("E628", JOURNAL, "no decree, not even the first configuration"))
    about = f"{len(records)} records, {max(state.offset >> 10, 1)} KiB"
    return Memory(tuple(records), durable, about, tuple(findings))


# -- the records, one after the other


@dataclass(slots=True)
class _Walk:
    """What was seen so far on the way through the records."""

    chain: list[Decree] = field(default_factory=list)
    promised: Ballot = field(default_factory=Ballot)
    accepted: dict[Ballot, Value] = field(default_factory=dict)
    incarnation: int = -1


def judge_records(memory: Memory, name: str) -> Iterator[Finding]:
    """Tell what these records could not say in this order if no memory was lost between them."""
    whose = memory.durable.node
    if whose and name and whose != name:
        yield finding("E627", JOURNAL, f"it is the journal of node {whose}, and this is {name}")
    walk = _Walk()
    for number, record in enumerate(memory.records):
        for code, text in _judge_one(walk, record):
            yield finding(code, JOURNAL, f"record {number}: {text}")


def _judge_one(walk: _Walk, record: rec.Record) -> Iterator[tuple[str, str]]:
    match record:
        case rec.Started():
            if record.incarnation <= walk.incarnation:
                yield "E634", f"start {record.incarnation} after start {walk.incarnation}"
            walk.incarnation = record.incarnation
        case rec.DecidedValue():
            yield from _judge_decided(walk, record.decree)
        case (
            rec.Promised()
            | rec.AcceptedValue()
            | rec.AcceptedAgain()
            | rec.Staged()
            | rec.Withdrawn()
        ):
            if record.slot > len(walk.chain):
                yield "E632", f"of slot {record.slot}, and {len(walk.chain)} is the open one"
            elif record.slot == len(walk.chain):
                yield from _judge_open(walk, record)
        case _:
            return


def _judge_decided(walk: _Walk, decree: Decree) -> Iterator[tuple[str, str]]:
    slot, known = decree.slot, len(walk.chain)
    if slot > known:
        yield "E632", f"decree {slot} where {known} is next"
    elif slot == known:
        walk.chain.append(decree)
        walk.promised, walk.accepted = Ballot(), {}
    elif slot >= 0 and chain_digest(walk.chain[slot]) != chain_digest(decree):
        yield "E633", f"slot {slot} was decided twice, differently"


def _judge_open(
    walk: _Walk,
    record: rec.Promised | rec.AcceptedValue | rec.AcceptedAgain | rec.Staged | rec.Withdrawn,
) -> Iterator[tuple[str, str]]:
    if isinstance(record, rec.Promised | rec.AcceptedValue | rec.AcceptedAgain):
        if record.ballot < walk.promised:
            yield "E631", f"ballot {record.ballot} after a promise to {walk.promised}"
        walk.promised = max(walk.promised, record.ballot)
    if isinstance(record, rec.AcceptedValue):
        first = walk.accepted.setdefault(record.ballot, record.value)
        if first != record.value:
            yield "E635", f"another value was accepted under ballot {record.ballot} before"
    if isinstance(record, rec.AcceptedAgain):
        if not walk.accepted:
            yield "E636", f"accepted again under ballot {record.ballot}, and nothing was before"
            return
        last = next(reversed(walk.accepted.values()))
        if walk.accepted.setdefault(record.ballot, last) != last:
            yield "E635", f"another value was accepted under ballot {record.ballot} before"


# -- the decrees


def judge_decrees(memory: Memory, name: str) -> tuple[DecreeLog, str, list[Finding]]:
    """Return the decree log as far as it holds, what it says, and what is wrong with it.

    Where an entry does not follow the one before it, the log ends; `chain` says which is broken.
    """
    log = DecreeLog()
    findings: list[Finding] = []
    for decree in memory.durable.decrees:
        value, before = decree.value, log.standing.epoch
        if isinstance(value, Commit) and value.epoch != before + 1:
            text = f"decree {decree.slot} brings epoch {value.epoch} after {before}"
            findings.append(finding("E644", JOURNAL, text))
        if decree.previous != log.last_digest:
            break  # the chain's own finding tells of it
        code = "E643"
        try:
            if decree.slot and not log.certified(value, decree.accepted_by, decree.fenced):
                code = "E642"
            log.extend(decree)
        except DecreeError as error:
            findings.append(finding(code, JOURNAL, str(error)))
            break
    findings += _set_back(memory, log, name)
    return log, _about(log), findings


def _about(log: DecreeLog) -> str:
    if not log.decrees:
        return "none"
    standing = log.standing
    return (
        f"{len(log.decrees)}, epoch {standing.epoch}, generation {standing.generation}, "
        f"in: {', '.join(sorted(standing.view)) or 'nobody'}, cluster {log.root[:12]}"
    )


def _set_back(memory: Memory, log: DecreeLog, name: str) -> Iterator[Finding]:
    own, counted = memory.durable.incarnation, log.lives.get(name, 0)
    if is_older(own, counted):
        text = (
            f"the decrees count start {life_of(counted)} of this node in, its own last one is "
            f"{life_of(own)}: it forgot what it promised since"
        )
        yield finding("E637", JOURNAL, text)


def judge_groups(memory: Memory, *, runs: bool) -> Iterator[Finding]:
    """Tell what the node still holds by its journal although no agent `runs` here."""
    if memory.durable.held and not runs:
        groups = ", ".join(sorted(memory.durable.held))
        yield finding("N638", JOURNAL, f"the agent held {groups} when it last wrote")
