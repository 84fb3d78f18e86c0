"""The decree log: what was decided, slot by slot, and the standing that follows from it.

Each decree names the digest of the one before it (hash chain) and the voters whose acceptance
made it decided (certificate). COMMIT needs a majority of the old and of the new voters, every
other decree a majority of the old ones. The first decree is the first configuration, written by
`nodeagent init` and equal on all nodes: its digest is the identity of the cluster.
"""

import hashlib
from collections import deque
from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache

import msgspec
from msgspec import UNSET

from nodeagent.config.digest import file_digest
from nodeagent.config.instances import expanded, is_instance, written_name
from nodeagent.config.parse import Parsed, parse
from nodeagent.config.quorum import majority, outlives
from nodeagent.core.claims import Claims
from nodeagent.core.lease import takeover_wait_ms
from nodeagent.core.wishes import Wishes
from nodeagent.model.configuration import Configuration, Timing
from nodeagent.model.ownership import NOBODY, Ballot, Standing, is_older
from nodeagent.wire.codec import WireError, pack, unpack
from nodeagent.wire.peer import Aborted, Commit, Confirmed, Decree, Probation, Value, ViewChange


class DecreeError(Exception):
    """A decree does not follow from the log: wrong slot, broken chain, or no certificate."""


def chain_digest(decree: Decree) -> str:
    """Return the digest by which the next decree names this one.

    Ballot and certificate are left out: two voters may finish the same decision under different
    ballots, and both are right.
    """
    body = msgspec.msgpack.encode((decree.slot, decree.value, decree.previous))
    return hashlib.sha256(body).hexdigest()


@dataclass(frozen=True, slots=True)
class OnProbation:
    """The active configuration is on probation: the `commit` that brought it, and on what terms."""

    commit: Commit
    terms: Probation


def cause_of(decree: Decree) -> str:
    """Return why groups may come and go after a decree, "" where it does not say."""
    value = decree.value
    if isinstance(value, ViewChange):
        return f"view {decree.slot}: {value.cause}" if value.cause else f"view {decree.slot}"
    if isinstance(value, Commit):
        return f"DARE {value.tx}" + (f": {value.reason}" if value.reason else "")
    return f"DARE {value.tx} was undone" if isinstance(value, Aborted) else ""


def on_probation(value: Commit) -> OnProbation | None:
    """Return the probation that a COMMIT begins, None where it stands at once."""
    return None if value.probation is UNSET else OnProbation(value, value.probation)


@lru_cache(maxsize=16)
def _parsed(data: bytes) -> Parsed:
    return parse(data)


def parsed(data: bytes, what: str) -> Parsed:
    """Parse a file once: the same bytes are verified, staged, decided and activated.

    `what` is named in findings, where the name of a file would stand.
    """
    read = _parsed(data)
    replace = msgspec.structs.replace
    reports = tuple(replace(r, place=replace(r.place, file=what)) for r in read.reports)
    return replace(read, reports=reports)


def read_configuration(data: bytes, what: str) -> Configuration:
    """Return the configuration in `data` as it runs, concurrent groups expanded.

    Raises DecreeError with the first findings if there is none.
    """
    read = parsed(data, what)
    if read.configuration is None:
        text = "; ".join(str(report) for report in read.reports[:3])
        raise DecreeError(f"{what} cannot be read: {text}")
    return expanded(read.configuration)


def genesis(data: bytes) -> Decree:
    """Return decree 0 for a first configuration file."""
    configuration = read_configuration(data, "first configuration")
    value = Commit(
        tx="genesis",
        epoch=1,
        digest=file_digest(data),
        file=pack(data),
        view={},
        owners=dict.fromkeys(configuration.group, NOBODY),
    )
    return Decree(slot=0, value=value, ballot=Ballot(), previous="", accepted_by=())


def _enough(
    voters: Collection[str], of: Collection[str], tie_breaker: str, fenced: Collection[str]
) -> bool:
    return majority(voters, of, tie_breaker) or outlives(voters, of, tie_breaker, fenced)


