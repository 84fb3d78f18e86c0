"""Simulated resources: started, stopped and monitored after a while, and what goes wrong with that.

A driver may fail, be slow, hang until its deadline, or lie. Of the lies, "it runs" about what does
not run is found by the next monitor. "It is stopped" about what still runs cannot be found by any
protocol, so it is counted and excused: the group is a *ghost* on that machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodeagent.core import effects as fx
from nodeagent.core import events as ev
from nodeagent.model.happenings import Command

if TYPE_CHECKING:
    from tests.simulation.machine import Machine
    from tests.simulation.world import World


class Drivers:
    """What the drivers of all machines do.

    `refuse` holds (machine, group, action) that fail; with "slow ACTION" they take long, with
    "long ACTION" nearly as long as they may.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.refuse: set[tuple[str, str, str]] = set()
        self.commands: list[tuple[str, Command]] = []

    def run(self, machine: Machine, effect: fx.RunDriver) -> None:
        """Carry out one action; its result comes as an event."""
        fails = (machine.name, effect.group, effect.action) in self.refuse
        fails = fails or self._by_chance(self.world.faults.driver_fails)
        slow = self._by_chance(self.world.faults.driver_slow)
        slow = slow or (machine.name, effect.group, f"slow {effect.action}") in self.refuse
        hangs = self._by_chance(self.world.faults.driver_hangs)
        lies = self._by_chance(self.world.faults.driver_lies)
        running = machine.running.setdefault(effect.group, set())
        if effect.action == "stop":
            machine.stopping.add(effect.group)
        if effect.action == "start":
            machine.stopping.discard(effect.group)
        if effect.action == "monitor":
            fails = (fails or effect.name not in running) and not lies
        if effect.action == "start" and not lies and (not fails or slow or hangs):
            machine.started[effect.group, effect.name] = effect.resource
            running.add(effect.name)  # a slow start that fails leaves something behind
        life = machine.life
        code = "unwell" if effect.name in running else "stopped"

        def end() -> None:
            if machine.life == life:
                self._end(machine, effect, "" if not fails and not hangs else code, lies=lies)

        takes_ms = self._takes_ms(effect, slow=slow, hangs=hangs)
        if (machine.name, effect.group, f"long {effect.action}") in self.refuse:
            takes_ms = int(effect.limit_s * 900)
        self.world.later(takes_ms, end)

    def run_command(self, machine: Machine, effect: fx.RunCommand) -> None:
        """Run an administrator's command: it may fail, or hang until it is killed.

        `refuse` holds (machine, group, stage) of commands that fail, and (machine, group,
        "hang STAGE") of those that hang; with "slow STAGE" they succeed just in time.
        """
        command, group = effect.command, effect.command.happening.group
        hangs = (machine.name, group, f"hang {command.stage}") in self.refuse
        hangs = hangs or self._by_chance(self.world.faults.driver_hangs)
        fails = (machine.name, group, command.stage) in self.refuse
        fails = fails or hangs or self._by_chance(self.world.faults.driver_fails)
        self.commands.append((machine.name, command))
        code, text = ("failed", "refused by the test") if fails else ("ok", "")
        done = ev.DriverFinished(effect.op, not fails, code, text, ("last words",))
        if hangs:
            talk = ev.CommandTalked(effect.op, "still busy")
            self.world.later(1_000, self.world.alive(machine, talk))
        takes_ms = int(command.limit_s * 1000) if hangs else self.world.random.randint(1, 50)
        if (machine.name, group, f"slow {command.stage}") in self.refuse:
            takes_ms = int(command.limit_s * 900)
        self.world.later(takes_ms, self.world.alive(machine, done))

    def _by_chance(self, probability: float) -> bool:
        return probability > 0 and self.world.random.random() < probability

    def _takes_ms(self, effect: fx.RunDriver, *, slow: bool, hangs: bool) -> int:
        if hangs:
            return int(effect.limit_s * 1000)  # then it is killed, and counts as failed
        return self.world.random.randint(*((300, 3_000) if slow else (1, 20)))

    def _end(self, machine: Machine, effect: fx.RunDriver, code: str, *, lies: bool) -> None:
        """Tell the result; `code` says what went wrong, "" for nothing."""
        ok = not code
        if effect.action == "start" and ok and effect.attachment.adapter:
            machine.placed[effect.group, effect.name] = effect.attachment.adapter
        if effect.action == "stop" and ok:
            machine.placed.pop((effect.group, effect.name), None)
            machine.running.setdefault(effect.group, set()).discard(effect.name)
            if lies:
                machine.ghosts.add(effect.group)
        text = "" if ok else f"{effect.action} refused by the test"
        fact = f"/programs {machine.programs}" if effect.name == "server" else ""
        done = ev.DriverFinished(effect.op, ok, code or "ok", text, fact=fact)
        self.world.step(machine.name, done)

    def fail_application(self, machine: Machine, group: str) -> None:
        """End a group's application behind the agent's back."""
        for name in sorted(machine.running.get(group, ())):
            if name == "server":
                machine.running[group].discard(name)
                event = ev.ResourceExited(group, name, "ended with code 1")
                self.world.later(1, self.world.alive(machine, event))
