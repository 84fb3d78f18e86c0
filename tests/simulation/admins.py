"""What a plan's administrators ask for: changes, aborts, edits of the draft."""

import random
from collections.abc import Callable

from nodeagent.config.instances import instance_name
from nodeagent.wire.console import Abort, Apply, EndProbation, Rehearse, SaveDraft
from tests.simulation import shapes
from tests.simulation.clusters import NAMES
from tests.simulation.invariants import Invariants
from tests.simulation.machine import Machine
from tests.simulation.plan import Action, Options
from tests.simulation.shapes import GroupShape, Shape
from tests.simulation.world import World

BOOT_DELAY_MS = 3_000


class Admins:
    """People at the consoles of a world; `say` takes a line for the story."""

    def __init__(
        self, world: World, invariants: Invariants, options: Options, say: Callable[[str], None]
    ) -> None:
        self.world, self.invariants, self.say = world, invariants, say
        self.options = options
        self.shapes: dict[str, Shape] = {}
        self.txs: list[str] = []
        self.set_clock: Callable[[Machine], None] = lambda _: None
        self._spare = list(NAMES[options.nodes :])

    def _console(self, who: int) -> Machine | None:
        """Return an agent that can be asked, one that is in if there is any."""
        living = [m for m in self.world.machines.values() if m.node and not m.paused]
        known = [m for m in living if m.node and m.node.shared.is_member]
        choice = known if self.options.kind == "core" and known else living
        return choice[who % len(choice)] if choice else None

    def ask(self, action: Action) -> None:
        """Ask for a DARE."""
        machine = self._console(action.who)
        if machine is None or machine.node is None:
            return
        standing = machine.node.shared.log.standing
        shape = self.shapes.get(standing.digest)
        if shape is None:
            return
        chance = random.Random(action.pick)
        target, owners = shape, dict[str, str]()
        if action.what == "operate":
            target, owners = self._operates(shape, chance, machine)
        elif action.what == "move":
            owners = self._moves(shape, chance)
        else:
            target = self._between(action, self._changes(chance)[action.what](shape))
        base = standing.digest
        if chance.random() < 0.05:
            base = chance.choice(list(self.shapes))
        self.shapes.setdefault(target.digest, target)
        self._rehearse(action, machine, target, base)
        seconds = self._on_probation(action)
        request = Apply(target.text, base, owners=owners, probation_seconds=seconds)
        answer = self.world.ask(machine.name, request)
        tx = getattr(answer, "tx", "")
        if tx:
            self.txs.append(tx)
        text = getattr(answer, "text", "nothing")[:90]
        self.say(f"ask {machine.name} to {action.what} {owners or ''}: {tx} {text}")

    def _between(self, action: Action, shape: Shape) -> Shape:
        """Rename a group, swap addresses, or change on how many nodes it runs; drawn apart."""
        chance = random.Random(f"rename {action.pick}")
        if shape.groups and chance.random() < 0.15:
            return shapes.rename_group(shape, chance.choice(shape.groups)[0])
        if chance.random() < 0.1:
            return shapes.swap_addresses(shape, chance)
        return self._concurrent(action, shape)

    def _concurrent(self, action: Action, shape: Shape) -> Shape:
        chance = random.Random(f"concurrent {action.pick}")
        if not (self.options.concurrent and shape.groups and chance.random() < 0.3):
            return shape
        return shapes.change_concurrent(shape, chance.choice(shape.groups)[0])

    def _rehearse(self, action: Action, machine: Machine, target: Shape, base: str) -> None:
        """Rehearse it, too, in some schedules: it must not matter."""
        chance = random.Random(f"rehearse {action.pick}")
        if self.options.probations and chance.random() < 0.3:
            self.world.ask(machine.name, Rehearse(target.text, base))

    def _on_probation(self, action: Action) -> int:
        """Return for how long; drawn apart, so that a seed's other choices stay as they are."""
        chance = random.Random(f"probation {action.pick}")
        lasts = chance.choice((1, 2, 5))
        return lasts if chance.random() < self.options.probations else 0

    def end_probation(self, action: Action) -> None:
        """Ask for the end of the probation that an agent knows of."""
        machine = self._console(action.who)
        node = machine.node if machine is not None else None
        probation = node.shared.log.probation if node is not None else None
        if machine is None or probation is None:
            return
        tx = probation.commit.tx
        self.invariants.asked_to_end.add((tx, action.what))
        request = EndProbation(tx, "confirm" if action.what == "confirm" else "return")
        answer = self.world.ask(machine.name, request)
        self.say(f"{action.what} {tx} at {machine.name}: {getattr(answer, 'text', '')}")

    def _changes(self, chance: random.Random) -> dict[str, Callable[[Shape], Shape]]:
        return {
            "add group": lambda shape: shapes.add_group(shape, chance),
            "remove group": lambda shape: shapes.remove_group(shape, chance),
            "change group": lambda shape: shapes.change_group(shape, chance),
            "add node": lambda shape: self._add_node(shape, chance),
            "remove node": lambda shape: shapes.remove_node(shape, chance),
            "add node and group": lambda s: self._add_node(shapes.add_group(s, chance), chance),
            "replace node": lambda s: self._add_node(shapes.remove_node(s, chance), chance),
            "change node and group": lambda s: shapes.change_group(
                shapes.remove_node(s, chance), chance
            ),
            "voters": lambda shape: shapes.change_voters(shape, chance),
            "timing": lambda shape: shapes.change_timing(shape, chance),
        }

    def _operates(
        self, shape: Shape, chance: random.Random, machine: Machine
    ) -> tuple[Shape, dict[str, str]]:
        """Send a node to standby or back, hold a group or end its hold, or start an idle one."""
        what = chance.randrange(3)
        if what == 0:
            return shapes.change_standby(shape, chance), {}
        if what == 1:
            return shapes.change_hold(shape, chance, self.world.now_ms / 1000), {}
        assert machine.node is not None, "it was asked whether it runs"
        owners = machine.node.shared.log.standing.owners
        idle = [(name, group) for name, group in shape.groups if not owners.get(name)]
        if not idle:
            return shapes.change_standby(shape, chance), {}
        name, group = chance.choice(idle)
        node = chance.choice(group.nodes)
        return shape, {_running_name(name, group, node): node}

    def _moves(self, shape: Shape, chance: random.Random) -> dict[str, str]:
        if not shape.groups:
            return {}
        name, group = chance.choice(shape.groups)
        if chance.random() < 0.2:
            name = _running_name(name, group, group.nodes[0])
            self.invariants.asked_offline.add(name)
            return {name: ""}
        node = chance.choice(group.nodes)
        return {_running_name(name, group, node): node}

    def _add_node(self, shape: Shape, chance: random.Random) -> Shape:
        waiting = [m.name for m in self.world.machines.values() if m.joining is not None]
        free = [name for name in waiting if name not in shape.nodes and not self._was_in(name)]
        if not free and not self._spare:
            return shapes.change_group(shape, chance)
        name = free[0] if free else self._spare.pop(0)
        grown = shapes.add_node(shape, chance, name)
        if name not in self.world.machines:
            machine = self.world.add_machine(name, grown.text)
            self.set_clock(machine)
            if chance.random() < 0.9:
                self.world.start(name)
            else:
                self.world.restart_in(machine, BOOT_DELAY_MS)
        return grown

    def _was_in(self, name: str) -> bool:
        return any(name in c.node for c in self.invariants.configurations.values())

    def abort(self, action: Action) -> None:
        """Ask for the end of the newest DARE."""
        machine = self._console(action.who)
        if machine is not None and self.txs:
            answer = self.world.ask(machine.name, Abort(self.txs[-1]))
            self.say(f"abort {self.txs[-1]} at {machine.name}: {getattr(answer, 'text', '')}")

    def draft(self, action: Action) -> None:
        """Save a draft that is nothing."""
        machine = self._console(action.who)
        if machine is not None:
            self.say(f"edit the draft at {machine.name}")
            self.world.ask(machine.name, SaveDraft("no configuration at all"))


def _running_name(name: str, group: GroupShape, node: str) -> str:
    """Return what is asked for: a group, or its instance on a node."""
    return instance_name(name, node) if group.concurrent else name


REQUESTS: dict[str, Callable[[Admins, Action], None]] = {
    "ask": Admins.ask,
    "abort": Admins.abort,
    "draft": Admins.draft,
    "end probation": Admins.end_probation,
}
