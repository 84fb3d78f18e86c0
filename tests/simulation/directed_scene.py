"""A stage for directed schedules: a cluster, hooks on single messages, and calm at the end.

What seeded schedules meet once in ten thousand is put on here on purpose. Only moments, roles and
how long things last are drawn from a seed, so each scenario is a family of schedules.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Self

from nodeagent.config.quorum import majority
from nodeagent.core import effects as fx
from nodeagent.core.node import Node
from nodeagent.core.records import Record
from nodeagent.wire.console import Apply
from nodeagent.wire.peer import LeaseAck, LeaseRequest, Message
from tests.simulation.exhaustive_faults import problem
from tests.simulation.invariants import Invariants
from tests.simulation.machine import Machine
from tests.simulation.network import Network
from tests.simulation.shapes import GroupShape, Shape
from tests.simulation.world import World

LOST = -1
CALM_MS = 40_000
DECREES_MAX = 12
"""A scenario has one or two faults: views that follow each other for long are a flutter."""

Hook = Callable[[str, str, Message], int | None]
"""Sees (sender, receiver, message); returns None for "as always", LOST, or a delay in ms."""


class HookedNetwork(Network):
    """A network that asks hooks about every control message."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.hooks: list[Hook] = []
        self.mute: set[str] = set()

    def beat(self, machine: Machine, effect: fx.Beat) -> None:
        """Publish a heartbeat, unless those of this machine get lost while messages do not."""
        if machine.name not in self.mute:
            super().beat(machine, effect)

    def send(self, machine: Machine, effect: fx.Send) -> None:
        """Send as always, unless a hook says otherwise."""
        for hook in self.hooks:
            fate = hook(machine.name, effect.to, effect.message)
            if fate is None:
                continue
            if fate != LOST and effect.to in machine.peers:
                target, event = self.world.machines[effect.to], self._framed(machine, effect)
                self.world.later(fate, self._arrival(machine.name, target, event))
            return
        super().send(machine, effect)


