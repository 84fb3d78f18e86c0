"""What must hold after every event, whatever fails (the numbers are those of the rules below).

1 agreement per slot · 2 one chain · 3 one digest per epoch · 4 epochs never fall · 5 nothing active
without a decision whose acceptances are on disks that never forgot · 6 promises kept over restarts
· 7 one owner, whatever a group is called, and one user of an address · 8 who holds has a lease or
is within the watchdog's time · 9 what an open DARE governs is not acquired by the normal path · 10
one open transaction: nothing is asked under a lock before a majority promised it, no COMMIT before
all have staged it · 11 suspension ends · 12 on disk before told · 13 removed stays removed · 15
nothing reads the draft · and what an administrator is told of a run's end is true · 16 no decree
breaks a rule between groups, and no group starts beside one that it must be apart from · 17 a node
on standby owns nothing · 18 a held group is not started · 19 an address leaves a bad adapter where
its node has a good one · 20 what is on probation is confirmed because somebody asked for it, or
returned to what was before, and nothing else is decided meanwhile; time alone ends it not before
its time · 21 what outlived its agent is held by the next one until it has a lease, while it is its
own by decree and the deadman's time is not over.
(14 convergence is looked at by `rest`, when the faults are over.)
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from nodeagent.config.digest import file_digest
from nodeagent.config.holds import is_held
from nodeagent.config.instances import is_instance
from nodeagent.config.quorum import majority, outlives
from nodeagent.config.rules import apart_of, broken_rules
from nodeagent.core import effects as fx
from nodeagent.core.log import chain_digest, read_configuration
from nodeagent.core.participant import AFTER_DECISION
from nodeagent.core.records import (
    AcceptedAgain,
    AcceptedValue,
    DecidedValue,
    Promised,
    Record,
    Started,
    decode,
    replay,
)
from nodeagent.model.configuration import Configuration, ServiceAddress
from nodeagent.model.ownership import Ballot, life_of
from nodeagent.model.run import Progress, RunChanged, is_rehearsal
from nodeagent.wire.codec import unpack
from nodeagent.wire.live import ProgressMade
from nodeagent.wire.peer import (
    Accept,
    Accepted,
    Applied,
    Commit,
    Confirmed,
    Decree,
    Promise,
    StepOrder,
    StepReply,
    Value,
    ViewChange,
)
from tests.simulation.ondisk import OnDisk, on_disk
from tests.simulation.shapes import base_name
from tests.simulation.world import FIRST

if TYPE_CHECKING:
    from nodeagent.core.node import Node
    from tests.simulation.machine import Machine
    from tests.simulation.world import World

SUSPENDED_MAX_MS = 60_000
ON_BAD_ADAPTER_MAX_MS = 40_000
"""Longer than a driver that is slow, hangs once and fails once takes to stop and to start."""


def _digest(value: Value) -> str:
    return hashlib.sha256(msgspec.msgpack.encode(value)).hexdigest()


class Invariants:
    """Watches a world; every method raises AssertionError with the rule that is broken.

    `forgetful` are the nodes whose disk was lost or set back and that were not removed since: no
    acceptance of theirs counts. `excused` counts starts beside a group that a driver lied about.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.decided: dict[int, str] = {}
        self.decrees: list[Decree] = []
        self.epochs: dict[int, str] = {}
        self.voters: tuple[str, ...] = ()
        self.tie_breaker = ""
        self.configurations: dict[str, Configuration] = {}
        self.ended: dict[str, str] = {}
        self.committed: set[str] = set()
        self.acquisitions = 0
        self.excused = 0
        self.asked_offline: set[str] = set()
        self.asked_to_end: set[tuple[str, str]] = set()
        self.probation: Commit | None = None
        self.probations = 0
        self._probation_ms = 0
        self.forgetful: set[str] = set()
        self._disks: defaultdict[str, OnDisk] = defaultdict(OnDisk)
        self._accepted: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
        self._promised: defaultdict[tuple[int, Ballot], set[str]] = defaultdict(set)
        self._participants: dict[str, frozenset[str]] = {}
        self._looks: dict[type, Callable[[Machine, Any], None]] = {
            fx.Send: self._sends,
            fx.RewriteJournal: self._rewrites,
            fx.Activate: self._activates,
            fx.RunDriver: self._drives,
            fx.Publish: self._publishes,
        }
        self._hears: dict[type, Callable[[Machine, OnDisk, Any], None]] = {
            Promise: _promises,
            Accepted: _accepts,
            StepReply: _replies,
            Applied: _applies,
            StepOrder: self._orders,
            Accept: self._asks_for_commit,
        }
        self._learn_genesis()
        world.watchers.append(self)

    def _learn_genesis(self) -> None:
        data = self.world.text.encode()
        configuration = read_configuration(data, FIRST)
        self.voters, self.tie_breaker = configuration.voters(), configuration.cluster.tie_breaker
        self.epochs[1] = file_digest(data)
        self.configurations[file_digest(data)] = configuration

    @property
    def active(self) -> Configuration:
        """Return the newest decided configuration."""
        return self.configurations[self.epochs[max(self.epochs)]]

    @property
    def owners(self) -> dict[str, str]:
        """Return the owners by the newest decree that names them."""
        for decree in reversed(self.decrees):
            if isinstance(decree.value, Commit | ViewChange):
                return dict(decree.value.owners)
        return {}

    def decides(self, of: Collection[str], fenced: Collection[str] = ()) -> bool:
        """Return whether `of` are enough voters to decide the open slot."""
        voters, tie_breaker = self.voters, self.tie_breaker
        return majority(voters, of, tie_breaker) or outlives(voters, of, tie_breaker, fenced)

    def incarnation(self, name: str) -> int:
        """Return the newest start of an agent that is on this machine's disk."""
        return self._disks[name].incarnation

    def counted(self, name: str) -> int:
        """Return the newest start that a decree counted in since the node was added, or 0."""
        newest = 0
        for value in (decree.value for decree in self.decrees):
            if isinstance(value, Commit) and name not in self.configurations[value.digest].node:
                newest = 0
            elif isinstance(value, Commit | ViewChange):
                newest = max(newest, life_of(value.view.get(name, 0)))
        return newest

    def forget(self, name: str, records: list[Record] | None = None) -> None:
        """A disk was lost, or set back to these records: it vouches for no more than they do."""
        self.forgetful.add(name)
        self._disks[name] = on_disk(records or [])

    def _disk(self, machine: Machine) -> OnDisk:
        return self._disks[machine.name]

    # -- what reaches the disk

    def wrote(self, machine: Machine, record: Record) -> None:
        """Follow the journal."""
        disk = self._disks[machine.name]
        disk.take(record)
        kind = type(record)
        if kind is Started and not machine.adopted:
            # What cannot be ended runs on, under the watchdog of this start.
            disk.lease_end_ms = machine.now(self.world.now_ms).ms
        if kind is DecidedValue:
            self._decided(record.decree)  # type: ignore[union-attr]
        elif machine.name in self.forgetful:
            return
        elif isinstance(record, Promised):
            self._promised[record.slot, record.ballot].add(machine.name)
        elif isinstance(record, AcceptedValue | AcceptedAgain):
            self._promised[record.slot, record.ballot].add(machine.name)
            accepted = disk.last_accepted
            assert accepted is not None, "6 promise: accepted again what is not on the disk"
            self._accepted[record.slot, _digest(accepted.value)].add(machine.name)

    def _decided(self, decree: Decree) -> None:
        if decree.slot == 0:
            return
        if decree.slot not in self.decided:
            assert decree.slot == len(self.decided) + 1, "2 chain: a slot was left out"
            self._first_seen(decree)
        text = f"1 agreement: slot {decree.slot} has two values"
        assert self.decided[decree.slot] == chain_digest(decree), text

    def _first_seen(self, decree: Decree) -> None:
        value = decree.value
        wrote = self._accepted[decree.slot, _digest(value)]
        behind = [name for name in decree.accepted_by if name in wrote]
        for name in decree.fenced:
            text = f"5 certificate: slot {decree.slot} counts {name} as fenced, and it was not"
            assert self.world.machines[name].fenced, text
        assert self.decides(behind, decree.fenced), (
            f"5 certificate: slot {decree.slot} has no majority"
        )
        configuration = self.active
        if isinstance(value, Commit):
            self._ends_probation(value)
            configuration = self._first_commit(value, behind, decree.fenced)
        if isinstance(value, Confirmed) and self.probation and value.tx == self.probation.tx:
            text = f"20 probation: slot {decree.slot} confirms what nobody asked to confirm"
            assert (value.tx, "confirm") in self.asked_to_end, text
            self.probation = None
        if isinstance(value, Commit | ViewChange):
            strange = set(value.view) - set(configuration.node)
            assert not strange, f"13 removed: {strange} counted in by slot {decree.slot}"
            nobody = {n for n in value.owners.values() if n and n not in value.view}
            assert not nobody, f"7 one owner: {nobody} owns by slot {decree.slot} and is not in"
            broken = broken_rules(configuration, value.owners)
            assert not broken, f"16 rules: slot {decree.slot} breaks {broken}"
            idle = {n for n in value.owners.values() if n and configuration.node[n].standby}
            assert not idle, f"17 standby: {idle} owns by slot {decree.slot}"
        self.decided[decree.slot] = chain_digest(decree)
        self.decrees.append(decree)

    def _ends_probation(self, value: Commit) -> None:
        """Look whether a COMMIT during a probation is the return of what was before."""
        open_, terms = self.probation, value.probation
        self.probation = value if terms is not UNSET else None
        if open_ is not None and open_.probation is not UNSET:
            back = self.epochs[open_.probation.previous]
            text = (
                f"20 probation: epoch {value.epoch} is decided while {open_.epoch} is on probation"
            )
            assert value.digest == back, text
            assert terms is UNSET, (
                f"20 probation: the return of epoch {value.epoch} is on probation"
            )
            lasted = self.world.now_ms - self._probation_ms
            early = "not confirmed" in value.reason and lasted < open_.probation.seconds * 980
            assert not early, f"20 probation: returned after {lasted} ms"
        if terms is not UNSET:
            self.probations += 1
            self._probation_ms = self.world.now_ms

    def _first_commit(
        self, value: Commit, behind: list[str], fenced: tuple[str, ...]
    ) -> Configuration:
        what = f"configuration of epoch {value.epoch}"
        configuration = read_configuration(unpack(value.file), what)
        voters, tie_breaker = configuration.voters(), configuration.cluster.tie_breaker
        enough = majority(voters, behind, tie_breaker) or outlives(
            voters, behind, tie_breaker, fenced
        )
        assert enough, "5 certificate: no majority of the new"
        assert self.epochs.get(value.epoch) is None, f"3 epoch {value.epoch} was decided twice"
        self.epochs[value.epoch] = value.digest
        self.configurations[value.digest] = configuration
        self.voters, self.tie_breaker = voters, tie_breaker
        self.committed.add(value.tx)
        self.forgetful &= set(configuration.node)  # who was removed may be added again, anew
        return configuration

    # -- what is told and done

    def acts(self, machine: Machine, effect: fx.Effect) -> None:
        """Look at an effect before it is carried out."""
        look = self._looks.get(type(effect))
        if look is not None:
            look(machine, effect)

    def _rewrites(self, machine: Machine, effect: fx.RewriteJournal) -> None:
        """Look whether a journal that is written anew says what the long one says."""
        before = replay(decode(data) for data in machine.disk.records)
        after = replay(effect.records)
        same = replace(before, lives=after.lives) == after and after.lives <= before.lives
        assert same, f"12 durable: {machine.name} forgets as its journal is written anew"

    def _sends(self, machine: Machine, effect: fx.Send) -> None:
        hear = self._hears.get(type(effect.message))
        if hear is not None:
            hear(machine, self._disks[machine.name], effect.message)

    def _activates(self, machine: Machine, effect: fx.Activate) -> None:
        text = f"5 active without decision: epoch {effect.epoch} on {machine.name}"
        assert self.epochs.get(effect.epoch) == effect.digest, text
        assert file_digest(effect.data) == effect.digest, "5 active: not the decided bytes"

    def _publishes(self, machine: Machine, effect: fx.Publish) -> None:
        if isinstance(effect.message, ProgressMade):
            self._tells(machine, effect.message.progress)

    def _drives(self, machine: Machine, effect: fx.RunDriver) -> None:
        if effect.action == "start":
            self._starts(machine, effect)

    def _orders(self, machine: Machine, _: OnDisk, order: StepOrder) -> None:
        if order.step == "stage":
            self._participants[order.tx] = frozenset(order.view)
        if order.step == "verify" or order.step in AFTER_DECISION:
            return
        if order.slot == len(self.decided) + 1:
            promised = self._promised[order.slot, order.ballot]
            text = f"10 one open: {machine.name} orders {order.step} without a majority's promise"
            fenced = machine.node.shared.log.fenced if machine.node is not None else ()
            assert self.decides(promised, fenced), text

    def _asks_for_commit(self, machine: Machine, _: OnDisk, ask: Accept) -> None:
        value = ask.value
        if not isinstance(value, Commit) or value.tx.split(".")[2:3] != [machine.name]:
            return
        participants = self._participants.pop(value.tx, frozenset())  # looked at once
        for name in participants - self.forgetful:
            disk = self._disks[name]
            staged = disk.staged is not None and disk.staged.tx == value.tx
            text = f"10 one open: COMMIT of {value.tx} asked for, and {name} has not staged it"
            assert staged or disk.knows(ask.slot), text

    def _other_names_are_stopped(self, machine: Machine, group: str) -> None:
        """A renamed group has the same address, so its names exclude each other everywhere."""
        if is_instance(group):
            return
        for other in self.world.machines.values():
            used = [name for name in other.runs() if _is_other_name(name, group)]
            text = f"7 one owner: {machine.name} starts {group}, {other.name} runs {used}"
            assert not used, text

    def _its_address_is_free(self, machine: Machine, effect: fx.RunDriver) -> None:
        """What only one group uses another one may use once it is let go."""
        if not isinstance(effect.resource, ServiceAddress):
            return
        address, group = effect.resource.address, effect.group
        used = [(m.name, one) for m in self.world.machines.values() for one in m.addresses()]
        others = [(name, one) for name, one in used if (name, one[0]) != (machine.name, group)]
        double = [(name, other) for name, (other, at) in others if at == address]
        text = f"7 one owner: {machine.name} starts {group} at {address}, as {double}"
        assert not double, text

    def _starts(self, machine: Machine, effect: fx.RunDriver) -> None:
        self.acquisitions += 1
        node, disk = machine.node, self._disk(machine)
        assert node is not None, "a running agent starts"
        group = effect.group
        others = [m for m in self.world.machines.values() if m is not machine]
        double = [m.name for m in others if m.running.get(group)]
        assert not double, f"7 one owner: {machine.name} starts {group}, {double} runs it"
        self._other_names_are_stopped(machine, group)
        self._its_address_is_free(machine, effect)
        self.excused += any(group in m.ghosts for m in others)
        assert group in disk.held, f"12 durable: {machine.name} starts {group} unwritten"
        configuration, staged = node.shared.log.configuration, disk.staged
        known = configuration is None or machine.name in configuration.node
        joins = staged is not None and (group, machine.name) in staged.acquire
        assert known or joins, f"13 removed: {machine.name} starts {group}"
        if staged is None:
            beside = apart_of(self.active).get(group, frozenset()) & set(machine.runs())
            assert not beside, f"16 rules: {machine.name} starts {group} beside {set(beside)}"
        self._is_allowed_by_hold(machine, effect, configuration)
        if staged is None or machine.running.get(group) or group in disk.begun:
            return  # what began before, with a command, goes on until it is released
        governed = {g for g, _ in (*staged.release, *staged.acquire)}
        mine = (group, machine.name) in staged.acquire
        assert group not in governed or mine, f"9 ready blocks: {machine.name} starts {group}"

    def _is_allowed_by_hold(
        self, machine: Machine, effect: fx.RunDriver, configuration: Configuration | None
    ) -> None:
        """Look at the first start of a group; a restart may have begun before the hold."""
        noun = configuration.group.get(effect.group) if configuration else None
        if noun is None or machine.node is None or effect.name != next(iter(noun.resource), ""):
            return
        if machine.node.shared.runner(effect.group).restarts == 0:
            held = is_held(noun, self.world.now_ms / 1000)
            assert not held, f"18 hold: {machine.name} starts {effect.group}, which is held"

    def _tells(self, machine: Machine, progress: Progress) -> None:
        if not isinstance(progress, RunChanged) or progress.state in ("running", "aborting"):
            return
        if is_rehearsal(progress.tx):
            return  # it decides nothing
        told = self.ended.setdefault(progress.tx, progress.state)
        if progress.state in ("done", "aborted", "refused"):
            done = progress.state == "done"
            text = f"told: {machine.name} says {progress.tx} is {progress.state}"
            assert done == (progress.tx in self.committed), text
            both = {told, progress.state} - {"in-doubt"}
            assert "done" not in both or len(both) == 1, f"told: {progress.tx} ended twice: {both}"

    # -- after every event

    def stepped(self, machine: Machine) -> None:
        """Look at the machine that took an event."""
        node = machine.node
        if node is None:
            return
        standing = node.shared.log.standing
        if standing.epoch and self.epochs.get(standing.epoch) != standing.digest:
            raise AssertionError(f"3 epoch {standing.epoch}: two digests")
        if node.shared.adapters.bad:
            self._leaves_bad_adapters(machine, node)
        disk = self._disks[machine.name]
        if machine.running:
            self._holds(machine, disk)
        if self.world.adopts:
            self._outlives(machine)
        if not node.participant.suspended:
            disk.suspended_since = -1
        elif disk.suspended_since < 0:
            disk.suspended_since = self.world.now_ms
        else:
            lasted = self.world.now_ms - disk.suspended_since
            assert lasted < SUSPENDED_MAX_MS, f"11 suspended: {machine.name} for {lasted} ms"

    def _leaves_bad_adapters(self, machine: Machine, node: Node) -> None:
        """No address stays on a bad adapter while its node has a good one on that network."""
        shared, now = node.shared, self.world.now_ms
        since = self._disks[machine.name].on_bad_since
        configuration = shared.configuration
        here = configuration.node.get(machine.name) if configuration else None
        for (group, name), adapter in machine.placed.items():
            own = here.adapter.get(adapter) if here else None
            good = own is not None and any(
                one.network == own.network and other not in shared.adapters.bad
                for other, one in (here.adapter if here else {}).items()
            )
            noun = configuration.group.get(group) if configuration else None
            held = noun is not None and is_held(noun, now / 1000)
            online = shared.runner(group).state == "online" and not held
            if not (online and good and adapter in shared.adapters.bad):
                since.pop((group, name), None)
                continue
            lasted = now - since.setdefault((group, name), now)
            text = f"19 adapters: {group}/{name} on {machine.name} stays on {adapter}"
            assert lasted < ON_BAD_ADAPTER_MAX_MS, f"{text} for {lasted} ms"

    def _outlives(self, machine: Machine) -> None:
        """Look at what runs in the name of a life that is over: here, and where no agent lives."""
        for other in self.world.machines.values():
            if other.node is None and other.runs():
                late = other.now(self.world.now_ms).ms - self._disks[other.name].lease_end_ms
                limit = (other.fed[2] * 102 // 100) + 300
                text = f"8 lease: {other.runs()} runs on {other.name} without an agent, {late} ms"
                assert late < limit, f"{text} after its lease"
        node = machine.node
        if node is None or not machine.adopted:
            return
        shared = node.shared
        if shared.lease_valid:
            machine.adopted = frozenset()  # held under a lease of its own from now on
        for group in sorted(machine.adopted):
            runner = shared.runner(group)
            if runner.state != "online":
                continue
            owner = shared.log.standing.owners.get(group)
            text = f"21 adoption: {machine.name} goes on with {group}"
            assert owner == machine.name, f"{text}, which is {owner}'s"
            written = group in self._disks[machine.name].held
            holds = runner.held and written
            assert holds, f"{text} and says that it does not hold it"
            assert group in machine.whole, f"{text}, which was not whole"
            double = [m.name for m in self.world.machines.values() if m.running.get(group)]
            assert double in ([], [machine.name]), f"7 one owner: {double} run {group}"
            over = self.world.now_ms - machine.deadman_ms
            assert over < 5 or not machine.deadman_ms, f"{text} {over} ms after its time"

    def _holds(self, machine: Machine, disk: OnDisk) -> None:
        node, held = machine.node, machine.runs()
        assert node is not None, "only a running agent steps"
        shared = node.shared
        ends = shared.lease.valid_until_ms(shared.log.deciding, shared.timing)
        if ends > 0:  # else this life never had one
            disk.lease_end_ms = ends
        if not held:
            return
        late = shared.now.ms - disk.lease_end_ms
        limit = shared.timing.watchdog_ms * 102 // 100 + 300
        assert late < limit, f"8 lease: {machine.name} holds {held}, {late} ms after its lease"


def _is_other_name(one: str, other: str) -> bool:
    """Return whether both are names of one ordinary group."""
    return one != other and not is_instance(one) and base_name(one) == base_name(other)


def _promises(_: Machine, disk: OnDisk, m: Promise) -> None:
    held = disk.knows(m.slot) or disk.promised >= m.ballot
    assert held, "12 durable: a promise was told before it was on disk"


def _accepts(_: Machine, disk: OnDisk, m: Accepted) -> None:
    held = disk.knows(m.slot) or (m.slot, m.ballot) in disk.accepted
    assert held, "12 durable: an acceptance was told before it was on disk"


def _replies(_: Machine, disk: OnDisk, m: StepReply) -> None:
    if m.step == "stage" and m.ok and m.final:
        held = disk.knows(m.slot) or (disk.staged is not None and disk.staged.tx == m.tx)
        assert held, "12 durable: a staged file was told before it was on disk"


def _applies(_: Machine, disk: OnDisk, m: Applied) -> None:
    if not m.error:
        assert disk.knows(m.slot), "12 durable: a decree was told before it was known"
