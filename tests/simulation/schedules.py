"""A run from one seed: a cluster, faults, and administrators who ask for changes meanwhile.

First the faults, with all rules of `invariants` watched after every event; then calm, and all must
agree again, by themselves, within `CALM_MS`. The same seed gives the same run.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from nodeagent.wire import peer
from nodeagent.wire.console import Abort, Apply, SaveDraft
from tests.simulation import shapes
from tests.simulation.clusters import NAMES
from tests.simulation.invariants import Invariants
from tests.simulation.machine import Crash, CrashPoint, Machine
from tests.simulation.network import Faults, Trap
from tests.simulation.rest import members, restless
from tests.simulation.shapes import Shape
from tests.simulation.world import World

KINDS: tuple[type, ...] = (
    peer.Prepare,
    peer.Promise,
    peer.Accept,
    peer.Accept,
    peer.Accepted,
    peer.Accepted,
    peer.Decided,
    peer.Decided,
    peer.Applied,
    peer.StepOrder,
    peer.StepReply,
    peer.StepReply,
    peer.LeaseAck,
    peer.Probe,
    peer.ProbeReply,
    peer.Withdraw,
    peer.Decrees,
)
CALM_MS = 30_000
DECREES_MAX = 40
FAILURE_EXPIRES_MS = 65_000
"""Where an application failed, it is not placed again before this; convergence waits as long."""


class Failure(AssertionError):  # noqa: N818
    """A run broke a rule or did not come to rest; the text holds seed, options and story."""


@dataclass(frozen=True)
class Options:
    """All that follows from a seed before the run begins."""

    seed: int
    nodes: int
    groups: int
    networks: int
    loss: float
    double: float
    late: float
    driver_fails: float
    driver_slow: float
    lingers: bool
    drifts: bool
    tick_ms: int
    consoles: int
    compacts: bool
    faults: int
    dares: int
    aborts: int
    lasts_ms: int

    @classmethod
    def of(cls, seed: int) -> "Options":
        """Derive the options from a seed."""
        chance = random.Random(f"options {seed}")
        rough = chance.random() < 0.6
        broken = chance.random() < 0.3
        return cls(
            seed=seed,
            nodes=chance.choice((2, 3, 3, 3, 4, 4, 5, 5, 6, 7)),
            groups=chance.randint(1, 3),
            networks=chance.choice((1, 1, 2)),
            loss=chance.choice((0.01, 0.05, 0.15, 0.3)) if rough else 0.0,
            double=chance.choice((0.0, 0.1)) if rough else 0.0,
            late=chance.choice((0.0, 0.02, 0.1)) if rough else 0.0,
            driver_fails=chance.choice((0.03, 0.2)) if broken else 0.0,
            driver_slow=chance.choice((0.0, 0.2)),
            lingers=chance.random() < 0.4,
            drifts=chance.random() < 0.3,
            tick_ms=chance.choice((100, 200, 200)),
            consoles=int(chance.random() < 0.1),
            compacts=chance.random() < 0.3,
            faults=chance.choice((0, 1, 2, 3, 5, 7)),
            dares=chance.randint(1, 4),
            aborts=chance.choice((0, 0, 1, 2)),
            lasts_ms=chance.randint(6_000, 16_000),
        )


@dataclass
class Outcome:
    """What a run did, for statistics."""

    commits: int = 0
    views: int = 0
    acquisitions: int = 0
    events: int = 0
    trace: int = 0
    ends: dict[str, str] = field(default_factory=dict)


class Schedule:
    """One run."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.chance = random.Random(f"schedule {options.seed}")
        self.story: list[str] = []
        shape = shapes.first_shape(self.chance, options.nodes, options.groups, options.networks)
        self.shapes: dict[str, Shape] = {shape.digest: shape}
        self.world = World(
            shape.text,
            seed=options.seed,
            tick_ms=options.tick_ms,
            lingers=options.lingers,
            consoles=options.consoles,
            compacts=options.compacts,
        )
        self.invariants = Invariants(self.world)
        self._txs: list[str] = []
        self._spare = list(NAMES[options.nodes :])
        for machine in self.world.machines.values():
            self._set_clock(machine)

    def _set_clock(self, machine: Machine) -> None:
        if self.options.drifts:
            machine.rate = 1 + self.chance.uniform(-0.009, 0.009)
            machine.offset_ms = self.chance.randint(-500_000, 5_000_000)

    def _say(self, text: str) -> None:
        self.story.append(f"{(self.world.now_ms - 1_000_000) / 1000:7.2f} {text}")

    # -- the whole

    def play(self) -> Outcome:
        """Run it all; raises Failure."""
        try:
            self._begin()
            self._trouble()
            self._calm()
        except Failure:
            raise
        except Exception as error:
            raise Failure(self._report(f"{type(error).__name__}: {error}")) from error
        decrees = self.invariants.decrees
        commits = len(self.invariants.committed)
        return Outcome(
            commits=commits,
            views=len(decrees) - commits,
            acquisitions=self.invariants.acquisitions,
            events=self.world.handled,
            trace=self.world.trace,
            ends=self.invariants.ended,
        )

    def _report(self, what: str) -> str:
        story = "\n".join(self.story)
        now = (self.world.now_ms - 1_000_000) / 1000
        return (
            f"seed {self.options.seed}: {what} (at {now:.2f} s)\n{self.options}\n{story}\n"
            f"-- newest events\n{self.world.told(25)}"
        )

    def _begin(self) -> None:
        self.world.start()
        self.world.advance(self.chance.choice((0, 1_500, 4_000, 5_000)))

    def _trouble(self) -> None:
        options, world = self.options, self.world
        world.faults = Faults(
            loss=options.loss,
            double=options.double,
            late=options.late,
            delay_ms=self.chance.choice(((1, 3), (1, 40), (20, 150))),
            driver_fails=options.driver_fails,
            driver_slow=options.driver_slow,
        )
        actions = [self.chance.choice(self._faults()) for _ in range(options.faults)]
        actions += [self._ask] * options.dares + [self._abort] * options.aborts
        if self.chance.random() < 0.2:
            actions.append(self._edit_draft)
        for action in actions:
            world.later(self._moment(), action)
        world.advance(options.lasts_ms)

    def _moment(self) -> int:
        return self.chance.randint(0, self.options.lasts_ms)

    def _faults(self) -> tuple[Callable[[], None], ...]:
        return (
            self._crash,
            self._crash,
            self._crash_at_write,
            self._crash_at_write,
            self._crash_at_write,
            self._crash_coordinator,
            self._trap,
            self._trap,
            self._trap,
            self._pause,
            self._pause,
            self._leave,
            self._cut,
            self._cut,
            self._isolate,
            self._isolate,
            self._isolate,
            self._cut_adapter,
            self._end_application,
        )

    # -- faults

    def _living(self) -> list[str]:
        return [m.name for m in self.world.machines.values() if m.node is not None]

    def _someone(self) -> Machine | None:
        living = self._living()
        return self.world.machines[self.chance.choice(living)] if living else None

    def _crash(self) -> None:
        machine = self._someone()
        if machine is None:
            return
        away = self.chance.choice((100, 1_000, 4_000, 9_000))
        self._say(f"crash {machine.name} for {away} ms")
        self.world.crash(machine.name)
        self.world.restart_in(machine, away)

    def _leave(self) -> None:
        machine = self._someone()
        if machine is not None and not machine.paused:
            away = self.chance.choice((4_000, 9_000))
            self._say(f"stop {machine.name} for {away} ms")
            self.world.stop(machine.name)
            self.world.restart_in(machine, away)

    def _crash_at_write(self, machine: Machine | None = None) -> None:
        machine = machine or self._someone()
        if machine is None:
            return
        ahead, written = self.chance.randint(1, 8), self.chance.random() < 0.5
        away = self.chance.choice((100, 1_000, 4_000, 9_000))
        machine.crash_at = CrashPoint(machine.disk.writes + ahead, written, away)
        how = "after" if written else "before"
        self._say(f"crash {machine.name} {how} its write +{ahead} for {away} ms")

    def _crash_coordinator(self) -> None:
        for machine in self.world.machines.values():
            node = machine.node
            if node is not None and node.coordinator and not node.coordinator.finished:
                self._crash_at_write(machine)
                return
        self._crash_at_write()

    def _trap(self) -> None:
        kind, nth = self.chance.choice(KINDS), self.chance.randint(1, 8)
        deed = self.chance.choice(("crash sender", "cut off sender", "crash receiver", "lose all"))
        lasts = self.chance.choice((500, 2_000, 5_000, 9_000))

        def springs(machine: Machine, to: str) -> None:
            self._say(f"at {kind.__name__} {machine.name} > {to}: {deed} for {lasts} ms")
            if deed == "crash sender":
                machine.crash_at = CrashPoint(0, written=False, reboot_ms=lasts)
                raise Crash
            if deed == "crash receiver":
                self.world.crash(to)
                self.world.restart_in(self.world.machines[to], lasts)
            elif deed == "cut off sender":
                others = [name for name in self.world.machines if name != machine.name]
                pairs = {(machine.name, o) for o in others} | {(o, machine.name) for o in others}
                self._cut_pairs(pairs, f"cut off {machine.name}")
            else:
                self.world.network.lost_kinds.add(kind)
                lost = self.world.network.lost_kinds
                self.world.later(lasts, lambda: lost.discard(kind))

        self.world.network.traps.append(Trap(kind, nth, springs))

    def _pause(self) -> None:
        machine = self._someone()
        if machine is None:
            return
        lasts = self.chance.choice((300, 1_500, 3_000, 6_000))
        self._say(f"pause {machine.name} for {lasts} ms")
        self.world.pause(machine.name)
        self.world.later(lasts, lambda: self.world.resume(machine.name))

    def _cut(self) -> None:
        names = list(self.world.machines)
        if len(names) < 2:
            return
        one, two = self.chance.sample(names, 2)
        pairs = {(one, two)} if self.chance.random() < 0.5 else {(one, two), (two, one)}
        self._cut_pairs(pairs, f"cut {sorted(pairs)}")

    def _isolate(self) -> None:
        names = list(self.world.machines)
        side = set(self.chance.sample(names, self.chance.randint(1, max(1, len(names) // 2))))
        both = {(a, b) for a in names for b in names if (a in side) != (b in side)}
        self._cut_pairs(both, f"cut off {sorted(side)}")

    def _cut_pairs(self, pairs: set[tuple[str, str]], text: str) -> None:
        lasts = self.chance.choice((500, 2_000, 5_000, 9_000, 12_000))
        self._say(f"{text} for {lasts} ms")
        self.world.cut.update(pairs)
        self.world.later(lasts, lambda: self.world.cut.difference_update(pairs))

    def _cut_adapter(self) -> None:
        adapter = (
            self.chance.choice(list(self.world.machines)),
            self.chance.choice(("eth0", "eth1")),
        )
        lasts = self.chance.choice((500, 2_000, 5_000))
        self._say(f"cut adapter {adapter} for {lasts} ms")
        dead = self.world.network.dead_adapters
        dead.add(adapter)
        self.world.later(lasts, lambda: dead.discard(adapter))

    def _end_application(self) -> None:
        running = [(m, g) for m in self.world.machines.values() for g in m.runs()]
        if running:
            machine, group = self.chance.choice(running)
            self._say(f"end application of {group} on {machine.name}")
            self.world.drivers.fail_application(machine, group)

    # -- administrators

    def _ask(self) -> None:
        self._ask_once()
        if self.chance.random() < 0.15:
            self._ask_once()

    def _ask_once(self) -> None:
        machine = self._someone()
        if machine is None or machine.node is None or machine.paused:
            return
        standing = machine.node.shared.log.standing
        shape = self.shapes.get(standing.digest)
        if shape is None:
            return
        kind = self.chance.choice(tuple(self._changes()))
        owners: dict[str, str] = {}
        if kind == "move":
            target, owners = shape, self._moves(shape)
        else:
            target = self._changes()[kind](shape)
        base = standing.digest
        if self.chance.random() < 0.05:
            base = self.chance.choice(list(self.shapes))
        self.shapes.setdefault(target.digest, target)
        answer = self.world.ask(machine.name, Apply(target.text, base, owners=owners))
        tx = getattr(answer, "tx", "")
        if tx:
            self._txs.append(tx)
        text = getattr(answer, "text", "nothing")
        self._say(f"ask {machine.name} to {kind} {owners or ''}: {tx} {text[:90]}")

    def _changes(self) -> dict[str, Callable[[Shape], Shape]]:
        chance = self.chance
        return {
            "add group": lambda shape: shapes.add_group(shape, chance),
            "remove group": lambda shape: shapes.remove_group(shape, chance),
            "change group": lambda shape: shapes.change_group(shape, chance),
            "add node": self._add_node,
            "remove node": lambda shape: shapes.remove_node(shape, chance),
            "add node and group": lambda s: self._add_node(shapes.add_group(s, chance)),
            "replace node": lambda s: self._add_node(shapes.remove_node(s, chance)),
            "change node and group": lambda s: shapes.change_group(
                shapes.remove_node(s, chance), chance
            ),
            "voters": lambda shape: shapes.change_voters(shape, chance),
            "timing": lambda shape: shapes.change_timing(shape, chance),
            "move": lambda shape: shape,
        }

    def _moves(self, shape: Shape) -> dict[str, str]:
        if not shape.groups:
            return {}
        name, group = self.chance.choice(shape.groups)
        if self.chance.random() < 0.2:
            self.invariants.asked_offline.add(name)
            return {name: ""}
        return {name: self.chance.choice(group.nodes)}

    def _add_node(self, shape: Shape) -> Shape:
        waiting = [m.name for m in self.world.machines.values() if m.joining is not None]
        free = [name for name in waiting if name not in shape.nodes and not self._was_in(name)]
        if not free and not self._spare:
            return shapes.change_group(shape, self.chance)
        name = free[0] if free else self._spare.pop(0)
        grown = shapes.add_node(shape, self.chance, name)
        if name not in self.world.machines:
            machine = self.world.add_machine(name, grown.text)
            self._set_clock(machine)
            if self.chance.random() < 0.9:
                self.world.start(name)
            else:
                self.world.restart_in(machine, 3_000)
        return grown

    def _was_in(self, name: str) -> bool:
        return any(name in c.node for c in self.invariants.configurations.values())

    def _abort(self) -> None:
        machine = self._someone()
        if machine is not None and self._txs and not machine.paused:
            answer = self.world.ask(machine.name, Abort(self._txs[-1]))
            self._say(f"abort {self._txs[-1]} at {machine.name}: {getattr(answer, 'text', '')}")

    def _edit_draft(self) -> None:
        machine = self._someone()
        if machine is not None:
            self.world.ask(machine.name, SaveDraft("no configuration at all"))

    # -- calm

    def _calm(self) -> None:
        world = self.world
        self._say("calm")
        world.faults = Faults()
        world.network.dead_adapters.clear()
        world.network.lost_kinds.clear()
        world.network.traps.clear()
        world.cut.clear()
        for machine in world.machines.values():
            machine.crash_at = None
            if machine.paused:
                world.resume(machine.name)
        began = world.now_ms
        while restless(self.world, self.invariants) and world.now_ms - began < CALM_MS:
            self._start_all()
            world.advance(500)
        limit = CALM_MS + (FAILURE_EXPIRES_MS if self._failures() else 0)
        while restless(self.world, self.invariants) and world.now_ms - began < limit:
            self._start_all()
            world.advance(1_000)
        problem = restless(self.world, self.invariants) or self._needless() or self._flaps()
        if problem:
            raise Failure(self._report(f"14 convergence: {problem}"))

    def _start_all(self) -> None:
        for machine in self.world.machines.values():
            self.world.restart_in(machine, 0)

    def _needless(self) -> str:
        options = self.options
        if options.faults or options.loss or options.late or options.driver_fails:
            return ""
        lost = [line for line in self.world.events if "lease lost" in line.text]
        return f"nothing failed, and yet: {lost[0]}" if lost else ""

    def _flaps(self) -> str:
        decrees = len(self.invariants.decrees)
        return f"{decrees} decrees, where a few say it all" if decrees > DECREES_MAX else ""

    def _failures(self) -> bool:
        return any(
            r.failures
            for node in members(self.world, self.invariants).values()
            for r in node.shared.runners.values()
        )


def play(seed: int, **changes: object) -> Outcome:
    """Play the run of a seed; `changes` replace options, to narrow a failure down."""
    return Schedule(replace(Options.of(seed), **changes)).play()  # type: ignore[arg-type]