class Leases:
    """Reckons leases from what was asked and granted, without believing the holder.

    A lease ends `lease_ms` after the sending of the newest request that a majority granted, whether
    or not the answers arrived; clocks of a scene do not drift.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self._asked: dict[tuple[str, int, int], int] = {}
        self._granted: dict[tuple[str, int], dict[str, int]] = {}
        self._since: dict[tuple[str, int], int] = {}
        world.watchers.append(self)

    def wrote(self, machine: Machine, record: Record) -> None:
        """A record reached the disk: of no interest."""

    def acts(self, machine: Machine, effect: fx.Effect) -> None:
        """Follow requests and grants."""
        if not isinstance(effect, fx.Send):
            return
        message = effect.message
        if isinstance(message, LeaseRequest):
            key = (machine.name, machine.life, message.sequence)
            self._asked.setdefault(key, self.world.now_ms)
        elif isinstance(message, LeaseAck):
            holder = self.world.machines[effect.to]
            sent = self._asked.get((holder.name, holder.life, message.sequence))
            if sent is not None:
                granted = self._granted.setdefault((holder.name, holder.life), {})
                granted[machine.name] = max(sent, granted.get(machine.name, sent))

    def stepped(self, machine: Machine) -> None:
        """Nobody starts or goes on beyond lease and watchdog."""
        node = machine.node
        if node is None or not machine.runs():
            return
        shared, granted = node.shared, self._granted.get((machine.name, machine.life), {})
        granted = {**granted, machine.name: self.world.now_ms}  # its own word counts at once
        newest = sorted(granted.values())
        since = next(
            (t for t in reversed(newest) if majority(shared.log.deciding, _by(granted, t))), None
        )
        if since is None:
            return  # under the lease of voters that were replaced since
        key = (machine.name, machine.life)
        since = self._since[key] = max(since, self._since.get(key, since))  # a change takes none
        timing = shared.timing
        late = self.world.now_ms - since - timing.lease_ms
        limit = timing.watchdog_ms + 600
        assert late < limit, f"8 lease: {machine.name} holds {machine.runs()}, {late} ms late"


def _by(granted: dict[str, int], time_ms: int) -> set[str]:
    return {voter for voter, sent in granted.items() if sent >= time_ms}


class Scene:
    """A cluster under directed faults; `chance` is drawn from the seed."""

    def __init__(
        self, seed: int, shape: Shape, *, lingers: bool = False, adopts: bool = False
    ) -> None:
        self.seed, self.shape = seed, shape
        self.chance = random.Random(f"directed {seed}")
        self.world = World(shape.text, seed=seed, tick_ms=100, lingers=lingers, adopts=adopts)
        self.network = self.world.network = HookedNetwork(self.world)
        self.world.cut = self.network.cut
        self.invariants = Invariants(self.world)
        self.leases = Leases(self.world)
        self.away = ""

    # -- doings

    def settle(self, *joining: str, shape: Shape | None = None) -> Self:
        """Start all, and those that shall join with the configuration `shape`; wait for rest."""
        self.world.start()
        for name in joining:
            assert shape is not None, "who joins was given a configuration"
            self.world.add_machine(name, shape.text)
            self.world.start(name)
        return self.until(lambda: not self.problem())

    def hook(self, hook: Hook) -> None:
        """Ask this hook about every message from now on."""
        self.network.hooks.append(hook)

    def ask(self, shape: Shape, at: str = "alpha", **owners: str) -> str:
        """Ask for a DARE; returns its transaction, empty when it was refused."""
        return self.ask_from(self.node(at).shared.log.standing.digest, shape, at, **owners)

    def ask_from(self, base: str, shape: Shape, at: str, **owners: str) -> str:
        """Ask for a DARE with a draft that was made from the configuration `base`."""
        answer = self.world.ask(at, Apply(shape.text, base, reason="directed", owners=owners))
        return str(getattr(answer, "tx", ""))

    def replay(self, sender: str, to: str, message: Message, delay_ms: int) -> None:
        """Let a message arrive after a while, as a copy that the network kept."""
        machine, target = self.world.machines[sender], self.world.machines[to]
        event = self.network._framed(machine, fx.Send(to, message))
        self.world.later(delay_ms, self.network._arrival(sender, target, event))

    def cut(
        self, one: Iterable[str], other: Iterable[str], lasts_ms: int, *, both: bool = True
    ) -> None:
        """Cut all that goes from `one` to `other` (and back) for a while."""
        pairs = {(a, b) for a in one for b in other if a != b}
        pairs |= {(b, a) for a, b in pairs} if both else set()
        self.world.cut.update(pairs)
        self.world.later(lasts_ms, lambda: self.world.cut.difference_update(pairs))

    def isolate(self, name: str, lasts_ms: int) -> None:
        """Cut one machine off from all others."""
        self.cut([name], list(self.world.machines), lasts_ms)

    def crash(self, name: str, away_ms: int) -> None:
        """End an agent abruptly; it comes back after a while."""
        self.world.crash(name)
        self.world.restart_in(self.world.machines[name], away_ms)

    def die_alone(self, name: str, away_ms: int) -> None:
        """End an agent whose services go on; it comes back after a while."""
        self.world.orphan(name)
        self.world.restart_in(self.world.machines[name], away_ms)

    def pause(self, name: str, lasts_ms: int) -> None:
        """Freeze an agent; what it started runs on."""
        self.world.pause(name)
        self.world.later(lasts_ms, lambda: self.world.resume(name))

    def wait(self, low_ms: int, high_ms: int = 0) -> Self:
        """Let a while pass, drawn from the seed if it has two ends."""
        self.world.advance(self.chance.randint(low_ms, max(low_ms, high_ms)))
        return self

    def until(self, condition: Callable[[], bool], limit_ms: int = CALM_MS) -> Self:
        """Let time pass until something is so."""
        end = self.world.now_ms + limit_ms
        while not condition():
            assert self.world.now_ms < end, f"14 convergence: {self.problem() or 'never so'}"
            self.world.advance(50)
        return self

    def calm(self) -> Self:
        """End all faults; all must come to rest, and without many decrees."""
        self.network.hooks.clear()
        self.network.mute.clear()
        self.network.lost_kinds.clear()
        self.network.dead_adapters.clear()
        self.world.cut.clear()
        self.world.refuse_driver.clear()
        for machine in self.world.machines.values():
            machine.crash_at = None
            if machine.paused:
                self.world.resume(machine.name)
            self.world.restart_in(machine, 100)
        self.until(lambda: not self.problem())
        decrees = len(self.invariants.decrees)
        assert decrees <= DECREES_MAX, f"14 convergence: {decrees} decrees, a few say it all"
        return self

    # -- looking

    def node(self, name: str) -> Node:
        """Return the core of a running node."""
        return self.world.nodes()[name]

    def problem(self) -> str:
        """Return what is not at rest."""
        return problem(self.world, self.invariants, self.away)

    def told(self, text: str) -> bool:
        """Return whether any agent told this."""
        return any(text in line.text for line in self.world.events)


def cluster(
    nodes: tuple[str, ...] = ("alpha", "bravo", "charlie"),
    voters: tuple[str, ...] = (),
    **owners: tuple[str, ...],
) -> Shape:
    """Return a cluster; `owners` gives each group its takeover order."""
    orders = owners or {"web": nodes[:2], "orders": (*nodes[1:], nodes[0])}
    groups = tuple(
        (name, GroupShape(order, number=100 + number))
        for number, (name, order) in enumerate(orders.items())
    )
    return Shape(nodes, groups, timing=1, voters=voters)


def with_groups(shape: Shape, **orders: tuple[str, ...]) -> Shape:
    """Return the shape with these groups' takeover orders, new ones added, and new versions."""
    known = dict(shape.groups)
    for name, order in orders.items():
        before = known.get(name) or GroupShape(order, number=100 + len(known))
        known[name] = replace(before, nodes=order, version=before.version + 1)
    return replace(shape, groups=tuple(known.items()))


def at_nth(nth: int, kind: type, deed: Callable[[str, str], int | None]) -> Hook:
    """Return a hook that does something at the n-th message of a kind between two nodes."""
    left = [nth]

    def hook(sender: str, to: str, message: Message) -> int | None:
        if not isinstance(message, kind):
            return None
        left[0] -= 1
        return deed(sender, to) if left[0] == 0 else None

    return hook
