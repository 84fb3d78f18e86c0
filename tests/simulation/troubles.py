"""What a plan's faults do to a world: one method for each, named in `DEEDS`."""

import random
from collections.abc import Callable

from nodeagent.config.quorum import majority
from nodeagent.core.records import Record, decode
from nodeagent.model.ownership import life_of
from nodeagent.wire import peer
from tests.simulation.invariants import Invariants
from tests.simulation.machine import Crash, CrashPoint, Disk, Machine
from tests.simulation.network import Fate, Single, Trap
from tests.simulation.plan import Action
from tests.simulation.world import World

FATES = {"lost": Fate(loss=0.8), "twice": Fate(double=0.8), "late": Fate(late=0.8)}


class Troubles:
    """Carries out faults; `say` takes a line for the story."""

    def __init__(self, world: World, invariants: Invariants, say: Callable[[str], None]) -> None:
        self.world, self.invariants, self.say = world, invariants, say
        self.adapters: set[tuple[str, str]] = set()
        self._copies: dict[str, tuple[Disk, int]] = {}

    # -- who is meant

    def someone(self, who: int) -> Machine | None:
        """Return the machine that is meant among those whose agent lives."""
        living = [m for m in self.world.machines.values() if m.node is not None]
        if not living:
            return None
        if who < 0:
            for machine in living:
                coordinator = machine.node.coordinator if machine.node is not None else None
                if coordinator is not None and not coordinator.finished:
                    return machine
        return living[who % len(living)]

    # -- processes and disks

    def crash(self, action: Action) -> None:
        machine = self.someone(action.who)
        if machine is not None:
            self.say(f"crash {machine.name} for {action.lasts} ms")
            self._crash(machine, action.lasts)

    def _crash(self, machine: Machine, lasts: int) -> None:
        self.world.crash(machine.name)
        self.world.restart_in(machine, lasts)

    def agent(self, action: Action) -> None:
        machine = self.someone(action.who)
        if machine is not None:
            self.say(f"the agent of {machine.name} dies alone, for {action.lasts} ms")
            self.world.orphan(machine.name)
            self.world.restart_in(machine, action.lasts)

    def leave(self, action: Action) -> None:
        machine = self.someone(action.who)
        if machine is not None and not machine.paused:
            self.say(f"stop {machine.name} for {action.lasts} ms")
            self.world.stop(machine.name)
            self.world.restart_in(machine, action.lasts)

    def write(self, action: Action) -> None:
        machine = self.someone(action.who)
        if machine is None:
            return
        part = random.Random(action.pick).random() if action.what.endswith("torn") else 0.0
        machine.crash_at = CrashPoint(
            machine.disk.writes + action.nth,
            written=action.what.endswith("after"),
            reboot_ms=action.lasts,
            torn=part,
            refused=action.what.startswith("refused"),
        )
        self.say(f"crash {machine.name} at write +{action.nth}, {action.what}")

    def full_disk(self, action: Action) -> None:
        machine = self.someone(action.who)
        if machine is None:
            return
        self.say(f"the disk of {machine.name} is full for {action.lasts} ms ({action.what})")
        disk = machine.disk
        disk.full, disk.full_journal = True, action.what == "journal"

        def mend() -> None:
            disk.full = disk.full_journal = False

        self.world.later(action.lasts, mend)

    def pause(self, action: Action) -> None:
        machine = self.someone(action.who)
        if machine is not None:
            self.say(f"pause {machine.name} for {action.lasts} ms")
            self._pause(machine, action.lasts)

    def _pause(self, machine: Machine, lasts: int) -> None:
        self.world.pause(machine.name)
        self.world.later(lasts, lambda: self.world.resume(machine.name))

    def application(self, action: Action) -> None:
        running = [(m, g) for m in self.world.machines.values() for g in m.runs()]
        if running:
            machine, group = running[action.who % len(running)]
            self.say(f"end application of {group} on {machine.name}")
            self.world.drivers.fail_application(machine, group)

    # -- state that is lost

    def copy_disk(self, action: Action) -> None:
        machine = self._named(action.who)
        life = life_of(self.invariants.incarnation(machine.name))
        self._copies[machine.name] = (machine.disk.copy(), life)

    def lose_disk(self, action: Action) -> None:
        machine = self._named(action.who)
        if not self._may_forget(machine, 0):
            return
        self.say(f"{machine.name} loses its disk and is set up as at first")
        self.world.crash(machine.name)
        if machine.joining is not None:
            machine.disk = Disk()
        else:
            self.world.initialise(machine)
        self._forgot(machine, action.lasts)

    def set_disk_back(self, action: Action) -> None:
        machine = self._named(action.who)
        disk, life = self._copies.get(machine.name, (None, 0))
        if disk is None or not self._may_forget(machine, life):
            return
        self.say(f"{machine.name} has its disk set back to an older copy")
        self.world.crash(machine.name)
        machine.disk = disk.copy()
        self._forgot(machine, action.lasts)

    def _named(self, who: int) -> Machine:
        machines = list(self.world.machines.values())
        return machines[who % len(machines)]

    def _may_forget(self, machine: Machine, life: int) -> bool:
        """Return whether a disk that knows no life after `life` may take the place of this one.

        The voters that do not forget must be able to decide, also by what a DARE that is open would
        make of them, and the decrees must tell that the disk is not the newest: the next start,
        which is one more than `life`, was counted in.
        """
        if self.invariants.counted(machine.name) <= life:
            return False
        voters = self.invariants.voters
        if machine.name not in voters:
            return machine.name in self.invariants.active.node
        forgetful = self.invariants.forgetful | {machine.name}
        return self.invariants.decides(set(voters) - forgetful) and all(
            majority(staged.voters(), set(staged.voters()) - forgetful, staged.cluster.tie_breaker)
            for node in self.world.nodes().values()
            if (staged := node.shared.candidate) is not None
        )

    def _forgot(self, machine: Machine, lasts: int) -> None:
        machine.crash_at = None
        records: list[Record] = [decode(data) for data in machine.disk.open()]
        self.invariants.forget(machine.name, records)
        self.world.restart_in(machine, lasts)

    # -- messages and links

    def trap(self, action: Action) -> None:
        name, _, deed = action.what.partition(": ")
        kind, lasts = getattr(peer, name), action.lasts

        def springs(machine: Machine, to: str) -> Single | None:
            self.say(f"at {name} {machine.name} > {to}: {deed} for {lasts} ms")
            if deed in FATES:
                return deed  # type: ignore[return-value]
            self._sprung(kind, deed, machine, self.world.machines[to], lasts)
            return None

        self.world.network.traps.append(Trap(kind, action.nth, springs))

    def _sprung(self, kind: type, deed: str, machine: Machine, to: Machine, lasts: int) -> None:
        match deed:
            case "crash sender":
                machine.crash_at = CrashPoint(0, written=False, reboot_ms=lasts)
                raise Crash
            case "crash receiver":
                self._crash(to, lasts)
            case "pause sender":
                self._pause(machine, lasts)
            case "pause receiver":
                self._pause(to, lasts)
            case "cut off sender":
                self._cut_off({machine.name}, "both ways", lasts)
            case _:
                lost = self.world.network.lost_kinds
                lost.add(kind)
                self.world.later(lasts, lambda: lost.discard(kind))

    def weather(self, action: Action) -> None:
        name, _, how = action.what.partition(": ")
        kind, kinds = getattr(peer, name), self.world.faults.kinds
        self.say(f"{name} {how} for {action.lasts} ms")
        kinds[kind] = FATES[how]

        def mend() -> None:
            kinds.pop(kind, None)

        self.world.later(action.lasts, mend)

    def cut(self, action: Action) -> None:
        names = list(self.world.machines)
        if len(names) < 2:
            return
        one, two = random.Random(action.pick).sample(names, 2)
        pairs = {(one, two)} if action.what == "one way" else {(one, two), (two, one)}
        self._cut(pairs, f"cut {sorted(pairs)}", action.lasts)

    def isolate(self, action: Action) -> None:
        names, chance = list(self.world.machines), random.Random(action.pick)
        side = set(chance.sample(names, chance.randint(1, max(1, len(names) // 2))))
        self._cut_off(side, action.what, action.lasts)

    def _cut_off(self, side: set[str], ways: str, lasts: int) -> None:
        names = list(self.world.machines)
        pairs = {(a, b) for a in names for b in names if a in side and b not in side}
        if ways == "both ways":
            pairs |= {(b, a) for a, b in pairs}
        self._cut(pairs, f"cut off {sorted(side)} {ways}", lasts)

    def _cut(self, pairs: set[tuple[str, str]], text: str, lasts: int) -> None:
        self.say(f"{text} for {lasts} ms")
        self.world.cut.update(pairs)
        self.world.later(lasts, lambda: self.world.cut.difference_update(pairs))

    def adapter(self, action: Action) -> None:
        adapter = (self._named(action.who).name, action.what)
        self.say(f"cut adapter {adapter} for {action.lasts} ms")
        if action.who % 2:
            self.world.unplug(*adapter)  # the kernel notices
        else:
            self.world.network.dead_adapters.add(adapter)
        self.world.later(action.lasts, lambda: self.world.plug(*adapter))

    def end(self) -> None:
        """Mend everything: what follows is calm."""
        world = self.world
        for name, adapter in sorted(world.network.dead_adapters):
            world.plug(name, adapter)
        world.network.lost_kinds.clear()
        world.network.traps.clear()
        world.cut.clear()
        for machine in world.machines.values():
            machine.crash_at = None
            machine.ghosts.clear()
            machine.disk.full = machine.disk.full_journal = False
            if machine.paused:
                world.resume(machine.name)


DEEDS: dict[str, Callable[[Troubles, Action], None]] = {
    "crash": Troubles.crash,
    "agent": Troubles.agent,
    "leave": Troubles.leave,
    "write": Troubles.write,
    "full disk": Troubles.full_disk,
    "pause": Troubles.pause,
    "application": Troubles.application,
    "copy disk": Troubles.copy_disk,
    "lose disk": Troubles.lose_disk,
    "set disk back": Troubles.set_disk_back,
    "trap": Troubles.trap,
    "weather": Troubles.weather,
    "cut": Troubles.cut,
    "isolate": Troubles.isolate,
    "adapter": Troubles.adapter,
}
