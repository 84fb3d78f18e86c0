"""Plays a plan: first the faults, with every rule watched after every event; then calm.

In the calm all must agree again, by themselves, within `CALM_MS`. The same plan gives the same run.
"""

import random
import re
from dataclasses import dataclass, field, replace

import msgspec

from nodeagent.wire.peer import ProgressNote
from tests.simulation import shapes
from tests.simulation.admins import REQUESTS, Admins
from tests.simulation.generate import plan_of
from tests.simulation.invariants import Invariants
from tests.simulation.machine import Machine
from tests.simulation.network import Faults
from tests.simulation.plan import Action, Plan, plan_text
from tests.simulation.rest import members, restless
from tests.simulation.shapes import Shape
from tests.simulation.troubles import DEEDS, Troubles
from tests.simulation.world import World

CALM_MS = 30_000
DECREES_MAX = 40
FAILURE_EXPIRES_MS = 65_000
"""Where an application failed, it is not placed again before this; convergence waits as long."""


class Failure(AssertionError):  # noqa: N818
    """A run broke a rule or did not come to rest; the text holds seed, plan and story."""

    def __init__(self, text: str, rule: str = "") -> None:
        super().__init__(text)
        self.rule = rule


@dataclass
class Outcome:
    """What a run did, for statistics."""

    commits: int = 0
    views: int = 0
    acquisitions: int = 0
    events: int = 0
    trace: int = 0
    excused: int = 0
    fenced: int = 0
    ends: dict[str, str] = field(default_factory=dict)


class Schedule:
    """One run of a plan."""

    def __init__(self, plan: Plan) -> None:
        options = plan.options
        self.plan, self.options = plan, options
        self.story: list[str] = []
        shape = self._first_shape()
        self.world = World(
            shape.text,
            seed=options.seed,
            tick_ms=options.tick_ms,
            lingers=options.lingers,
            consoles=options.consoles,
            compacts=options.compacts,
            adopts=options.adopts,
        )
        if not options.chatter:
            self.world.network.muted = frozenset((ProgressNote,))
        self.invariants = Invariants(self.world)
        self.troubles = Troubles(self.world, self.invariants, self._say)
        self.admins = Admins(self.world, self.invariants, options, self._say)
        self.admins.shapes[shape.digest] = shape
        self.admins.set_clock = self._set_clock
        self._clocks = random.Random(f"clocks {options.seed}")
        for machine in self.world.machines.values():
            self._set_clock(machine)

    def _first_shape(self) -> Shape:
        options = self.options
        chance = random.Random(f"shape {options.shape}")
        shape = shapes.first_shape(
            chance,
            options.nodes,
            options.groups,
            options.networks,
            timing=options.timing,
            witness=options.witness,
            breaks_ties=options.breaks_ties,
            shrinks=options.shrinks,
            fences=options.fences,
            must_fence=options.must_fence,
        )
        if options.concurrent:
            shape = shapes.with_concurrent(shape, random.Random(f"concurrent {options.shape}"))
        commands = shapes.COMMANDS if options.commands else ""
        return replace(shape, spare=options.spare, commands=commands)

    def _set_clock(self, machine: Machine) -> None:
        if self.options.drifts:
            machine.rate = 1 + self._clocks.uniform(-0.009, 0.009)
            machine.offset_ms = self._clocks.randint(-500_000, 5_000_000)

    def _say(self, text: str) -> None:
        self.story.append(f"{(self.world.now_ms - 1_000_000) / 1000:7.2f} {text}")

    # -- the whole

    def play(self) -> Outcome:
        """Run it all; raises Failure."""
        try:
            self.world.start()
            self.world.advance(self.options.warm_ms)
            self._trouble()
            self._calm()
        except Failure:
            raise
        except Exception as error:
            raise self._failure(f"{type(error).__name__}: {error}") from error
        decrees, commits = self.invariants.decrees, len(self.invariants.committed)
        return Outcome(
            commits=commits,
            views=len(decrees) - commits,
            acquisitions=self.invariants.acquisitions,
            events=self.world.handled,
            trace=self.world.trace,
            excused=self.invariants.excused,
            fenced=sum(machine.fenced for machine in self.world.machines.values()),
            ends=self.invariants.ended,
        )

    def _failure(self, what: str) -> Failure:
        story = "\n".join(self.story)
        now = (self.world.now_ms - 1_000_000) / 1000
        text = (
            f"{self.options.kind} seed {self.options.seed}: {what} (at {now:.2f} s)\n"
            f"{plan_text(self.plan)}-- story\n{story}\n"
            f"-- newest events\n{self.world.told(25)}"
        )
        return Failure(text, rule_of(what))

    def _trouble(self) -> None:
        options, world = self.options, self.world
        world.faults = Faults(
            loss=options.loss,
            double=options.double,
            late=options.late,
            delay_ms=options.delay_ms,
            driver_fails=options.driver_fails,
            driver_slow=options.driver_slow,
            driver_hangs=options.driver_hangs,
            driver_lies=options.driver_lies,
            fence_fails=options.fence_fails,
            fence_slow=options.fence_slow,
            fence_late=options.fence_late,
        )
        for action in self.plan.actions:
            world.push(action.at, self._do, action)
        world.advance(options.lasts_ms)

    def _do(self, action: Action) -> None:
        deed = DEEDS.get(action.do)
        if deed is not None:
            deed(self.troubles, action)
        else:
            REQUESTS[action.do](self.admins, action)

    # -- calm

    def _calm(self) -> None:
        world = self.world
        self._say("calm")
        world.faults = Faults()
        self.troubles.end()
        began = world.now_ms
        while restless(world, self.invariants) and world.now_ms - began < CALM_MS:
            self._start_all()
            world.advance(500)
        limit = CALM_MS + (FAILURE_EXPIRES_MS if self._failures() else 0)
        while restless(world, self.invariants) and world.now_ms - began < limit:
            self._start_all()
            world.advance(1_000)
        problem = restless(world, self.invariants) or self._needless() or self._flaps()
        if problem:
            raise self._failure(f"14 convergence: {problem}")

    def _start_all(self) -> None:
        for machine in self.world.machines.values():
            if machine.node is None:
                self.world.restart_in(machine, 0)

    def _needless(self) -> str:
        options = self.options
        trouble = any(action.do in DEEDS for action in self.plan.actions)
        trouble = trouble or options.kind == "core"  # its leases last for hardly two renewals
        if trouble or options.loss or options.late or options.driver_fails or options.driver_hangs:
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


def rule_of(what: str) -> str:
    """Return which rule a failure speaks of, by its first words."""
    text = re.sub(r"^(AssertionError|Failure): ", "", what)
    return text.partition(":")[0][:40]


def play_plan(plan: Plan) -> Outcome:
    """Play a plan; raises Failure."""
    return Schedule(plan).play()


def play(seed: int, **changes: object) -> Outcome:
    """Play the whole-node schedule of a seed; `changes` replace options, to narrow it down."""
    return play_plan(_changed(plan_of("whole", seed), changes))


def play_core(seed: int, **changes: object) -> Outcome:
    """Play the core schedule of a seed."""
    return play_plan(_changed(plan_of("core", seed), changes))


def _changed(plan: Plan, changes: dict[str, object]) -> Plan:
    options = msgspec.structs.replace(plan.options, **changes) if changes else plan.options
    return msgspec.structs.replace(plan, options=options)
