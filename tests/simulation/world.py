"""The shipped core under virtual time: a cluster in one process, with a seeded network and disk.

`World` carries out the effects of each `Node` as the daemon would: journal records are kept before
later sends leave, drivers answer after a while, messages travel with delay, loss, doubling and
partitions. A crash keeps the journal and files and loses all else; with `lingers`, what the agent
started runs on until the agent comes back or the watchdog resets the machine.
"""

import heapq
import random
import zlib
from collections.abc import Callable
from typing import Protocol

from nodeagent.config.digest import file_digest
from nodeagent.core import effects as fx
from nodeagent.core import events as ev
from nodeagent.core.log import genesis, read_configuration
from nodeagent.core.node import TICK_MS, Node, Setup
from nodeagent.core.records import DecidedValue, Record, compact, decode, encode, replay
from nodeagent.model.run import DareRun
from nodeagent.wire.console import Answer, Apply, Ask, Request
from nodeagent.wire.live import EventLine
from tests.simulation.drivers import Drivers
from tests.simulation.machine import Crash, CrashPoint, Disk, Machine
from tests.simulation.network import Faults, Network

CONSOLE_KEY = "c" * 40
REBOOT_MS = 2_500

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
    ) -> None:
        self.random = random.Random(seed)
        self.faults = faults or Faults()
        self.tick_ms, self.lingers, self.consoles = tick_ms, lingers, consoles
        self.compacts, self.drills = compacts, drills
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
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._number = 0
        self._ask = 0
        first = genesis(text.encode())
        for name in read_configuration(text.encode(), "world").node:
            machine = self.machines[name] = Machine(name)
            machine.disk.records.append(encode(DecidedValue(first)))

    # -- time

    def later(self, delay_ms: int, action: Callable[[], None]) -> None:
        """Do something after a while."""
        self._number += 1
        heapq.heappush(self._heap, (self.now_ms + max(0, delay_ms), self._number, action))

    def advance(self, ms: int) -> None:
        """Let `ms` of virtual time pass."""
        end = self.now_ms + ms
        while self._heap and self._heap[0][0] <= end:
            self.now_ms, _, action = heapq.heappop(self._heap)
            action()
        self.now_ms = end

    def until(self, condition: Callable[[], bool], limit_ms: int = 60_000) -> None:
        """Let time pass until `condition` holds; AssertionError with the story if it never does."""
        end = self.now_ms + limit_ms
        while not condition():
            if self.now_ms >= end or not self._heap:
                raise AssertionError(f"did not come within {limit_ms} ms\n{self.told(30)}")
            self.now_ms, _, action = heapq.heappop(self._heap)
            action()

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
        joining = read_configuration(text.encode(), "joining")
        machine = self.machines[name] = Machine(name, joining=joining)
        return machine

    def _boot(self, machine: Machine) -> None:
        machine.life += 1
        machine.running.clear()
        machine.paused = False
        records: list[Record] = [decode(data) for data in machine.disk.records]
        if self.compacts:
            records = compact(replay(records))
            machine.disk.records = [encode(record) for record in records]
        setup = Setup(
            name=machine.name,
            records=tuple(records),
            joining=machine.joining,
            active_digest=file_digest(machine.disk.files.get("active", b"")),
            draft=machine.disk.files.get("default", b""),
            software="sim",
            drills=self.drills,
        )
        now = machine.now(self.now_ms)
        machine.petted_ms = self.now_ms
        machine.node = Node(setup, now)
        self._carry_out(machine, machine.node.start(now))
        self._step(machine, ev.ConsolesPresent(self.consoles))
        self._tick(machine, machine.life)

    def crash(self, name: str) -> None:
        """End an agent abruptly, and unless `lingers` all that it runs."""
        machine = self.machines[name]
        machine.node = None
        machine.life += 1
        machine.paused = False
        machine.backlog.clear()
        if not self.lingers:
            machine.running.clear()

    def reset(self, machine: Machine) -> None:
        """Do what a watchdog does: a hard reset, after which the agent starts again."""
        self.crash(machine.name)
        machine.running.clear()
        self.restart_in(machine, REBOOT_MS)

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
            self._tick(machine, life)

    def _tick(self, machine: Machine, life: int) -> None:
        if machine.life != life or machine.node is None or machine.paused:
            return
        self._step(machine, ev.Tick())
        self.later(self.tick_ms, lambda: self._tick(machine, life))

    def step(self, name: str, event: ev.Event) -> None:
        """Hand an event to a node."""
        self._step(self.machines[name], event)

    def _step(self, machine: Machine, event: ev.Event) -> None:
        node = machine.node
        if node is None:
            return
        if machine.paused:
            machine.backlog.append(event)
            return
        effects = node.step(event, machine.now(self.now_ms))
        self.handled += 1
        mark = f"{self.now_ms}{machine.name}{type(event).__name__}{len(effects)}"
        self.trace = zlib.crc32(mark.encode(), self.trace)
        self._carry_out(machine, effects)
        for watcher in self.watchers:
            watcher.stepped(machine)

    # -- effects

    def _carry_out(self, machine: Machine, effects: list[fx.Effect]) -> None:
        node = machine.node
        try:
            for effect in effects:
                if machine.node is node:
                    self._do(machine, effect)
        except Crash:
            self.crash(machine.name)
            point, machine.crash_at = machine.crash_at, None
            if point is not None and point.reboot_ms >= 0:
                self.restart_in(machine, point.reboot_ms)

    def _do(self, machine: Machine, effect: fx.Effect) -> None:
        if isinstance(effect, fx.Persist):
            self._write(machine, effect.record)
            return
        for watcher in self.watchers:
            watcher.acts(machine, effect)
        match effect:
            case fx.Send():
                self.network.send(machine, effect)
            case fx.Beat():
                self.network.beat(machine, effect)
            case fx.RunDriver():
                self.drivers.run(machine, effect)
            case fx.Pet():
                self._pet(machine)
            case fx.Publish():
                if isinstance(effect.message, EventLine):
                    self.events.append(effect.message)
            case fx.Reply() | fx.Connect() | fx.End() | fx.FailApplication():
                self._do_rarely(machine, effect)
            case _:
                self._do_file(machine, effect)

    def _do_rarely(
        self, machine: Machine, effect: fx.Reply | fx.Connect | fx.End | fx.FailApplication
    ) -> None:
        match effect:
            case fx.Reply():
                self.answers[effect.id] = effect.answer
            case fx.Connect():
                machine.adapters = {a.name: a.address for a in effect.adapters}
                machine.peers = {peer.name: peer for peer in effect.peers}
            case fx.End():
                raise Crash
            case fx.FailApplication():
                self.drivers.fail_application(machine, effect.group)

    def _do_file(self, machine: Machine, effect: fx.Effect) -> None:
        match effect:
            case fx.WriteTemporary():
                self._file(machine, "temporary", effect.data)
            case fx.Activate():
                self._file(machine, "active", effect.data)
            case fx.WriteDraft():
                self._file(machine, "default", effect.data)
            case fx.DropTemporary():
                machine.disk.files.pop("temporary", None)
            case fx.ReadTemporary():
                data = machine.disk.files.get("temporary")
                digest = file_digest(data) if data is not None else ""
                active = machine.disk.files.get("active")
                known = file_digest(active) if active is not None else ""
                self.later(0, self.alive(machine, ev.TemporaryRead(digest, known)))
            case _:
                pass

    def alive(self, machine: Machine, event: ev.Event) -> Callable[[], None]:
        """Return an action that hands the event over if the agent of now still lives then."""
        life = machine.life

        def act() -> None:
            if machine.life == life:
                self._step(machine, event)

        return act

    def _counted(self, machine: Machine) -> CrashPoint | None:
        """Count a durable write; returns the crash point if the machine crashes at this one."""
        machine.disk.writes += 1
        point = machine.crash_at
        return point if point is not None and machine.disk.writes >= point.write else None

    def _write(self, machine: Machine, record: Record) -> None:
        point = self._counted(machine)
        if point is None or point.written:
            machine.disk.records.append(encode(record))
            for watcher in self.watchers:
                watcher.wrote(machine, record)
        if point is not None:
            raise Crash

    def _file(self, machine: Machine, which: str, data: bytes) -> None:
        point = self._counted(machine)
        if point is None or point.written:
            machine.disk.files[which] = data
        if point is not None:
            raise Crash

    def _pet(self, machine: Machine) -> None:
        machine.petted_ms = self.now_ms
        node = machine.node
        assert node is not None, "only a running agent pets the watchdog"
        limit_ms = node.shared.timing.watchdog_ms

        def expire() -> None:
            stale = self.now_ms - machine.petted_ms >= limit_ms
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