class DecreeLog:
    """The decided decrees of one node, in order, and what they establish.

    `voters` decide the open slot, half of them if the `tie_breaker` is among these; `holders` are
    all nodes that any decree ever gave a group to, `ran` the groups that had an owner since the
    cluster was started; `made_by` is the transaction of the last COMMIT, `probation` is open until
    that one is confirmed or another COMMIT follows.
    `timings` are those of the last configurations: who is lost may still go by an older one.
    `longest_wait_ms` is the longest takeover wait that any of them asked for.
    `lives` are the newest incarnations that were decreed in since each node was added; `places` has
    for each node that was removed the last configuration with it. `fenced` is the other one of two
    voters while a fence that this life of the node confirmed stands for its vote.
    """

    def __init__(self) -> None:
        self.decrees: list[Decree] = []
        self.standing = Standing()
        self.configuration: Configuration | None = None
        self.active = b""
        self.root = ""
        self.made_by = ""
        self.probation: OnProbation | None = None
        self.voters: tuple[str, ...] = ()
        self.tie_breaker = ""
        self.fenced: frozenset[str] = frozenset()
        self.wishes = Wishes()
        self.holders: dict[str, set[str]] = {}
        self.claims = Claims()
        self.lives: dict[str, int] = {}
        self.places: dict[str, Configuration] = {}
        self.ran: set[str] = set()
        self.timings: deque[Timing] = deque(maxlen=4)
        self.longest_wait_ms = 0
        self._last = ""
        self._deciding: tuple[str, ...] = ()
        self._read: tuple[tuple[str, bytes], bytes, Configuration] | None = None

    @property
    def next_slot(self) -> int:
        """Return the slot that is open."""
        return len(self.decrees)

    @property
    def last_digest(self) -> str:
        """Return the chain digest of the newest decree."""
        return self._last

    def certified(
        self, value: Value, accepted_by: Collection[str], fenced: Collection[str] = ()
    ) -> bool:
        """Return whether these acceptances decide `value` in the open slot.

        Raises DecreeError if the configuration in a COMMIT cannot be read.
        """
        if not _enough(self.voters, accepted_by, self.tie_breaker, fenced):
            return False
        if isinstance(value, Commit):
            after = self._unpacked(value)[1]
            return _enough(after.voters(), accepted_by, after.cluster.tie_breaker, fenced)
        return True

    def decides(self, of: Collection[str]) -> bool:
        """Return whether `of` are enough voters to decide the open slot."""
        return _enough(self.voters, of, self.tie_breaker, self.fenced)

    @property
    def deciding(self) -> tuple[str, ...]:
        """Return the voters whose word is needed: without one that a fence stands for."""
        if not self.fenced or not outlives(self.voters, self.voters, self.tie_breaker, self.fenced):
            return self.voters
        if set(self._deciding) != set(self.voters) - self.fenced:
            self._deciding = tuple(voter for voter in self.voters if voter not in self.fenced)
        return self._deciding

    def voters_after(self, value: Commit) -> tuple[str, ...]:
        """Return who decides once `value` is in force; DecreeError if it cannot be read."""
        return self._unpacked(value)[1].voters()

    def _unpacked(self, value: Commit) -> tuple[bytes, Configuration]:
        if self._read is None or self._read[0] != (value.digest, value.file):
            self._read = ((value.digest, value.file), *self._open(value))
        return self._read[1], self._read[2]

    def _open(self, value: Commit) -> tuple[bytes, Configuration]:
        try:
            data = unpack(value.file)
        except WireError as error:
            raise DecreeError(str(error)) from error
        if file_digest(data) != value.digest:
            raise DecreeError(f"configuration of epoch {value.epoch} does not have its digest")
        return data, read_configuration(data, f"configuration of epoch {value.epoch}")

    @property
    def last_cause(self) -> str:
        """Return what the newest decree says of why groups come and go."""
        return cause_of(self.decrees[-1]) if self.decrees else ""

    def extend(self, decree: Decree) -> None:
        """Take the next decree; raises DecreeError and changes nothing if it does not follow."""
        if decree.slot != self.next_slot:
            raise DecreeError(f"decree {decree.slot} where {self.next_slot} is next")
        if decree.previous != self._last:
            raise DecreeError(f"decree {decree.slot} does not continue this node's history")
        if decree.slot == 0 and not isinstance(decree.value, Commit):
            raise DecreeError("decree 0 brings no configuration")
        if decree.slot > 0 and not self._is_backed(decree):
            raise DecreeError(f"decree {decree.slot} has no majority behind it")
        self._establish(decree)
        self.decrees.append(decree)
        self._last = chain_digest(decree)
        self.root = self.root or self._last

    def _is_backed(self, decree: Decree) -> bool:
        """Return whether a majority decided it, or an operator who opened the next generation."""
        value = decree.value
        if isinstance(value, Commit) and value.generation:
            following = value.generation == self.standing.generation + 1
            return following and not decree.accepted_by and bool(self.voters_after(value))
        return self.certified(value, decree.accepted_by, decree.fenced)

    def _establish(self, decree: Decree) -> None:
        value, old, before = decree.value, self.configuration, self.standing
        changes: dict[str, object] = {"slot": decree.slot}
        if isinstance(value, Commit):
            self.active, self.configuration = self._unpacked(value)
            self.claims.note(self.configuration)
            self.voters = self.configuration.voters()
            self.tie_breaker = self.configuration.cluster.tie_breaker
            self.timings.append(self.configuration.timing)
            wait_ms = takeover_wait_ms(self.configuration.timing)
            self.longest_wait_ms = max(self.longest_wait_ms, wait_ms)
            self.made_by = value.tx
            self.probation = on_probation(value)
            changes |= {"epoch": value.epoch, "digest": value.digest}
            if value.generation:
                changes |= {"generation": value.generation}
        if isinstance(value, Confirmed) and value.tx == self.made_by:
            self.probation = None
        if isinstance(value, Commit | ViewChange):
            self._count_lives(value.view)
            self._count_runs(value)
            changes |= {"view": dict(value.view), "owners": dict(value.owners)}
        if isinstance(value, Commit | ViewChange | Aborted):
            for group, owner in value.owners.items():
                if owner:
                    self.holders.setdefault(group, set()).add(owner)
        self.standing = msgspec.structs.replace(self.standing, **changes)
        assert self.configuration is not None, "decree 0 brings a configuration"
        self._keep_places(old, self.configuration)
        self.wishes.learn(before, value, old, self.configuration)

    def asked_after(self, value: Commit, new: Configuration) -> dict[str, str]:
        """Return the moves and offlines that are inferred from a COMMIT which does not say them."""
        wishes = deepcopy(self.wishes)
        wishes.learn(self.standing, value, self.configuration, new)
        return dict(wishes.placed())

    def _keep_places(self, old: Configuration | None, new: Configuration) -> None:
        if old is None or old is new:
            return
        self.places |= dict.fromkeys(old.node, old)
        for node in new.node:
            self.places.pop(node, None)

    def _count_lives(self, view: dict[str, int]) -> None:
        for node, incarnation in view.items():
            self.lives[node] = max(incarnation, self.lives.get(node, 0))
        nodes = self.configuration.node if self.configuration else {}
        for node in [node for node in self.lives if node not in nodes]:
            del self.lives[node]  # once added again, it may begin anew

    def _count_runs(self, value: Commit | ViewChange) -> None:
        """Remember which groups run; a view in which nobody stays begins the cluster anew."""
        if not any(value.view.get(node) == life for node, life in self.standing.view.items()):
            self.ran.clear()
        self.ran |= {group for group, owner in value.owners.items() if owner != NOBODY}
        self.ran &= set(value.owners)

    def is_forgetful(self, node: str, incarnation: int) -> bool:
        """Return whether a newer life of `node` was decreed in than this one."""
        newest = self.lives.get(node, 0)
        return incarnation != newest and is_older(incarnation, newest)

    def names_of(self, group: str, beside: Configuration | None = None) -> tuple[str, ...]:
        """Return the names under which may run what is this group, itself first.

        It may have had another name, or have been a concurrent group, and whoever missed the change
        runs it under that, or an instance, still. `beside`: the configuration in which it is to
        run, if not the one in force. See `core.claims` for names that only share something.
        """
        if is_instance(group):
            return (group,)
        names = (name for name in self.holders if is_instance(name))
        configuration = beside or self.configuration
        parts = [name for name in names if written_name(name) == group]
        if configuration is None:
            return (group, *parts)
        others = self.claims.others(group, configuration, self.holders)
        return tuple(dict.fromkeys((group, *parts, *others)))

    def holders_of(self, group: str, beside: Configuration | None = None) -> set[str]:
        """Return the nodes to which any decree gave the group, under whichever name."""
        names = self.names_of(group, beside)
        return {node for name in names for node in self.holders.get(name, ())}

    def suspect(self, pairs: Collection[tuple[str, str]]) -> None:
        """Count nodes as possible holders that a DARE gave a group to before it was decided."""
        for group, node in pairs:
            self.holders.setdefault(group, set()).add(node)

    def file_of(self, epoch: int) -> bytes:
        """Return the exact bytes of a decided configuration, empty if there is no such epoch."""
        for decree in reversed(self.decrees):
            if isinstance(decree.value, Commit) and decree.value.epoch == epoch:
                return unpack(decree.value.file)
        return b""

    def since(self, slot: int, bytes_max: int = 400_000) -> tuple[Decree, ...]:
        """Return decrees from `slot` on, as many as fit into one message (at least one)."""
        found: list[Decree] = []
        size = 0
        for decree in self.decrees[max(slot, 0) :][:64]:
            size += len(decree.value.file) + 400 if isinstance(decree.value, Commit) else 2_000
            if found and size > bytes_max:
                break
            found.append(decree)
        return tuple(found)
