"""The simulated network: delay, loss, doubling, lateness, cuts of pairs and of adapters.

Control messages are framed when they leave and decoded when they arrive, as on a socket. What goes
wrong may be the fate of all messages, of one kind for a while (`Fate`), or of the n-th of a kind
(`Trap`); messages that are late arrive after those that were sent later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from nodeagent.core import effects as fx
from nodeagent.core import events as ev
from nodeagent.wire.codec import decode_envelope, decode_heartbeat, encode
from nodeagent.wire.heartbeat import Heartbeat
from nodeagent.wire.peer import Message

if TYPE_CHECKING:
    from tests.simulation.machine import Machine
    from tests.simulation.world import World

Single = Literal["lost", "twice", "late"]
AGAIN_MS = 700


@dataclass(frozen=True)
class Fate:
    """What becomes of messages of one kind; probabilities from 0 to 1."""

    loss: float = 0.0
    double: float = 0.0
    late: float = 0.0


@dataclass
class Faults:
    """What the network and the drivers do wrong; probabilities from 0 to 1.

    `kinds` has the messages that fare otherwise than the rest.
    """

    loss: float = 0.0
    double: float = 0.0
    delay_ms: tuple[int, int] = (1, 3)
    late: float = 0.0
    late_ms: int = 3_000
    driver_fails: float = 0.0
    driver_slow: float = 0.0
    driver_hangs: float = 0.0
    driver_lies: float = 0.0
    fence_fails: float = 0.0
    fence_slow: float = 0.0
    fence_late: float = 0.0
    kinds: dict[type, Fate] = field(default_factory=dict)


@dataclass
class Trap:
    """Does something when the n-th message of a kind is about to leave.

    What it returns, if anything, becomes of this one message.
    """

    kind: type
    nth: int
    springs: Callable[[Machine, str], Single | None]


class Network:
    """Carries messages and heartbeats between machines."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cut: set[tuple[str, str]] = set()
        self.dead_adapters: set[tuple[str, str]] = set()
        self.dead_addresses: set[str] = set()
        """Addresses at which heartbeats are not heard, whatever their adapters are called."""
        self.lost_kinds: set[type] = set()
        self.muted: frozenset[type] = frozenset()
        self.traps: list[Trap] = []
        self._packed: tuple[Message, Machine, ev.MessageHeard] | None = None

    def _travels(self, source: str, target: str, kind: type) -> list[int]:
        """Return the delays after which copies arrive, none if lost."""
        faults, chance = self.world.faults, self.world.random.random
        between = self.world.random.randint
        fate = faults.kinds.get(kind, faults) if faults.kinds else faults
        if (source, target) in self.cut or (fate.loss and chance() < fate.loss):
            return []
        copies = 2 if fate.double and chance() < fate.double else 1
        delays = [between(*faults.delay_ms) for _ in range(copies)]
        if fate.late and chance() < fate.late:
            delays[-1] += between(0, faults.late_ms)
        return delays

    def send(self, machine: Machine, effect: fx.Send) -> None:
        """Send a control message over any adapter that works."""
        if type(effect.message) in self.muted:
            return
        target = self.world.machines.get(effect.to)
        peer = machine.peers.get(effect.to)
        if target is None or machine.node is None or peer is None:
            return
        if self._adapters_dead(machine, peer):
            return
        single = self._sprung(machine, effect) if self.traps else None
        kind = type(effect.message)
        if kind in self.lost_kinds or single == "lost":
            return
        delays = self._travels(machine.name, effect.to, kind)
        if single == "twice":
            delays = [*delays, AGAIN_MS]
        if delays:
            event = self._framed(machine, effect)
            later = self.world.faults.late_ms if single == "late" else 0
            for delay in delays:
                self.world.push(delay + later, self._arrive, machine.name, target, event)

    def _adapters_dead(self, machine: Machine, peer: fx.PeerAt) -> bool:
        dead = self.dead_adapters
        return bool(dead) and all((machine.name, path.adapter) in dead for path in peer.paths)

    def _sprung(self, machine: Machine, effect: fx.Send) -> Single | None:
        single: Single | None = None
        for trap in tuple(self.traps):
            if isinstance(effect.message, trap.kind):
                trap.nth -= 1
                if trap.nth == 0:
                    self.traps.remove(trap)
                    single = trap.springs(machine, effect.to) or single
        return single

    def _framed(self, machine: Machine, effect: fx.Send) -> ev.MessageHeard:
        """Return what arrives; as in the daemon, a message to many is encoded once."""
        assert machine.node is not None, "only a running agent sends"
        packed = self._packed
        if packed is None or packed[0] is not effect.message or packed[1] is not machine:
            data = encode(machine.node.envelope(effect.message))
            event = ev.MessageHeard(machine.name, decode_envelope(data))
            packed = self._packed = (effect.message, machine, event)
        return packed[2]

    def _arrive(self, source: str, target: Machine, event: ev.Event) -> None:
        if source in target.peers and self.world.machines.get(target.name) is target:
            self.world.take(target, event)

    def _arrival(self, source: str, target: Machine, event: ev.Event) -> Callable[[], None]:
        return lambda: self._arrive(source, target, event)

    def beat(self, machine: Machine, effect: fx.Beat) -> None:
        """Publish a heartbeat on one adapter to all that listen there."""
        name, dead = machine.name, self.dead_adapters
        if (name, effect.adapter) in dead:
            return
        address = machine.adapters.get(effect.adapter)
        if address in self.dead_addresses:
            return
        beat: Heartbeat | None = None
        for target in self.world.machines.values():
            peer = target.peers.get(name)
            if peer is None or target is machine:
                continue
            own = next((p.adapter for p in peer.paths if p.remote == address), None)
            if own is None or (target.name, own) in dead:
                continue
            for delay in self._travels(name, target.name, Heartbeat):
                beat = beat or decode_heartbeat(encode(effect.beat))
                self.world.push(delay, self._arrive, name, target, ev.BeatHeard(name, own, beat))
