"""The shipped core under virtual time: a cluster in one process, with a seeded network and disk.

`World` carries out the effects of each `Node` as the daemon would: journal records are kept before
later sends leave, drivers answer after a while, messages travel with delay, loss, doubling and
partitions. A crash keeps the journal and files and loses all else; with `lingers`, what the agent
started runs on until the agent comes back or the watchdog resets the machine. A disk that refuses
a record ends the agent, as in the daemon, and the service manager starts it again.
"""

import contextlib
import heapq
import random
import zlib
from collections.abc import Callable
from typing import Any, Protocol

from nodeagent.config.digest import file_digest
from nodeagent.core import effects as fx
from nodeagent.core import events as ev
from nodeagent.core.log import genesis, read_configuration
from nodeagent.core.node import Node, Setup
from nodeagent.core.records import DecidedValue, Record, compact, decode, encode, replay
from nodeagent.core.ticking import TICK_MS
from nodeagent.model.run import DareRun
from nodeagent.store.errors import StoreError
from nodeagent.wire.console import Answer, Apply, Ask, Request
from nodeagent.wire.live import EventLine
from tests.simulation.drivers import Drivers
from tests.simulation.fences import Fences
from tests.simulation.machine import Crash, CrashPoint, Disk, Machine
from tests.simulation.network import Faults, Network
from tests.simulation.orphans import Orphans

CONSOLE_KEY = "c" * 40
REBOOT_MS = 2_500
SERVICE_RESTART_MS = 1_000
SPARE_BYTES = 1_500
"""A journal that is compacted is written anew once it doubled, and is longer by so much."""
FIRST = "first configuration"
"""How the core calls it when it reads it: what has one name is read once."""

__all__ = ["CONSOLE_KEY", "Crash", "CrashPoint", "Disk", "Faults", "Machine", "World"]


class Watcher(Protocol):
    """Looks at everything that happens; raises AssertionError when a promise is broken."""

    def wrote(self, machine: Machine, record: Record) -> None:
        """A record reached the disk."""

    def acts(self, machine: Machine, effect: fx.Effect) -> None:
        """An effect that is no record is about to be carried out."""

    def stepped(self, machine: Machine) -> None:
        """An event was dealt with, and all its effects."""


