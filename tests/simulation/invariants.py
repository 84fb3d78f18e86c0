"""What must hold after every event, whatever fails (the numbers are those of the rules below).

1 agreement per slot · 2 one chain · 3 one digest per epoch · 4 epochs never fall · 5 nothing active
without a decision whose acceptances are on disks · 6 promises kept over restarts · 7 one owner ·
8 who holds has a lease or is within the watchdog's time · 9 what an open DARE governs is not
acquired by the normal path · 11 suspension ends · 12 on disk before told · 13 removed stays removed
· 15 nothing reads the draft · and what an administrator is told of a run's end is true.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from nodeagent.config.digest import file_digest
from nodeagent.core import effects as fx
from nodeagent.core.log import chain_digest, majority, read_configuration
from nodeagent.core.records import (
    AcceptedValue,
    DecidedValue,
    Promised,
    Record,
    Staged,
)
from nodeagent.model.configuration import Configuration
from nodeagent.model.ownership import Ballot
from nodeagent.model.run import Progress, RunChanged
from nodeagent.wire.codec import unpack
from nodeagent.wire.live import ProgressMade
from nodeagent.wire.peer import (
    Accepted,
    Applied,
    Commit,
    Decree,
    Message,
    Promise,
    StepReply,
    Value,
)

if TYPE_CHECKING:
    from tests.simulation.machine import Machine
    from tests.simulation.world import World

SUSPENDED_MAX_MS = 60_000


def _digest(value: Value) -> str:
    return hashlib.sha256(msgspec.msgpack.encode(value)).hexdigest()


class _OnDisk:
    """What the disk of one machine vouches for, kept by this watcher on its own account."""

    def __init__(self) -> None:
        self.slot = 1
        self.epoch = 1
        self.promised = Ballot()
        self.accepted: dict[tuple[int, Ballot], str] = {}
        self.staged: Staged | None = None
        self.suspended_since = -1
        self.lease_end_ms = 0


class Invariants:
    """Watches a world; every method raises AssertionError with the rule that is broken."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.decided: dict[int, str] = {}
        self.decrees: list[Decree] = []
        self.epochs: dict[int, str] = {}
        self.voters: tuple[str, ...] = ()
        self.configurations: dict[str, Configuration] = {}
        self.ended: dict[str, str] = {}
        self.committed: set[str] = set()
        self.acquisitions = 0
        self.asked_offline: set[str] = set()
        self._disks: defaultdict[str, _OnDisk] = defaultdict(_OnDisk)
        self._learn_genesis()
        world.watchers.append(self)

    def _learn_genesis(self) -> None:
        data = self.world.text.encode()
        self.voters = read_configuration(data, "genesis").voters()
        self.epochs[1] = file_digest(data)
        self.configurations[file_digest(data)] = read_configuration(data, "genesis")

    @property
    def active(self) -> Configuration:
        """Return the newest decided configuration."""
        return self.configurations[self.epochs[max(self.epochs)]]

    @property
    def owners(self) -> dict[str, str]:
        """Return the owners by the newest decree that names them."""
        for decree in reversed(self.decrees):
            owners = getattr(decree.value, "owners", None)
            if owners is not None and decree.value.__class__.__name__ != "Aborted":
                return dict(owners)
        return {}

    def forget(self, name: str) -> None:
        """A machine was set up anew: its disk vouches for nothing."""
        self._disks.pop(name, None)

    def _disk(self, machine: Machine) -> _OnDisk:
        return self._disks[machine.name]

    # -- what reaches the disk

    def wrote(self, machine: Machine, record: Record) -> None:
        """Follow the journal."""
        disk = self._disk(machine)
        match record:
            case Promised():
                assert record.ballot >= disk.promised, "6 promise: a lower ballot was promised"
                disk.promised = record.ballot
            case AcceptedValue():
                text = f"6 promise: accepted {record.ballot} under {disk.promised}"
                assert record.ballot >= disk.promised, text
                disk.promised = record.ballot
                disk.accepted[record.slot, record.ballot] = _digest(record.value)
            case Staged():
                disk.staged = record
            case DecidedValue():
                self._decided(disk, record.decree)
            case _:
                pass

    def _decided(self, disk: _OnDisk, decree: Decree) -> None:
        disk.promised, disk.staged = Ballot(), None
        disk.slot = decree.slot + 1
        digest = chain_digest(decree)
        if decree.slot == 0:
            return
        if decree.slot not in self.decided:
            assert decree.slot == len(self.decided) + 1, "2 chain: a slot was left out"
            self._first_seen(decree)
        assert self.decided[decree.slot] == digest, (
            f"1 agreement: slot {decree.slot} has two values"
        )
        if isinstance(decree.value, Commit):
            assert decree.value.epoch > disk.epoch, "4 monotone: an epoch fell"
            disk.epoch = decree.value.epoch

    def _first_seen(self, decree: Decree) -> None:
        value = decree.value
        wanted = _digest(value)
        behind = [
            name
            for name in decree.accepted_by
            if wanted in {d for (s, _), d in self._accepted(name) if s == decree.slot}
        ]
        assert majority(self.voters, behind), f"5 certificate: slot {decree.slot} has no majority"
        if isinstance(value, Commit):
            configuration = read_configuration(unpack(value.file), "decided")
            assert majority(configuration.voters(), behind), "5 certificate: no majority of the new"
            assert self.epochs.get(value.epoch) is None, f"3 epoch {value.epoch} was decided twice"
            self.epochs[value.epoch] = value.digest
            self.configurations[value.digest] = configuration
            self.voters = configuration.voters()
            self.committed.add(value.tx)
        self.decided[decree.slot] = chain_digest(decree)
        self.decrees.append(decree)

    def _accepted(self, name: str) -> list[tuple[tuple[int, Ballot], str]]:
        return list(self._disks[name].accepted.items()) if name in self._disks else []

    # -- what is told and done

    def acts(self, machine: Machine, effect: fx.Effect) -> None:
        """Look at an effect before it is carried out."""
        match effect:
            case fx.Send():
                self._sends(machine, effect.message)
            case fx.Activate():
                text = f"5 active without decision: epoch {effect.epoch} on {machine.name}"
                assert self.epochs.get(effect.epoch) == effect.digest, text
                assert file_digest(effect.data) == effect.digest, "5 active: not the decided bytes"
            case fx.RunDriver():
                if effect.action == "start":
                    self._starts(machine, effect)
            case fx.Publish(message=ProgressMade(progress=progress)):
                self._tells(machine, progress)
            case _:
                pass

    def _sends(self, machine: Machine, message: Message) -> None:
        disk = self._disk(machine)
        match message:
            case Promise():
                held = disk.slot > message.slot or disk.promised >= message.ballot
                assert held, "12 durable: a promise was told before it was on disk"
            case Accepted():
                held = disk.slot > message.slot or (message.slot, message.ballot) in disk.accepted
                assert held, "12 durable: an acceptance was told before it was on disk"
            case StepReply(step="stage", ok=True, final=True):
                held = disk.slot > message.slot or (
                    disk.staged is not None and disk.staged.tx == message.tx
                )
                assert held, "12 durable: a staged file was told before it was on disk"
            case Applied(error=""):
                assert disk.slot > message.slot, "12 durable: a decree was told before it was known"
            case _:
                pass

    def _starts(self, machine: Machine, effect: fx.RunDriver) -> None:
        self.acquisitions += 1
        node = machine.node
        assert node is not None, "a running agent starts"
        group = effect.group
        others = [m.name for m in self.world.machines.values() if m is not machine]
        double = [name for name in others if self.world.machines[name].running.get(group)]
        assert not double, f"7 one owner: {machine.name} starts {group}, {double} runs it"
        configuration = node.shared.log.configuration
        staged = self._disk(machine).staged
        known = configuration is None or machine.name in configuration.node
        joins = staged is not None and (group, machine.name) in staged.acquire
        assert known or joins, f"13 removed: {machine.name} starts {group}"
        if staged is None or machine.running.get(group):
            return
        governed = {g for g, _ in (*staged.release, *staged.acquire)}
        mine = (group, machine.name) in staged.acquire
        assert group not in governed or mine, f"9 ready blocks: {machine.name} starts {group}"

    def _tells(self, machine: Machine, progress: Progress) -> None:
        if not isinstance(progress, RunChanged) or progress.state in ("running", "aborting"):
            return
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
        if standing.epoch:
            known = self.epochs.get(standing.epoch)
            assert known == standing.digest, f"3 epoch {standing.epoch}: two digests"
        self._holds(machine)
        disk = self._disk(machine)
        if not node.participant.suspended:
            disk.suspended_since = -1
        elif disk.suspended_since < 0:
            disk.suspended_since = self.world.now_ms
        else:
            lasted = self.world.now_ms - disk.suspended_since
            assert lasted < SUSPENDED_MAX_MS, f"11 suspended: {machine.name} for {lasted} ms"

    def _holds(self, machine: Machine) -> None:
        node, held, disk = machine.node, machine.runs(), self._disk(machine)
        assert node is not None, "only a running agent steps"
        shared = node.shared
        ends = shared.lease.valid_until_ms(shared.log.voters, shared.timing)
        if ends > 0:
            disk.lease_end_ms = (
                ends  # else it was given up after a pause, which ends nothing sooner
            )
        if not held:
            return
        late = shared.now.ms - disk.lease_end_ms
        limit = shared.timing.watchdog_ms * 102 // 100 + 300
        assert late < limit, f"8 lease: {machine.name} holds {held}, {late} ms after its lease"
