"""Simulated resources: started, stopped and monitored after a while, refused or slow on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodeagent.core import effects as fx
from nodeagent.core import events as ev

if TYPE_CHECKING:
    from tests.simulation.machine import Machine
    from tests.simulation.world import World


class Drivers:
    """What the drivers of all machines do. `refuse` holds (machine, group, action) that fail."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.refuse: set[tuple[str, str, str]] = set()

    def run(self, machine: Machine, effect: fx.RunDriver) -> None:
        """Carry out one action; its result comes as an event."""
        faults, chance = self.world.faults, self.world.random
        fails = (machine.name, effect.group, effect.action) in self.refuse
        fails = fails or (faults.driver_fails > 0 and chance.random() < faults.driver_fails)
        slow = faults.driver_slow > 0 and chance.random() < faults.driver_slow
        running = machine.running.setdefault(effect.group, set())
        if effect.action == "monitor":
            fails = fails or effect.name not in running
        if effect.action == "start" and (not fails or slow):
            running.add(effect.name)  # a slow start that fails leaves something behind
        life = machine.life

        def end() -> None:
            if machine.life != life:
                return
            if effect.action == "stop" and not fails:
                running.discard(effect.name)
            text = f"{effect.action} refused by the test" if fails else ""
            self.world.step(machine.name, ev.DriverFinished(effect.op, not fails, text=text))

        self.world.later(chance.randint(300, 3_000) if slow else chance.randint(1, 20), end)

    def fail_application(self, machine: Machine, group: str) -> None:
        """End a group's application behind the agent's back."""
        for name in sorted(machine.running.get(group, ())):
            if name == "server":
                machine.running[group].discard(name)
                event = ev.ResourceExited(group, name, "ended with code 1")
                self.world.later(1, self.world.alive(machine, event))
