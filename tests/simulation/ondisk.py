"""What the disk of one machine vouches for, kept by the watcher on its own account."""

from dataclasses import dataclass, field

from nodeagent.core.records import (
    AcceptedAgain,
    AcceptedValue,
    DecidedValue,
    Holding,
    Promised,
    Record,
    Staged,
    Started,
)
from nodeagent.model.ownership import Ballot
from nodeagent.wire.peer import Commit, Decree


@dataclass
class OnDisk:
    """The journal of one machine as far as a rule speaks of it."""

    slot: int = 1
    epoch: int = 1
    incarnation: int = 0
    promised: Ballot = field(default_factory=Ballot)
    accepted: set[tuple[int, Ballot]] = field(default_factory=set)
    last_accepted: AcceptedValue | None = None
    staged: Staged | None = None
    begun: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    suspended_since: int = -1
    on_bad_since: dict[tuple[str, str], int] = field(default_factory=dict)
    lease_end_ms: int = 0

    def take(self, record: Record) -> None:
        """Take a record that reached the disk; AssertionError if it breaks a promise."""
        match record:
            case Promised():
                assert record.ballot >= self.promised, "6 promise: a lower ballot was promised"
                self.promised = record.ballot
            case AcceptedValue() | AcceptedAgain():
                text = f"6 promise: accepted {record.ballot} under {self.promised}"
                assert record.ballot >= self.promised, text
                self.promised = record.ballot
                self.accepted.add((record.slot, record.ballot))
                if isinstance(record, AcceptedValue):
                    self.last_accepted = record
                else:
                    slot = self.last_accepted.slot if self.last_accepted else -1
                    text = "6 promise: accepted again what is not on the disk"
                    assert slot == record.slot, text
            case Staged():
                self.staged, self.begun = record, set(self.held)
            case DecidedValue():
                self._decided(record.decree)
            case Holding():
                (self.held.add if record.held else self.held.discard)(record.group)
                self.begun &= self.held
            case Started():
                assert record.incarnation >= self.incarnation, "6 promise: a life was counted twice"
                self.incarnation = record.incarnation
            case _:
                pass

    def _decided(self, decree: Decree) -> None:
        self.promised, self.staged = Ballot(), None
        self.slot = decree.slot + 1
        if decree.slot and isinstance(decree.value, Commit):
            assert decree.value.epoch > self.epoch, "4 monotone: an epoch fell"
            self.epoch = decree.value.epoch

    def knows(self, slot: int) -> bool:
        """Return whether the decree of this slot is on the disk."""
        return self.slot > slot


def on_disk(records: list[Record]) -> OnDisk:
    """Return what these records vouch for."""
    disk = OnDisk()
    for record in records:
        disk.take(record)
    return disk
