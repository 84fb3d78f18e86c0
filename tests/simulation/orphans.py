"""Services whose agent died alone: their deadman waits for the next agent, and fires in the end.

The deadman was told, with the last feed, when the agent's lease ends. After the agent's death it
waits for `adopt-ms`, and not beyond that lease and half of the watchdog's time. The agent that
comes up meanwhile takes over what its core says and what runs as a whole; all else it ends. Until
it has a lease, and so may feed its deadman, the time goes on that was left by the one before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodeagent.core.adoption import Inherited

if TYPE_CHECKING:
    from nodeagent.core.node import Node
    from tests.simulation.machine import Machine
    from tests.simulation.world import World


class Orphans:
    """What the deadmen of all machines do when an agent died."""

    def __init__(self, world: World) -> None:
        self.world = world

    def note_whole(self, machine: Machine) -> None:
        """Remember which groups run as a whole before the agent dies.

        It may have meant to stop one and have fallen at the record of that, before it did anything.
        """
        runners = machine.node.shared.runners.values() if machine.node is not None else ()
        meant = {r.name for r in runners if r.state == "releasing"} - machine.stopping
        machine.whole = frozenset({r.name for r in runners if r.state == "online"} | meant)

    def left(self, machine: Machine) -> None:
        """An agent died alone: wait for the next one for as long as its last word allows."""
        now_ms = machine.now(self.world.now_ms).ms
        lease_until_ms, adopt_ms, watchdog_ms = machine.fed
        until_ms = min(now_ms + adopt_ms, lease_until_ms + watchdog_ms // 2)
        waits = max(0, int((until_ms - now_ms) / machine.rate))
        if not self._waits(machine):  # else nobody took over from an agent that died before
            machine.deadman_ms = self.world.now_ms + waits
        machine.adopted = frozenset()
        self._fire_in_time(machine)

    def inherited(self, machine: Machine, node: Node) -> Inherited:
        """Return what the agent that starts takes over; all else is ended as far as it can be."""
        adopted = self._adopted(machine, node) if self._waits(machine) else frozenset[str]()
        refused = self.world.refuse_driver
        kept = {g for g in machine.running if (machine.name, g, "stop") in refused} | adopted
        for group in set(machine.running) - kept:
            del machine.running[group]
        for group, name in set(machine.placed):
            if group not in adopted:
                del machine.placed[group, name]
        machine.stopping.clear()
        machine.adopted, machine.fed = adopted, (0, 0, machine.fed[2])
        until_ms = machine.now(machine.deadman_ms).ms
        left = [(g, n) for g, names in machine.running.items() for n in sorted(names)]
        return Inherited(tuple(one for one in left if one[0] not in adopted), adopted, until_ms)

    def _adopted(self, machine: Machine, node: Node) -> frozenset[str]:
        return frozenset(
            name
            for name, group in node.adoptable.items()
            if machine.running.get(name, set()) >= group.resource.keys()
        )

    def _waits(self, machine: Machine) -> bool:
        return self.world.now_ms < machine.deadman_ms

    def _fire_in_time(self, machine: Machine) -> None:
        """End all that runs here when the time is over, unless an agent has fed it since."""
        until_ms = machine.deadman_ms

        def fire() -> None:
            if machine.deadman_ms == until_ms:
                machine.running.clear()
                machine.placed.clear()

        self.world.later(max(0, until_ms - self.world.now_ms), fire)
