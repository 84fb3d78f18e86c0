"""Words for stories about a cluster: ask, drill, wait, and what each node then says and holds.

A story runs the shipped core under virtual time, and all rules of the simulation are watched while
it goes on, so a story need not repeat them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from nodeagent.core.node import Node
from nodeagent.model.run import DareRun
from nodeagent.wire.console import Abort, Answer, Apply, Drill, DrillKind
from tests.simulation.clusters import NAMES
from tests.simulation.invariants import Invariants
from tests.simulation.rest import restless
from tests.simulation.shapes import GroupShape, Shape
from tests.simulation.world import World

OPEN = ("running", "aborting")


@dataclass(frozen=True)
class Written(Shape):
    """A cluster in the words of its file."""

    words: str = ""

    @cached_property
    def text(self) -> str:
        """Return the configuration file."""
        return self.words


def written(shape: Shape, words: str) -> Written:
    """Return a shape whose file an administrator edited."""
    return Written(shape.nodes, shape.groups, words=words)


class Story:
    """A cluster of `nodes`, each group at home on one of them, and what happens to it.

    `web` lives on alpha (then bravo), `orders` on bravo (then charlie). `fields` are of the shape.
    """

    def __init__(
        self, nodes: int = 3, *, timing: int = 0, networks: int = 2, **fields: object
    ) -> None:
        names = NAMES[:nodes]
        self.shape = Shape(
            names,
            (
                ("web", GroupShape(names[:2], number=100)),
                ("orders", GroupShape(names[1:3], number=101)),
            ),
            networks=networks,
            timing=timing,
            **fields,  # type: ignore[arg-type]
        )
        self.world = World(self.shape.text)
        self.invariants = Invariants(self.world)
        self.world.start()
        self.rest()
        self.starts = self.invariants.acquisitions

    # -- shapes to change to

    def with_group(self, name: str = "mail", *nodes: str, **fields: object) -> Shape:
        """Return the cluster with one more group, on alpha and charlie if no nodes are named."""
        group = GroupShape(nodes or ("alpha", "charlie"), number=110)
        group = replace(group, **fields)  # type: ignore[arg-type]
        return replace(self.shape, groups=(*self.shape.groups, (name, group)))

    def with_node(self, name: str = "delta") -> Shape:
        """Return the cluster with one more node."""
        return replace(self.shape, nodes=(*self.shape.nodes, name))

    def changed(self, name: str, **fields: object) -> Shape:
        """Return the cluster with other values of a group."""
        groups = tuple(
            (n, replace(g, **fields) if n == name else g)  # type: ignore[arg-type]
            for n, g in self.shape.groups
        )
        return replace(self.shape, groups=groups)

    # -- doings

    def join(self, name: str, shape: Shape) -> Self:
        """Set a new machine up with the configuration that names it, and start it."""
        self.world.add_machine(name, shape.text)
        self.world.start(name)
        return self

    def ask(self, shape: Shape, at: str = "alpha", base: str = "", **owners: str) -> Answer | None:
        """Ask for a DARE; `owners` are moves, "" for offline."""
        self.invariants.asked_offline |= {group for group, node in owners.items() if not node}
        standing = self.node(at).shared.log.standing
        request = Apply(shape.text, base or standing.digest, reason="story", owners=owners)
        return self.world.ask(at, request)

    def dare(self, shape: Shape, at: str = "alpha", **owners: str) -> DareRun:
        """Ask for a DARE and wait for its end."""
        answer = self.ask(shape, at, **owners)
        assert getattr(answer, "tx", ""), answer
        return self.end()

    def drill(self, at: str, kind: DrillKind, target: str) -> None:
        """Practise a fault."""
        self.world.ask(at, Drill(kind, target))

    def abort(self, at: str = "alpha") -> Answer | None:
        """Ask for the abort of the newest DARE."""
        assert self.world.run is not None, "there is a run"
        return self.world.ask(at, Abort(self.world.run.tx))

    def crash(self, name: str) -> Self:
        """End an agent abruptly."""
        self.world.crash(name)
        return self

    def cut_off(self, name: str) -> Self:
        """Cut a machine off from all others."""
        for other in self.world.machines:
            self.world.cut |= {(name, other), (other, name)}
        return self

    def unplug(self, *names: str, adapter: str = "eth0") -> Self:
        """Take the link of an adapter down on these machines."""
        for name in names:
            self.world.unplug(name, adapter)
        return self

    def plug(self, *names: str, adapter: str = "eth0") -> Self:
        """Bring the link of an adapter up again on these machines."""
        for name in names:
            self.world.plug(name, adapter)
        return self

    def at(self, group: str) -> dict[str, str]:
        """Return on which adapter of which machine the address of a group is."""
        machines, key = self.world.machines.values(), (group, "address")
        return {m.name: m.placed[key] for m in machines if key in m.placed}

    def mend(self) -> Self:
        """Mend all cuts."""
        self.world.cut.clear()
        return self

    # -- waiting

    def until(self, condition: Callable[[], bool], limit_ms: int = 60_000) -> Self:
        """Let time pass until the condition holds."""
        self.world.until(condition, limit_ms)
        return self

    def at_step(self, name: str) -> Self:
        """Let time pass until the newest DARE works on this row."""
        return self.until(lambda: self._running(name))

    def _running(self, name: str) -> bool:
        run = self.world.run
        return run is not None and any(r.name == name and r.state == "running" for r in run.steps)

    def end(self) -> DareRun:
        """Let time pass until the newest DARE has ended; returns its record."""
        self.until(lambda: self.world.run is not None and self.world.run.state not in OPEN)
        assert self.world.run is not None
        return self.world.run

    def rest(self) -> Self:
        """Let time pass until all agree, nothing is open and every group is online."""
        return self.until(lambda: not restless(self.world, self.invariants))

    # -- looking

    def node(self, name: str) -> Node:
        """Return the core of a running node."""
        return self.world.nodes()[name]

    def owner(self, group: str) -> list[str]:
        """Return the machines on which any part of the group runs."""
        return self.world.owner(group)

    def digests(self) -> set[str]:
        """Return the active digests of all running nodes."""
        return {n.shared.log.standing.digest for n in self.world.nodes().values()}

    def told(self, text: str) -> bool:
        """Return whether any agent told this."""
        return any(text in line.text for line in self.world.events)

    def files(self, name: str) -> set[str]:
        """Return the names of the configuration files on a machine's disk."""
        return set(self.world.machines[name].disk.files)


def rows(run: DareRun) -> list[str]:
    """Return the names of the rows that were worked on, undo rows included."""
    return [row.name for row in run.steps if row.state not in ("waiting", "skipped")]
