"""The simulated network: delay, loss, doubling, lateness, cuts of pairs and of adapters.

Control messages are framed when they leave and decoded when they arrive, as on a socket.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nodeagent.core import effects as fx
from nodeagent.core import events as ev
from nodeagent.wire.codec import decode_envelope, decode_heartbeat, encode
from nodeagent.wire.heartbeat import Heartbeat

if TYPE_CHECKING:
    from tests.simulation.machine import Machine
    from tests.simulation.world import World


@dataclass
class Faults:
    """What the network and the drivers do wrong; probabilities from 0 to 1."""

    loss: float = 0.0
    double: float = 0.0
    delay_ms: tuple[int, int] = (1, 3)
    late: float = 0.0
    late_ms: int = 3_000
    driver_fails: float = 0.0
    driver_slow: float = 0.0


@dataclass
class Trap:
    """Does something when the n-th message of a kind is about to leave."""

    kind: type
    nth: int
    springs: Callable[[Machine, str], None]


class Network:
    """Carries messages and heartbeats between machines."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cut: set[tuple[str, str]] = set()
        self.dead_adapters: set[tuple[str, str]] = set()
        self.lost_kinds: set[type] = set()
        self.traps: list[Trap] = []

    def _travels(self, source: str, target: str) -> list[int]:
        """Return the delays after which copies arrive, none if lost."""
        faults, chance = self.world.faults, self.world.random
        if (source, target) in self.cut or (faults.loss and chance.random() < faults.loss):
            return []
        copies = 2 if faults.double and chance.random() < faults.double else 1
        delays = [chance.randint(*faults.delay_ms) for _ in range(copies)]
        if faults.late and chance.random() < faults.late:
            delays[-1] += chance.randint(0, faults.late_ms)
        return delays

    def send(self, machine: Machine, effect: fx.Send) -> None:
        """Send a control message over any adapter that works."""
        target = self.world.machines.get(effect.to)
        peer = machine.peers.get(effect.to)
        if target is None or machine.node is None or peer is None:
            return
        if all((machine.name, path.adapter) in self.dead_adapters for path in peer.paths):
            return
        for trap in tuple(self.traps):
            self._approach(trap, machine, effect)
        if type(effect.message) in self.lost_kinds:
            return
        delays = self._travels(machine.name, effect.to)
        if delays:
            event = self._framed(machine, effect)
            for delay in delays:
                self.world.later(delay, self._arrival(machine.name, target, event))

    def _approach(self, trap: Trap, machine: Machine, effect: fx.Send) -> None:
        if isinstance(effect.message, trap.kind):
            trap.nth -= 1
            if trap.nth == 0:
                self.traps.remove(trap)
                trap.springs(machine, effect.to)

    def _framed(self, machine: Machine, effect: fx.Send) -> ev.MessageHeard:
        assert machine.node is not None, "only a running agent sends"
        data = encode(machine.node.envelope(effect.message))
        return ev.MessageHeard(machine.name, decode_envelope(data))

    def _arrival(self, source: str, target: Machine, event: ev.Event) -> Callable[[], None]:
        def act() -> None:
            if self.world.machines.get(target.name) is target and source in target.peers:
                self.world.step(target.name, event)

        return act

    def beat(self, machine: Machine, effect: fx.Beat) -> None:
        """Publish a heartbeat on one adapter to all that listen there."""
        if (machine.name, effect.adapter) in self.dead_adapters:
            return
        address = machine.adapters.get(effect.adapter)
        beat: Heartbeat | None = None
        for target in self.world.machines.values():
            peer = target.peers.get(machine.name)
            if target is machine or peer is None or machine.name not in self._allows(target):
                continue
            path = next((p for p in peer.paths if p.remote == address), None)
            if path is None or (target.name, path.adapter) in self.dead_adapters:
                continue
            for delay in self._travels(machine.name, target.name):
                beat = beat or decode_heartbeat(encode(effect.beat))
                event = ev.BeatHeard(machine.name, path.adapter, beat)
                self.world.later(delay, self._arrival(machine.name, target, event))

    def _allows(self, target: Machine) -> dict[str, fx.PeerAt]:
        return target.peers
