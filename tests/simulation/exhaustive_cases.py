"""Every single fault that one DARE can meet: the changes, the roles, and the list of cases.

A case is one durable write (crash before it, in the middle of it, after it; back soon, or only
after the cluster has gone on without this machine) or one control message (lost, doubled, late, or
its sender cut off from there on). A run without faults is counted first, so the list follows the
code.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from nodeagent.core import effects as fx
from nodeagent.core.records import Record
from nodeagent.wire.console import Apply
from tests.simulation.invariants import Invariants
from tests.simulation.machine import Machine
from tests.simulation.rest import restless
from tests.simulation.shapes import GroupShape, Shape
from tests.simulation.world import World

Fault = Literal["before", "torn", "after", "lost", "twice", "late", "cut off"]
WRITE_FAULTS: tuple[Fault, ...] = ("before", "torn", "after")
MESSAGE_FAULTS: tuple[Fault, ...] = ("lost", "twice", "late", "cut off")
SOON_MS = 300
LONG_MS = 12_000
CHATTER = "ProgressNote"
CHATTER_EVERY = 8
"""Three quarters of all messages, and nothing but what consoles show depends on one: a sample."""

ROLES = {
    "coordinator": "alpha",
    "participant": "bravo",
    "removed": "charlie",
    "added": "delta",
    "bystander": "echo",
}
_OLD_NODES = ("alpha", "bravo", "charlie", "echo")
_NEW_NODES = ("alpha", "bravo", "echo", "delta")
_OLD_VOTERS = ("alpha", "charlie", "echo")
_NEW_VOTERS = ("alpha", "delta", "echo")


def _group(*nodes: str, number: int, version: int = 1) -> GroupShape:
    return GroupShape(nodes, number=number, version=version)


_WEB = ("web", _group("alpha", "bravo", number=100))
_ORDERS = ("orders", _group("bravo", "alpha", number=101))
_OLD = Shape(_OLD_NODES, (_WEB, _ORDERS), timing=1, voters=_OLD_VOTERS)
_MIXED = replace(_OLD, groups=(_WEB, ("orders", _group("charlie", "bravo", number=101))))


@dataclass(frozen=True)
class Change:
    """One DARE: from where, to where, and whether it is let through.

    `refused` names (machine, group) that cannot be acquired: this DARE is undone.
    """

    name: str
    old: Shape
    new: Shape
    refused: tuple[str, str] | None = None

    @property
    def end(self) -> Shape:
        """Return what is in force when nothing fails."""
        return self.new if self.refused is None else self.old

    @property
    def joins(self) -> bool:
        """Return whether a machine is added."""
        return "delta" in self.new.nodes


def _combined() -> Shape:
    groups = (
        ("web", _group("bravo", "alpha", number=100)),
        ("orders", _group("delta", "bravo", number=101)),
        ("mail", _group("delta", number=102)),
    )
    return replace(_MIXED, nodes=_NEW_NODES, voters=_NEW_VOTERS, groups=groups)


CHANGES = {
    change.name: change
    for change in (
        Change("topology", _OLD, replace(_OLD, nodes=_NEW_NODES, voters=_NEW_VOTERS)),
        Change(
            "resources",
            _OLD,
            replace(
                _OLD,
                groups=(
                    ("web", _group("bravo", "alpha", number=100, version=2)),
                    ("orders", _group("alpha", "bravo", number=101)),
                    ("mail", _group("bravo", number=102)),
                ),
            ),
        ),
        Change("combined", _MIXED, _combined()),
        Change("undone", _MIXED, _combined(), refused=("delta", "mail")),
    )
}


@dataclass(frozen=True)
class Case:
    """One fault at one place: the `nth` durable write of a role, or its `nth` message of a kind."""

    change: str
    role: str
    fault: Fault
    nth: int
    kind: str = "write"
    back_ms: int = SOON_MS

    def __str__(self) -> str:
        back = f", back after {self.back_ms} ms" if self.kind == "write" else ""
        return f"{self.change}: {self.role}, {self.kind} {self.nth} {self.fault}{back}"


@dataclass(frozen=True)
class Counts:
    """What a DARE does when nothing fails: writes per role, messages per (kind, role)."""

    writes: dict[str, int]
    messages: dict[tuple[str, str], int]


class _Counter:
    """A watcher that only counts messages."""

    def __init__(self) -> None:
        self.sent: Counter[tuple[str, str]] = Counter()

    def wrote(self, machine: Machine, record: Record) -> None:
        """A record reached the disk: of no interest."""

    def acts(self, machine: Machine, effect: fx.Effect) -> None:
        """Count what is sent."""
        if isinstance(effect, fx.Send):
            self.sent[type(effect.message).__name__, machine.name] += 1

    def stepped(self, machine: Machine) -> None:
        """An event was dealt with: of no interest."""


def begin(world: World, change: Change) -> Invariants:
    """Bring a cluster to rest on the old configuration, the machine that shall join beside it."""
    invariants = Invariants(world)
    world.start()
    if change.joins:
        world.add_machine("delta", change.new.text)
        world.start("delta")
    if change.refused is not None:
        machine, group = change.refused
        world.refuse_driver.add((machine, group, "start"))
    world.until(lambda: not restless(world, invariants))
    return invariants


def ask(world: World, change: Change) -> None:
    """Ask the coordinator for the DARE."""
    base = change.old.digest
    answer = world.ask("alpha", Apply(change.new.text, base, reason="exhaustive"))
    assert getattr(answer, "tx", "") or world.machines["alpha"].node is None, answer


def ended(world: World) -> bool:
    """Return whether the newest run has ended in the record of any node that lives."""
    return world.run is not None and world.run.state not in ("running", "aborting")


@cache
def count(name: str) -> Counts:
    """Play a change without faults and count what it does until all is at rest."""
    change, counter = CHANGES[name], _Counter()
    world = World(change.old.text, tick_ms=200)
    invariants = begin(world, change)
    before = {machine.name: machine.disk.writes for machine in world.machines.values()}
    world.watchers.append(counter)
    ask(world, change)
    world.until(lambda: ended(world) and not restless(world, invariants))
    world.advance(600)
    names = {name: role for role, name in ROLES.items()}
    writes = {names[m.name]: m.disk.writes - before[m.name] for m in world.machines.values()}
    messages = {(kind, names[sender]): n for (kind, sender), n in counter.sent.items()}
    return Counts(writes, dict(sorted(messages.items())))


def cases(name: str) -> Iterator[Case]:
    """Return every case of a change."""
    counts = count(name)
    for role, writes in counts.writes.items():
        for nth in range(1, writes + 1):
            for fault in WRITE_FAULTS:
                yield Case(name, role, fault, nth, back_ms=SOON_MS)
                yield Case(name, role, fault, nth, back_ms=LONG_MS)
    for (kind, role), sent in counts.messages.items():
        for nth in range(1, sent + 1, CHATTER_EVERY if kind == CHATTER else 1):
            for fault in MESSAGE_FAULTS:
                yield Case(name, role, fault, nth, kind)