class World:
    """Virtual time, machines, network and drivers."""

    def __init__(
        self,
        text: str,
        *,
        seed: int = 0,
        faults: Faults | None = None,
        tick_ms: int = TICK_MS,
        lingers: bool = False,
        consoles: int = 1,
        compacts: bool = False,
        drills: bool = True,
        adopts: bool = False,
    ) -> None:
        self.random = random.Random(seed)
        self.faults = faults or Faults()
        self.tick_ms, self.lingers, self.consoles = tick_ms, lingers, consoles
        self.compacts, self.drills, self.adopts = compacts, drills, adopts
        self.now_ms = 1_000_000
        self.text = text
        self.trace = 0
        self.handled = 0
        self.machines: dict[str, Machine] = {}
        self.answers: dict[int, Answer] = {}
        self.events: list[EventLine] = []
        self.watchers: list[Watcher] = []
        self.network = Network(self)
        self.drivers = Drivers(self)
        self.cut = self.network.cut
        self.refuse_driver = self.drivers.refuse
        self.fences = Fences(self)
        self.orphans = Orphans(self)
        self._heap: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._number = 0
        self._ask = 0
        self._deeds = self._known_deeds()
        for name in read_configuration(text.encode(), FIRST).node:
            machine = self.machines[name] = Machine(name)
            self.initialise(machine)

    # -- time

    def later(self, delay_ms: int, action: Callable[[], None]) -> None:
        """Do something after a while."""
        self.push(delay_ms, action)

    def push(self, delay_ms: int, action: Callable[..., None], *arguments: Any) -> None:
        """Do something with these arguments after a while."""
        self._number += 1
        due = self.now_ms + delay_ms if delay_ms > 0 else self.now_ms
        heapq.heappush(self._heap, (due, self._number, action, arguments))

    def advance(self, ms: int) -> None:
        """Let `ms` of virtual time pass."""
        end = self.now_ms + ms
        while self._heap and self._heap[0][0] <= end:
            self.now_ms, _, action, arguments = heapq.heappop(self._heap)
            action(*arguments)
        self.now_ms = end

    def until(self, condition: Callable[[], bool], limit_ms: int = 60_000) -> None:
        """Let time pass until `condition` holds; AssertionError with the story if it never does."""
        end = self.now_ms + limit_ms
        while not condition():
            if self.now_ms >= end or not self._heap:
                raise AssertionError(f"did not come within {limit_ms} ms\n{self.told(30)}")
            self.now_ms, _, action, arguments = heapq.heappop(self._heap)
            action(*arguments)

    def told(self, lines: int) -> str:
        """Return the newest event lines of all agents."""
        newest = self.events[-lines:]
        return "\n".join(f"{e.time:.2f} {e.node} {e.subject}: {e.text}" for e in newest)

    # -- machines

    def start(self, *names: str) -> None:
        """Start agents (all, if none is named)."""
        for name in names or tuple(self.machines):
            self._boot(self.machines[name])

    def add_machine(self, name: str, text: str) -> Machine:
        """Set up a machine that shall join, with the configuration it was given."""
        joining = read_configuration(text.encode(), FIRST)
        machine = self.machines[name] = Machine(name, joining=joining)
        return machine

    def initialise(self, machine: Machine) -> None:
        """Leave on the disk of a first node what `nodeagent init` leaves there."""
        data = self.text.encode()
        machine.disk = Disk(files={"active": data, "default": data})
        machine.disk.append(encode(DecidedValue(genesis(data))))

    def _boot(self, machine: Machine) -> None:
        machine.life += 1
        machine.paused = False
        records: list[Record] = [decode(data) for data in machine.disk.open()]
        if self.compacts:
            records = compact(replay(records))
            machine.disk.rewrite([encode(record) for record in records])
        setup = Setup(
            name=machine.name,
            records=tuple(records),
            joining=machine.joining,
            active_digest=file_digest(machine.disk.files.get("active", b"")),
            draft=machine.disk.files.get("default", b""),
            mark=machine.life,
            software="sim",
            drills=self.drills,
        )
        now = machine.now(self.now_ms)
        machine.petted_ms = self.now_ms
        node = Node(setup, now)
        inherited = self.orphans.inherited(machine, node)
        machine.node = node
        if inherited.unended:
            self._await_feed(machine, node)  # for what runs already its time begins with the start
        self._carry_out(machine, node.start(now, inherited))
        self._step(machine, ev.ConsolesPresent(self.consoles))
        self._tick(machine, machine.life, machine.ticks)

    def crash(self, name: str) -> None:
        """End an agent abruptly, and unless `lingers` all that it runs."""
        machine = self.machines[name]
        self.die(machine)
        if not self.lingers:
            machine.running.clear()
            machine.placed.clear()

    def orphan(self, name: str) -> None:
        """End an agent alone: what it runs goes on until the deadman fires, or is adopted."""
        self.orphans.note_whole(self.machines[name])
        self.die(self.machines[name])
        self.orphans.left(self.machines[name])

    def die(self, machine: Machine) -> None:
        """End an agent, and nothing else."""
        machine.node = None
        machine.life += 1
        machine.paused = False
        machine.backlog.clear()

    def unplug(self, name: str, adapter: str) -> None:
        """Take a link down: nothing passes, and the kernel tells the agent."""
        self.network.dead_adapters.add((name, adapter))
        self.machines[name].unplugged.add(adapter)
        self.later(0, self.alive(self.machines[name], ev.LinkChanged(adapter, up=False)))

    def plug(self, name: str, adapter: str) -> None:
        """Bring a link, or one that was only cut, up again."""
        self.network.dead_adapters.discard((name, adapter))
        if adapter in self.machines[name].unplugged:
            self.machines[name].unplugged.discard(adapter)
            self.later(0, self.alive(self.machines[name], ev.LinkChanged(adapter, up=True)))

    def reset(self, machine: Machine) -> None:
        """Do what a watchdog does: a hard reset, after which the agent starts again."""
        self.power_off(machine)
        self.restart_in(machine, REBOOT_MS)

    def power_off(self, machine: Machine) -> None:
        """End all that runs on a machine; somebody has to switch it on again."""
        self.crash(machine.name)
        machine.running.clear()
        machine.placed.clear()
        machine.ghosts.clear()

    def restart_in(self, machine: Machine, delay_ms: int) -> None:
        """Start the agent after a while, unless it runs by then."""

        def act() -> None:
            if machine.node is None and self.machines.get(machine.name) is machine:
                self._boot(machine)

        self.later(delay_ms, act)

    def stop(self, name: str) -> None:
        """Ask an agent to leave in good order."""
        self.step(name, ev.StopAsked("asked by the test"))

    def pause(self, name: str) -> None:
        """Stop the agent from being scheduled; what it started runs on."""
        self.machines[name].paused = True

    def resume(self, name: str) -> None:
        """Let the agent go on; it finds all that came meanwhile."""
        machine = self.machines[name]
        if not machine.paused:
            return
        machine.paused = False
        backlog, machine.backlog = machine.backlog, []
        life = machine.life
        for event in backlog:
            if machine.life == life:
                self._step(machine, event)
        if machine.life == life:
            self._tick(machine, life, machine.ticks)

    def _tick(self, machine: Machine, life: int, number: int) -> None:
        if machine.life != life or machine.node is None or machine.paused:
            return
        if number != machine.ticks:
            return  # another one came before it: the rest was over
        self._step(machine, ev.Tick())
        if machine.node is not None:
            self._await_tick(machine, machine.node.next_tick_ms)

    def _await_tick(self, machine: Machine, due_ms: float) -> None:
        delay_ms = self.tick_ms + int(due_ms) - TICK_MS
        machine.ticks += 1
        machine.tick_ms, machine.rests = self.now_ms + delay_ms, due_ms > TICK_MS
        self.push(delay_ms, self._tick, machine, machine.life, machine.ticks)

    def _disturb(self, machine: Machine, node: Node) -> None:
        """Let the next tick come sooner if what happened ends the rest."""
        if node.next_tick_ms > TICK_MS:
            return
        machine.rests = False
        if machine.tick_ms - self.now_ms > self.tick_ms:
            self._await_tick(machine, TICK_MS)

    def step(self, name: str, event: ev.Event) -> None:
        """Hand an event to a node."""
        self._step(self.machines[name], event)

    def take(self, machine: Machine, event: ev.Event) -> None:
        """Hand an event to the agent of this machine."""
        self._step(machine, event)

    def _step(self, machine: Machine, event: ev.Event) -> None:
        node = machine.node
        if node is None:
            return
        if machine.paused:
            machine.backlog.append(event)
            return
        effects = node.step(event, machine.now(self.now_ms))
        self.handled += 1
        if effects:
            self._carry_out(machine, effects)
        if machine.rests and machine.node is not None:
            self._disturb(machine, machine.node)
        for watcher in self.watchers:
            watcher.stepped(machine)

    # -- effects

    def _carry_out(self, machine: Machine, effects: list[fx.Effect]) -> None:
        node, deeds = machine.node, self._deeds
        try:
            for effect in effects:
                if machine.node is not node:
                    break
                if not isinstance(effect, fx.Persist):
                    for watcher in self.watchers:
                        watcher.acts(machine, effect)
                deed = deeds.get(type(effect))
                if deed is not None:
                    deed(machine, effect)
        except Crash:
            self._end_alone(machine)
            point, machine.crash_at = machine.crash_at, None
            if point is not None and point.reboot_ms >= 0:
                self.restart_in(machine, point.reboot_ms)
        except StoreError:  # as in the daemon: nothing that follows may be told
            self._end_alone(machine)
            self.restart_in(machine, SERVICE_RESTART_MS)

    def _end_alone(self, machine: Machine) -> None:
        """End an agent by itself, with all that it runs or, where agents adopt, without it."""
        end = self.orphan if self.adopts else self.crash
        end(machine.name)

    def _known_deeds(self) -> dict[type, Callable[[Machine, Any], None]]:
        """Return what is done for each effect; what is not there (log lines) is for people."""
        return {
            fx.Persist: lambda machine, effect: self._write(machine, effect.record),
            fx.RewriteJournal: self._rewrite,
            fx.Send: self._send,
            fx.Beat: self._beat,
            fx.RunDriver: self._run,
            fx.RunCheck: self._check,
            fx.RunCommand: self.drivers.run_command,
            fx.FenceNode: self.fences.run,
            fx.Pet: self._pet,
            fx.Publish: lambda _, effect: self._publish(effect),
            fx.Reply: self._reply,
            fx.Connect: self._connect,
            fx.End: self._end,
            fx.FailApplication: lambda m, effect: self.drivers.fail_application(m, effect.group),
            fx.WriteTemporary: lambda m, effect: self._spare_file(m, "temporary", effect.data),
            fx.WriteDraft: lambda m, effect: self._spare_file(m, "default", effect.data),
            fx.Activate: lambda machine, effect: self._file(machine, "active", effect.data),
            fx.DropTemporary: self._drop_temporary,
            fx.ReadTemporary: lambda machine, _: self._read_temporary(machine),
        }

    def _send(self, machine: Machine, effect: fx.Send) -> None:
        self.network.send(machine, effect)

    def _beat(self, machine: Machine, effect: fx.Beat) -> None:
        self.network.beat(machine, effect)

    def _run(self, machine: Machine, effect: fx.RunDriver) -> None:
        self.drivers.run(machine, effect)

    def _check(self, machine: Machine, effect: fx.RunCheck) -> None:
        fails = (machine.name, effect.arguments[0], "check") in self.refuse_driver
        text = "refused by the test" if fails else ""
        done = ev.DriverFinished(effect.op, not fails, "failed" if fails else "ok", text)
        self.later(5, self.alive(machine, done))

    def _publish(self, effect: fx.Publish) -> None:
        if isinstance(effect.message, EventLine):
            self.events.append(effect.message)

    def _reply(self, _: Machine, effect: fx.Reply) -> None:
        self.answers[effect.id] = effect.answer

    def _connect(self, machine: Machine, effect: fx.Connect) -> None:
        machine.adapters = {a.name: a.address for a in effect.adapters}
        machine.peers = {peer.name: peer for peer in effect.peers}
        for adapter in sorted(machine.unplugged):
            self.later(0, self.alive(machine, ev.LinkChanged(adapter, up=False)))

    def _end(self, *_: object) -> None:
        raise Crash

    def _drop_temporary(self, machine: Machine, _: object) -> None:
        machine.disk.files.pop("temporary", None)

    def _read_temporary(self, machine: Machine) -> None:
        files = machine.disk.files
        temporary, active = files.get("temporary"), files.get("active")
        event = ev.TemporaryRead(
            file_digest(temporary) if temporary is not None else "",
            file_digest(active) if active is not None else "",
        )
        self.later(0, self.alive(machine, event))

    def alive(self, machine: Machine, event: ev.Event) -> Callable[[], None]:
        """Return an action that hands the event over if the agent of now still lives then."""
        life = machine.life

        def act() -> None:
            if machine.life == life:
                self._step(machine, event)

        return act

    # -- the disk

    def _counted(self, machine: Machine) -> CrashPoint | None:
        """Count a durable write; returns the crash point if the machine crashes at this one."""
        machine.disk.writes += 1
        point = machine.crash_at
        return point if point is not None and machine.disk.writes >= point.write else None

    def _write(self, machine: Machine, record: Record) -> None:
        disk, point = machine.disk, self._counted(machine)
        if point is None and disk.full_journal:
            raise StoreError("journal", "No space left on device")
        data = encode(record)
        self.trace = zlib.crc32(data, self.trace ^ self.now_ms)
        if point is None or point.written:
            disk.append(data)
        if point is None or point.written or (point.torn and disk.tear(data, point.torn)):
            for watcher in self.watchers:
                watcher.wrote(machine, record)
        if point is not None:
            self._fall(machine, point)
        spare = max(SPARE_BYTES, disk.kept)
        if self.compacts and len(disk.journal) >= disk.kept + spare:
            disk.kept = len(disk.journal)  # said once
            self.later(0, self.alive(machine, ev.JournalGrew()))

    def _rewrite(self, machine: Machine, effect: fx.RewriteJournal) -> None:
        """Replace the journal if the disk allows; the file is exchanged as a whole or not."""
        disk, point = machine.disk, self._counted(machine)
        disk.rewritten.append(disk.writes)
        if not disk.full and (point is None or point.written):
            disk.rewrite([encode(record) for record in effect.records])
        self.trace = zlib.crc32(disk.journal, self.trace)
        if point is not None:
            with contextlib.suppress(StoreError):  # the agent goes on with the long one
                self._fall(machine, point)

    def _fall(self, machine: Machine, point: CrashPoint) -> None:
        """End the agent at a write: by a crash, or because the disk answered with an error."""
        if point.refused:
            machine.crash_at = None
            raise StoreError("journal", "Input/output error")
        raise Crash

    def _spare_file(self, machine: Machine, which: str, data: bytes) -> None:
        """Write a file that nothing vouches for: a refusal is logged, and no more."""
        with contextlib.suppress(StoreError):
            self._file(machine, which, data)

    def _file(self, machine: Machine, which: str, data: bytes) -> None:
        point = self._counted(machine)
        if machine.disk.full:
            raise StoreError(which, "No space left on device")
        if point is None or point.written:
            machine.disk.files[which] = data
        if point is not None:
            self._fall(machine, point)

    def _pet(self, machine: Machine, effect: fx.Pet) -> None:
        node = machine.node
        assert node is not None, "only a running agent pets the watchdog"
        machine.fed = (effect.lease_until_ms, effect.adopt_ms, effect.within_ms)
        machine.deadman_ms = 0
        self._await_feed(machine, node)

    def _await_feed(self, machine: Machine, node: Node) -> None:
        machine.petted_ms = self.now_ms
        limit_ms = node.shared.timing.watchdog_ms

        def expire() -> None:
            stale = self.now_ms - machine.petted_ms >= limit_ms
            stale = stale and self.now_ms >= machine.deadman_ms  # else that one's time counts
            if stale and self.machines.get(machine.name) is machine and machine.runs():
                self.reset(machine)

        self.later(limit_ms, expire)

    # -- consoles

    def ask(self, name: str, request: Request, key: str = CONSOLE_KEY) -> Answer | None:
        """Ask a node as an administrator; the answer comes within the same step."""
        self._ask += 1
        self.step(name, ev.ConsoleAsked(b"c", key, Ask(self._ask, request)))
        return self.answers.get(self._ask)

    def apply(self, name: str, text: str, **owners: str) -> Answer | None:
        """Ask for a DARE from the active configuration of `name` to `text`."""
        node = self.machines[name].node
        base = node.shared.log.standing.digest if node is not None else ""
        return self.ask(name, Apply(text, base, reason="test", owners=owners))

    # -- what the tests look at

    @property
    def run(self) -> DareRun | None:
        """Return the newest run as any node that lives knows it."""
        runs = [n.shared.run for n in self.nodes().values() if n.shared.run is not None]
        newest = max((run.began for run in runs), default=0.0)
        latest = [run for run in runs if run.began == newest]
        ended = [run for run in latest if run.state not in ("running", "aborting")]
        return next(iter(ended or latest), None)

    def nodes(self) -> dict[str, Node]:
        """Return the running nodes."""
        return {name: m.node for name, m in self.machines.items() if m.node is not None}

    def owner(self, group: str) -> list[str]:
        """Return the machines on which any resource of the group runs."""
        return [name for name, m in self.machines.items() if m.running.get(group)]

    def stable(self) -> bool:
        """Return whether all running members agree, nothing is open and all is owned and online."""
        nodes = self.nodes()
        standings = {n.shared.log.standing.slot for n in nodes.values()}
        if len(standings) != 1:
            return False
        some = next(iter(nodes.values())).shared.log.standing
        return all(
            n.participant.open is None
            and (n.coordinator is None or n.coordinator.finished)
            and set(some.view) >= set(nodes)
            and all(n.shared.alive(other) for other in nodes)
            for n in nodes.values()
        ) and all(
            not owner or (owner in nodes and nodes[owner].shared.runner(group).state == "online")
            for group, owner in some.owners.items()
        )
