"""What an operator asks of fencing: by hand, on a person's word, a test; and what is refused."""

from nodeagent.core import fenced
from nodeagent.core.effects import FenceNode
from nodeagent.core.events import FenceFinished
from nodeagent.core.fencing import Fencing
from nodeagent.core.shared import Shared
from nodeagent.model.configuration import Node
from nodeagent.model.fencing import MANUAL
from nodeagent.model.text import clean
from nodeagent.wire.console import Answer, Done, Fence, Refused
from nodeagent.wire.fencing import TestFence


def answer(shared: Shared, fencing: Fencing, request: Fence, name: str) -> Answer:
    """Fence a node by hand, or take an operator's word that it is off."""
    configuration = shared.log.configuration
    noun = configuration.node.get(request.node) if configuration else None
    if noun is None or not shared.is_member:
        text = f"there is no node {request.node} here, or this agent is not in the cluster now"
        return Refused("no-node", text, 2)
    if request.typed != request.node:
        return Refused("not-typed", f"the name {request.node} must be typed to confirm", 2)
    name = clean(name, 63)
    if request.confirmed:
        return _confirm(shared, fencing, request.node, name)
    return _by_hand(shared, fencing, request.node, noun, name)


def _by_hand(shared: Shared, fencing: Fencing, node: str, noun: Node, name: str) -> Answer:
    if node == shared.name:
        return Refused("itself", f"{node} cannot fence itself; ask another agent", 2)
    if not shared.quorum and node != fenced.other_vote(shared):
        return Refused("no-quorum", "no majority of voters is heard here", 3)
    automatic = [device for device, fence in noun.fence.items() if fence.agent != MANUAL]
    if not automatic:
        text = f"{node} has no fence device; see that it is off, then confirm it"
        return Refused("no-device", text, 1)
    if fencing.is_at(node):
        return Refused("busy", f"{node} is being fenced already", 3)
    fencing.by_hand(node, name)
    return Done(f"fencing {node} by {', '.join(automatic)}")


def _confirm(shared: Shared, fencing: Fencing, node: str, name: str) -> Answer:
    if shared.alive(node):
        text = f"{node} is heard, so it is not off; to switch it off: clustertui fence {node}"
        return Refused("alive", text, 1)
    if node in shared.log.standing.view and node != fenced.other_vote(shared):
        return Refused("in", f"{node} is not out by decree yet; wait a moment", 3)
    if not fencing.confirmed(node, name):
        return Refused("open", f"a DARE that may bring groups to {node} is open", 3)
    return Done(f"{node} counts as off")


def test(shared: Shared, request: TestFence, name: str) -> Answer:
    """Have a node's fence devices asked from here whether they answer; nothing is switched."""
    node, configuration = request.node, shared.log.configuration
    noun = configuration.node.get(node) if configuration else None
    if noun is None:
        return Refused("no-node", f"there is no node {node} here", 2)
    if node == shared.name:
        return Refused("itself", f"{node} is fenced by others; ask another agent", 2)
    wanted = [device for device in noun.fence if request.device in {"", device}]
    if not wanted:
        what = f" {clean(request.device, 63)}; it has: {', '.join(noun.fence)}"
        text = f"{node} has no fence device{what if request.device and noun.fence else ''}"
        return Refused("no-device", text, 1)
    checks = shared.fence_checks
    idle = [device for device in wanted if not checks.is_running(node, device)]
    for device in idle:
        op = shared.new_op()
        checks.begun(op, node, device, shared.now.unix, by_hand=True)
        shared.out.append(FenceNode(op, node, device, noun.fence[device], "validate"))
    if idle:
        shared.tell("note", node, f"fence test of {', '.join(idle)}, for {clean(name, 63)}")
    return Done(f"{shared.name} asks {', '.join(wanted)} of {node}")


def tested(shared: Shared, event: FenceFinished) -> None:
    """Note what a check of a fence device found, and tell of a test."""
    found = shared.fence_checks.finished(event, shared.now.unix)
    if found is None:
        return
    if found.state == "ok":
        text = f"its fence device {found.device} answers {shared.name}: {found.text}"
        shared.tell("note", found.node, text)
    else:
        text = f"its fence device {found.device} does not answer {shared.name}"
        shared.tell("error", found.node, text, found.text)
