"""State directories as agents leave them, made with the agents' own code, to be examined or bent.

`Bench` is node alpha of a cluster of three. Its history is written record by record, decree by
decree, with the certificates that real voters would have given.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from nodeagent.config.digest import file_digest
from nodeagent.core import records as rec
from nodeagent.core.log import DecreeLog, genesis
from nodeagent.model.ownership import Ballot, incarnation_of
from nodeagent.store.files import StateDirectory
from nodeagent.store.journal import Journal
from nodeagent.transport import keys
from nodeagent.wire.codec import pack
from nodeagent.wire.peer import Commit, Decree, Value, ViewChange
from tests.simulation.clusters import cluster, group_text, node_key

LIFE = incarnation_of(1, 7)
VIEW = {"alpha": LIFE, "bravo": LIFE, "charlie": LIFE}
OWNERS = {"web": "alpha", "orders": "bravo"}
PAIR = keys.generate()


def first_text(nodes: int = 3) -> str:
    """Return the first configuration, with the key that alpha really has."""
    return cluster(nodes).replace(node_key("alpha"), PAIR.public)


def next_text(name: str = "mail") -> str:
    """Return the first configuration with one more group."""
    return first_text() + "\n" + group_text(name, ("alpha", "bravo"), 120)


def commit(text: str, epoch: int) -> Commit:
    """Return the decree's value that brings `text` into force."""
    data = text.encode()
    return Commit("tx", epoch, file_digest(data), pack(data), VIEW, OWNERS)


@dataclass
class Bench:
    """A state directory, and the decree log that belongs to it."""

    path: Path
    log: DecreeLog = field(default_factory=DecreeLog)
    records: list[rec.Record] = field(default_factory=list)
    nodes: int = 3

    def __post_init__(self) -> None:
        self.directory = StateDirectory(self.path)
        self.directory.acquire_lock()
        self.directory.release_lock()

    def person(self, name: str = "alpha") -> "Bench":
        """Set up who the node is."""
        keys.save(PAIR, self.path / "node.key")
        self.private("node.toml", f'name = "{name}"\n'.encode())
        return self

    def private(self, name: str, data: bytes) -> None:
        """Write a file as agents do: for its owner alone."""
        file = self.path / name
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(data)

    def begin(self, name: str = "alpha") -> "Bench":
        """Write the first decree, a start, and a VIEW that counts all in."""
        data = first_text(self.nodes).encode()
        self.decide(genesis(data))
        self.directory.write("active", data)
        self.directory.write("default", data)
        self.record(rec.Started(LIFE, name))
        self.decide(self.decree(ViewChange(VIEW, OWNERS)))
        return self

    def decree(self, value: Value, accepted_by: Iterable[str] | None = None) -> Decree:
        """Return the next decree, as all voters would have decided it."""
        log = self.log
        by = tuple(log.voters if accepted_by is None else accepted_by)
        return Decree(log.next_slot, value, Ballot(9, "bravo"), log.last_digest, by)

    def decide(self, decree: Decree) -> None:
        """Take a decree into log and journal."""
        self.log.extend(decree)
        self.record(rec.DecidedValue(decree))

    def record(self, *records: rec.Record) -> "Bench":
        """Write records behind those that are there."""
        self.records += records
        return self.raw(*(rec.encode(record) for record in records))

    def raw(self, *records: bytes) -> "Bench":
        """Write bytes as records."""
        journal, _, _ = Journal.open(self.path / "journal")
        for record in records:
            journal.append(record)
        journal.close()
        return self

    def commit(self, text: str, epoch: int) -> None:
        """Bring a configuration into force the way a DARE does, files included."""
        self.directory.write("temporary", text.encode())
        self.decide(self.decree(commit(text, epoch)))
        self.directory.promote(epoch, file_digest(text.encode()))


def bench(path: Path) -> Bench:
    """Return the state directory of a node that ran, took a configuration, and was stopped."""
    made = Bench(path).person().begin()
    made.commit(next_text(), 2)
    made.directory.write("default", next_text().encode())
    return made
