"""Whether a cluster has come to rest: all agree, nothing is open, every group has one owner."""

from nodeagent.config.digest import file_digest
from nodeagent.config.placement import able
from nodeagent.config.rules import apart_of, sets_of
from nodeagent.core.node import Node
from tests.simulation.invariants import Invariants
from tests.simulation.machine import Machine
from tests.simulation.world import World


def members(world: World, invariants: Invariants) -> dict[str, Node]:
    """Return the running nodes of the newest configuration."""
    names = invariants.active.node
    return {name: node for name, node in world.nodes().items() if name in names}


def restless(world: World, invariants: Invariants) -> str:
    """Return what is not at rest yet, empty when all is."""
    present = members(world, invariants)
    missing = [name for name in invariants.active.node if name not in present]
    if missing:
        return f"{missing} do not run"
    if invariants.probation is not None:
        return f"nobody confirmed epoch {invariants.probation.epoch} and nobody returned it"
    top = len(invariants.decided)
    for name, node in present.items():
        if name in invariants.forgetful:
            if world.machines[name].runs():
                return f"{name} has forgotten and runs {world.machines[name].runs()}"
            continue
        problem = _open(node, top) or _on_disk(world.machines[name], node)
        if problem:
            return f"{name} {problem}"
    return _misplaced(world, invariants, present)


def _open(node: Node, top: int) -> str:
    shared = node.shared
    run = shared.run
    if shared.log.standing.slot != top:
        return f"knows decree {shared.log.standing.slot} of {top}"
    if node.participant.suspended or node.participant.open is not None:
        return f"is not resumed: {node.participant.phase}"
    if shared.log.probation is not None:
        return f"is on probation: {node.probation.live()}"
    if node.busy():
        return f"is locked: {node.busy()}"
    if run is not None and run.state in ("running", "aborting"):
        return f"still shows {run.tx} {run.state}"
    if not shared.is_member:
        return "is not in"
    return "" if shared.lease_valid else "has no lease"


def _on_disk(machine: Machine, node: Node) -> str:
    """Return what is left of a DARE on the disk, or is not as it was decided."""
    files = machine.disk.files
    if file_digest(files.get("active", b"")) != node.shared.log.standing.digest:
        return "has another active file than the decided one"
    return "keeps a temporary file" if "temporary" in files else ""


def _could_run(invariants: Invariants, name: str, present: dict[str, Node]) -> bool:
    active, owners = invariants.active, invariants.owners
    group = active.group[name]
    if group.fallover == "bring-offline":
        return False  # it stays so until somebody acts
    if name in invariants.asked_offline and _asked_offline(name, present):
        return False
    if any(not owners.get(parent) for parent in group.after):
        return False
    ran = any(name in node.shared.log.ran for node in present.values())
    starts = group.startup == "home-node" and not ran
    nodes = set(group.nodes[:1] if starts else group.nodes)
    nodes -= {owners.get(other, "") for other in apart_of(active).get(name, ())}
    for mate in sets_of(active).get(name, ()):
        nodes &= {owners.get(mate)} if owners.get(mate) else nodes
    healthy = present.keys() - invariants.forgetful
    return any(able(active, group, node) for node in nodes if node in healthy)


def _asked_offline(name: str, present: dict[str, Node]) -> bool:
    return any(n.shared.log.wishes.placed().get(name) == "" for n in present.values())


def _misplaced(world: World, invariants: Invariants, present: dict[str, Node]) -> str:
    active, owners = invariants.active, invariants.owners
    for name, group in active.group.items():
        owner = owners.get(name, "")
        if not owner:
            if _could_run(invariants, name, present):
                return f"{name} could run and has no owner"
            continue
        if world.owner(name) != [owner]:
            return f"{name} is {owner}'s and runs on {world.owner(name)}"
        state = present[owner].shared.runner(name).state
        if state != "online" or world.machines[owner].running[name] != set(group.resource):
            return f"{name} on {owner} is {state}"
    extra = [
        (m.name, g) for m in world.machines.values() for g in m.runs() if g not in active.group
    ]
    return f"left running: {extra}" if extra else ""
