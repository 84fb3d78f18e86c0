"""One fault, and what must hold when it is over: old or new everywhere, and the next DARE works."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from nodeagent.config.digest import file_digest
from nodeagent.core import effects as fx
from nodeagent.model.run import DareRun
from nodeagent.wire.console import Apply
from tests.simulation.exhaustive_cases import CHANGES, LONG_MS, ROLES, Case, ask, begin, ended
from tests.simulation.invariants import Invariants
from tests.simulation.machine import CrashPoint, Machine
from tests.simulation.network import Network
from tests.simulation.rest import restless
from tests.simulation.shapes import Shape
from tests.simulation.world import World

AGAIN_MS = 700
LATE_MS = 4_000
CUT_MS = 5_000
REST_MS = 60_000
POLL_MS = 50
SUSPENDED_MS = 7_000


class Broken(AssertionError):  # noqa: N818
    """A rule was broken, or rest did not come; the text holds the case and the story."""


@dataclass(frozen=True)
class Result:
    """How a case went: how long until rest, and whether the fault happened at all."""

    rest_ms: int
    happened: bool
    state: str


class PickyNetwork(Network):
    """A network that does one thing to one message."""

    def __init__(self, world: World, case: Case) -> None:
        super().__init__(world)
        self.case, self.sender = case, ROLES[case.role]
        self.left = 0
        self.happened = False

    def arm(self) -> None:
        """From now on messages count."""
        self.left = self.case.nth

    def send(self, machine: Machine, effect: fx.Send) -> None:
        """Send as always, but for the one that is meant."""
        picked = machine.name == self.sender and type(effect.message).__name__ == self.case.kind
        if not picked or self.left <= 0:
            super().send(machine, effect)
            return
        self.left -= 1
        if self.left:
            super().send(machine, effect)
            return
        self.happened = True
        self._meddle(machine, effect)

    def _meddle(self, machine: Machine, effect: fx.Send) -> None:
        match self.case.fault:
            case "twice":
                super().send(machine, effect)
                self._deliver(machine, effect, AGAIN_MS)
            case "late":
                self._deliver(machine, effect, LATE_MS)
            case "cut off":
                others = [name for name in self.world.machines if name != machine.name]
                pairs = {(machine.name, o) for o in others} | {(o, machine.name) for o in others}
                self.cut.update(pairs)
                self.world.later(CUT_MS, lambda: self.cut.difference_update(pairs))
            case _:
                pass

    def _deliver(self, machine: Machine, effect: fx.Send, delay_ms: int) -> None:
        if effect.to in self.world.machines and effect.to in machine.peers:
            target, event = self.world.machines[effect.to], self._framed(machine, effect)
            self.world.later(delay_ms, self._arrival(machine.name, target, event))


def play(case: Case) -> Result:
    """Let one fault meet one DARE; raises Broken."""
    change = CHANGES[case.change]
    world = World(change.old.text, tick_ms=200)
    network = world.network = PickyNetwork(world, case)
    world.cut = network.cut
    try:
        invariants = begin(world, change)
        return _trouble(world, invariants, network, case)
    except Exception as error:
        text = f"{case}: {type(error).__name__}: {error}\n-- newest events\n{world.told(25)}"
        raise Broken(text) from error


def _trouble(world: World, invariants: Invariants, network: PickyNetwork, case: Case) -> Result:
    change, victim = CHANGES[case.change], world.machines[ROLES[case.role]]
    life, began = victim.life, world.now_ms
    if case.kind == "write":
        torn = (case.nth * 37 % 100 + 1) / 102 if case.fault == "torn" else 0.0
        write, written = victim.disk.writes + case.nth, case.fault == "after"
        victim.crash_at = CrashPoint(write, written, case.back_ms, torn=torn)
    else:
        network.arm()
    away = victim.name if case.fault == "cut off" or case.back_ms == LONG_MS else ""
    ask(world, change)
    _until(world, lambda: ended(world) or world.now_ms - began > CUT_MS)
    _rest(world, invariants, away)
    rest_ms = world.now_ms - began
    world.advance(LATE_MS if case.fault != "cut off" else CUT_MS + LATE_MS)  # all has come by now
    victim.crash_at = None
    _rest(world, invariants, away)
    happened = victim.life != life if case.kind == "write" else network.happened
    state = world.run.state if world.run is not None else "unknown"
    _judge(world, invariants, case, state)
    if case.fault not in ("lost", "twice"):
        _next_change(world, invariants, case)
    return Result(rest_ms, happened, state)


def _until(
    world: World, condition: Callable[[], bool], why: Callable[[], str] = lambda: ""
) -> None:
    """Let time pass; what a watcher finds meanwhile is told as it is."""
    end = world.now_ms + REST_MS
    while not condition():
        assert world.now_ms < end, f"14 convergence: {why()}"
        world.advance(POLL_MS)


def _rest(world: World, invariants: Invariants, away: str = "") -> None:
    def why() -> str:
        return problem(world, invariants, away)

    _until(world, lambda: not why(), why)


def problem(world: World, invariants: Invariants, away: str = "") -> str:
    """Return what is not at rest, empty when all is; `away` was out of reach at the decision.

    A machine that is no member in the end and was away cannot be told so: it must only be harmless.
    """
    found = restless(world, invariants)
    if found:
        return found
    silent = [m.name for m in world.machines.values() if m.node is None]
    if silent:
        return f"{silent} are not back"
    members = invariants.active.node
    strangers = [m for m in world.machines.values() if m.name not in members]
    told = [m for m in world.machines.values() if m.name in members or m.name != away]
    return next(filter(None, (*map(_harms, strangers), *map(_keeps, told))), "")


def _harms(machine: Machine) -> str:
    """Return what a machine does that is no member."""
    node = machine.node
    assert node is not None, "all agents run at rest"
    if node.participant.suspended:
        return f"{machine.name} is suspended and is no member"
    return f"{machine.name} runs {machine.runs()} and is no member" if machine.runs() else ""


def _keeps(machine: Machine) -> str:
    """Return what a machine keeps of the DARE though it is over."""
    node, files = machine.node, machine.disk.files
    assert node is not None, "all agents run at rest"
    if node.participant.open is not None or node.participant.suspended:
        return f"{machine.name} is not resumed: {node.participant.phase}"
    if "temporary" in files:
        return f"{machine.name} keeps a temporary file"
    standing = node.shared.log.standing
    if standing.epoch and file_digest(files.get("active", b"")) != standing.digest:
        return f"{machine.name} has another active file than the one that was decided"
    return ""


def _judge(world: World, invariants: Invariants, case: Case, state: str) -> None:
    """The old or the new everywhere; and a single message alone changes nothing of the result."""
    change, members = CHANGES[case.change], invariants.active.node
    nodes = world.nodes()
    digests = {n.shared.log.standing.digest for name, n in nodes.items() if name in members}
    assert len(digests) == 1, f"3 epoch: {len(digests)} configurations at rest"
    assert digests <= {change.old.digest, change.new.digest}, "neither the old nor the new"
    told = {"done": change.new.digest, "aborted": change.old.digest, "refused": change.old.digest}
    if state in told:
        assert digests == {told[state]}, f"told: {state}, and it is not so"
    if case.fault in ("lost", "twice", "late"):
        assert digests == {change.end.digest}, f"one message {case.fault} made it {state}"


def _next_change(world: World, invariants: Invariants, case: Case) -> None:
    """Nothing of the fault stands in the way of the next DARE; it may be the same one again.

    A node that was cut off with a lock keeps it to its own deadline, so *busy* may be the answer.
    """
    world.refuse_driver.clear()
    following = replace(CHANGES[case.change].new, timing=0)
    run = _asked(world, invariants, following)
    if run.state != "done" and "busy" in run.text:
        world.advance(SUSPENDED_MS)
        run = _asked(world, invariants, following)
    assert run.state == "done", f"the next DARE fails: {run.text}"
    assert following.digest in invariants.epochs.values(), "told: done, and it is not so"
    _rest(world, invariants, ROLES["removed"])


def _asked(world: World, invariants: Invariants, shape: Shape) -> DareRun:
    """Ask for a DARE and return its record when it has ended."""
    active = invariants.epochs[max(invariants.epochs)]
    answer = world.ask("alpha", Apply(shape.text, active, reason="the next one"))
    tx = getattr(answer, "tx", "")
    assert tx, f"the next DARE is not begun: {answer}"
    _until(world, lambda: world.run is not None and world.run.tx == tx and ended(world))
    run = world.run
    assert run is not None, "there was a run"
    return run


__all__ = ["Broken", "Result", "play", "problem"]
