"""Simulated fence devices: they reset the machine, and tell so only afterwards.

A device may work, fail, hang until its time is over, be slow, or be late: then it is told as failed
when its time is over, and the machine goes off all the same, a while later. None says "done" before
the machine was reset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodeagent.core import effects as fx
from nodeagent.core import events as ev

if TYPE_CHECKING:
    from tests.simulation.machine import Machine
    from tests.simulation.world import World

LATE_MS = (500, 6_000)
SWITCHED_ON_MS = 6_000
"""What is off stays off until somebody comes and switches it on."""


class Fences:
    """What the fence devices of all machines do."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.asked: list[tuple[str, str, str]] = []

    def run(self, machine: Machine, effect: fx.FenceNode) -> None:
        """Carry out one order; its result comes as an event."""
        world = self.world
        if effect.work == "validate":
            self._tell(machine, effect, 5, ok=True)
            return
        self.asked.append((machine.name, effect.node, effect.name))
        target = world.machines.get(effect.node)
        fate = (target.fence if target else "fails") or self._by_chance()
        limit_ms = int(effect.device.seconds * 1000)
        if target is None or fate == "fails" or effect.device.agent == "manual":
            self._tell(machine, effect, world.random.randint(10, 500), ok=False)
        elif fate == "hangs":
            self._tell(machine, effect, limit_ms, ok=False)
        elif fate == "late":
            self._tell(machine, effect, limit_ms, ok=False)
            self._hit(target, effect, limit_ms + world.random.randint(*LATE_MS))
        else:
            slow = (limit_ms // 2, limit_ms) if fate == "slow" else (50, 400)
            takes_ms = world.random.randint(*slow)
            self._hit(target, effect, world.random.randint(1, takes_ms))
            self._tell(machine, effect, takes_ms, ok=True)

    def _by_chance(self) -> str:
        world, faults = self.world, self.world.faults
        for fate, chance in (
            ("fails", faults.fence_fails),
            ("slow", faults.fence_slow),
            ("late", faults.fence_late),
        ):
            if chance > 0 and world.random.random() < chance:
                return fate
        return "works"

    def _hit(self, target: Machine, effect: fx.FenceNode, delay_ms: int) -> None:
        world = self.world

        def act() -> None:
            if world.machines.get(target.name) is not target:
                return
            target.fenced += 1
            if effect.device.action == "reboot":
                world.reset(target)
            else:
                world.power_off(target)
                world.restart_in(target, SWITCHED_ON_MS)

        world.later(delay_ms, act)

    def _tell(self, machine: Machine, effect: fx.FenceNode, delay_ms: int, *, ok: bool) -> None:
        text = "" if ok else "refused by the test"
        event = ev.FenceFinished(effect.op, ok, "ok" if ok else "failed", text)
        self.world.later(delay_ms, self.world.alive(machine, event))
