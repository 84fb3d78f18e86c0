"""What is known of fenced nodes, and for how long it proves that they hold nothing.

A fence that was begun when `slot` was the newest decree ends every life of the node that any decree
up to then counted in. A life that comes after it has no lease and is given none, until a later
decree counts it in or a DARE brings a group to it. Only that voids the proof. Whoever tells of a
fence names the decree and the life up to which it is good; who knows a later one of either does
not take it.
"""

from collections.abc import Collection

from nodeagent.core.records import Fenced, may_hold_after
from nodeagent.core.shared import Shared
from nodeagent.model.text import clean
from nodeagent.wire.live import FenceLive
from nodeagent.wire.peer import Commit, FenceNote, FenceWanted, Value, ViewChange


def proves(shared: Shared, node: str, slot: int) -> bool:
    """Return whether a fence of `node` that was begun at decree `slot` proves anything now."""
    log = shared.log
    if node in log.standing.view or not 0 <= slot <= log.standing.slot:
        return False
    if slot < shared.tried_in.get(node, -1):
        return False
    return not _counted_in_since(shared, node, slot)


def _counted_in_since(shared: Shared, node: str, slot: int) -> bool:
    later = (decree.value for decree in shared.log.decrees[slot + 1 :])
    return any(node in may_hold_after(value) for value in later)


def learn(shared: Shared, node: str, slot: int) -> bool:
    """Take into account that `node` was fenced at decree `slot`; False if that is too old."""
    if not proves(shared, node, slot):
        return False
    if node not in shared.fenced:
        shared.fenced.add(node)
        shared.persist(Fenced(node, shared.log.standing.slot))
    return True


def decided(shared: Shared, value: Value) -> None:
    """Forget fences that the decree voids, as proofs and as votes."""
    shared.fenced -= may_hold_after(value)
    log = shared.log
    if isinstance(value, Commit | ViewChange) and log.fenced & value.view.keys():
        shared.lease.keep(log.deciding, shared.timing, log.tie_breaker)
        log.fenced -= value.view.keys()


def brought_to(shared: Shared, nodes: Collection[str], slot: int) -> None:
    """Forget fences of nodes to which the DARE of this slot may bring groups."""
    shared.fenced -= set(nodes)
    shared.tried_in |= dict.fromkeys(nodes, slot)


def note(shared: Shared, node: str) -> FenceNote:
    """Return what to tell peers of a fenced node: good for the decree that is known here."""
    live = shared.fences.get(node)
    return FenceNote(
        slot=shared.log.standing.slot,
        node=node,
        incarnation=shared.log.lives.get(node, 0),
        state="done",
        by=live.by if live else shared.name,
        device=live.device if live else "",
        text=live.text if live else "",
    )


def other_vote(shared: Shared) -> str:
    """Return the other one of two voters, where its fence would count as its vote; else "".

    Only for a member that is one of the two: a life that was not counted in waits for the other.
    """
    log = shared.log
    if len(log.voters) != 2 or log.tie_breaker in log.voters or shared.name not in log.voters:
        return ""
    (other,) = set(log.voters) - {shared.name}
    return other if shared.is_member and not shared.forgetful else ""


def count_as_vote(shared: Shared, node: str, slot: int) -> bool:
    """Let the fence of the other voter, begun at decree `slot`, stand for its vote.

    False if it cannot, for it is heard again, or a newer life of it may be in.
    """
    if node != other_vote(shared) or shared.alive(node) or _counted_in_since(shared, node, slot):
        return False
    shared.log.fenced = frozenset({node})
    text = "its fence counts as its vote, until it is counted in again"
    shared.tell("warning", node, text, "two voters and no third")
    return True


def tell_peers(shared: Shared, m: FenceNote) -> None:
    """Tell all members that are heard."""
    members = (n for n in shared.log.standing.view if n != shared.name and shared.alive(n))
    shared.send_all(members, m)


def heard(shared: Shared, sender: str, m: FenceNote | FenceWanted) -> None:
    """Take what a member tells or asks."""
    if isinstance(m, FenceWanted):
        if m.node in shared.fenced:
            shared.send(sender, note(shared, m.node))
        return
    text, device = clean(m.text, 300), clean(m.device, 200)
    live = FenceLive(m.state, m.by, device, text, shared.now.unix)
    if m.state != "done":
        shared.fences[m.node] = live
        if m.state == "failed":
            shared.tell("error", m.node, f"could not be fenced by {sender}", text)
        return
    same_life = m.incarnation == shared.log.lives.get(m.node, 0)
    if m.node not in shared.fenced and same_life and learn(shared, m.node, m.slot):
        shared.fences[m.node] = live
        shared.tell("warning", m.node, f"counts as off: {text or device}", f"told by {sender}")
