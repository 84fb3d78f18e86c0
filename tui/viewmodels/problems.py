"""What is wrong right now, and what the cluster can still lose: one pure look at the facts."""

from collections.abc import Iterator
from typing import NamedTuple

from tui.viewmodels.ages import Moment, age_text
from tui.viewmodels.endures import endurance
from tui.viewmodels.facts import GroupFact, Look, NodeFact
from tui.viewmodels.fences import last_fence
from tui.viewmodels.probation import GOES_BACK, KEEPS, long_text
from tui.viewmodels.spans import Tone, brief
from tui.viewmodels.store import View

AMNESIAC = "amnesiac"
REMEDY = "it does not vote: remove it, then add it again (two DAREs)"
_IN = {"ERROR": "in error", "unknown": "in an unknown state"}


class Problem(NamedTuple):
    """One thing that is wrong. `key` names the object ("node:alpha"); `note` why it matters."""

    tone: Tone
    key: str
    text: str
    note: str = ""


class Verdict(NamedTuple):
    """The answer to "is everything all right, and what can still be lost"."""

    tone: Tone
    word: str
    text: str


def problems_of(look: Look) -> tuple[Problem, ...]:
    """Return every problem, the worst first."""
    view, now, nodes, groups = look.view, look.now, look.nodes, look.groups
    found = [
        *_of_feed(view, now),
        *_of_cluster(view, now),
        *(problem for node in nodes for problem in _of_node(view, node)),
        *_of_sight(look),
        *(problem for group in groups for problem in _of_group(group, nodes)),
    ]
    return tuple(sorted(found, key=lambda problem: problem.tone != "bad"))


def _of_feed(view: View, now: Moment) -> Iterator[Problem]:
    if view.connection.lost(now):
        agent = brief(view.connection.agent or "any agent", 20)
        silent = age_text(view.connection.silent_for(now))
        yield Problem(
            "bad", "", f"nothing heard from {agent} for {silent}", "values are last known"
        )


def _of_cluster(view: View, now: Moment) -> Iterator[Problem]:
    if view.cluster is None:
        return
    cluster = view.cluster.value
    if not cluster.quorum:
        note = view.agreement.text if view.agreement else "no takeover, no change"
        yield Problem("bad", "", "no quorum: nothing can be decided", note)
    elif cluster.state == "error":
        yield Problem("bad", "", "the cluster is in error", "see the events")
    if cluster.probation is not None:
        back = bool(cluster.probation.returning)
        note = "" if back else f"{KEEPS} keeps it, {GOES_BACK} ends it"
        yield Problem("bad" if back else "warn", "", long_text(view, now), note)
    if cluster.events_waiting:
        yield Problem("warn", "", f"{cluster.events_waiting} events wait for the DARE to end")


def _of_node(view: View, node: NodeFact) -> Iterator[Problem]:
    key = f"node:{node.name}"
    if node.live is None:
        yield Problem("warn", key, f"{node.name} has not been heard of", "configured, unknown")
        return
    if node.word == "down":
        owns = f"owned {', '.join(node.groups)}" if node.groups else ""
        last = last_fence(node.live.fence)
        owns = "; ".join(filter(None, (owns, last[0] if last else "")))
        yield Problem("bad", key, f"{node.name} is down, silent {age_text(node.age)}", owns)
        return
    if node.stale:
        if node.live.state != "down":
            text = f"{node.name} is stale {age_text(node.age)}"
            yield Problem("warn", key, text, "last known, not current")
        return
    if node.word == AMNESIAC:
        text = f"{node.name} forgot what it vouched for: its state directory was lost or set back"
        yield Problem("bad", key, text, REMEDY)
    if node.standby:
        note = f"it owns nothing; clustertui node resume {node.name}"
        yield Problem("warn", key, f"{node.name} is on standby", note)
    yield from _of_links(node)
    yield from _of_epoch(view, node)


def _of_links(node: NodeFact) -> Iterator[Problem]:
    up = [link for link in node.links if link.letter == "U"]
    for link in node.links:
        if link.letter not in {"D", "L"}:
            continue
        lost = 30 - (link.beats & 0x3FFFFFFF).bit_count()
        word = "down" if link.letter == "D" else "late"
        text = f"{node.name}/{link.adapter} {link.network} {word} {age_text(link.age)}"
        note = f"lost {lost} of 30 beats"
        if len(up) == 1:
            note = f"{node.name} has one path left, {up[0].network}"
        yield Problem("bad" if word == "down" else "warn", f"node:{node.name}", text, note)


def _of_sight(look: Look) -> Iterator[Problem]:
    """Yield what is not known of others, because the agent that tells it is cut off there."""
    observer = look.view.cluster.value.observer if look.view.cluster else ""
    unknown = {
        link.network: None
        for node in look.nodes
        if node.word not in {"down", "not heard"} and not node.stale
        for link in node.links
        if link.letter == "?" and link.live is not None and link.live.state == "down"
    }
    for network in unknown:
        text = f"{observer} hears nobody on {network}"
        yield Problem("warn", f"node:{observer}", text, "so it is not known who is up there")


def _of_epoch(view: View, node: NodeFact) -> Iterator[Problem]:
    if view.running or view.cluster is None or node.live is None:
        return
    cluster = view.cluster.value
    key = f"node:{node.name}"
    if node.live.epoch != cluster.epoch:
        text = f"{node.name} is on epoch {node.live.epoch}, the cluster on {cluster.epoch}"
        yield Problem("warn", key, text, "catches up by itself")
    elif node.live.digest and cluster.digest and node.live.digest != cluster.digest:
        yield Problem(
            "bad", key, f"{node.name} runs another configuration", "same epoch, other text"
        )


def _of_group(group: GroupFact, nodes: tuple[NodeFact, ...]) -> Iterator[Problem]:
    key = f"group:{group.name}"
    running = [
        node.name
        for node in nodes
        if node.live and not node.stale
        and any(g.group == group.name and g.state == "online" for g in node.live.groups)
    ]  # fmt: skip
    if len(running) > 1:
        yield Problem(
            "bad", key, f"{group.name} is online on {' and '.join(running)}", "owned twice"
        )
    yield from _of_attempts(group, nodes)
    yield from _of_orders(group)
    if group.word == "online" and group.text and not group.held:
        yield Problem("warn", key, f"{group.name} is online, but not all went well", group.text)
    if group.by_order:
        return
    if group.is_instance and not group.owner and _is_out(group, nodes):
        return  # what ended it is told of the node
    if group.word not in {"online", "stale"}:
        where = f" on {group.owner}" if group.owner else ""
        tone: Tone = "bad" if group.tone == "bad" else "warn"
        note = group.text
        if group.word == "offline" and group.owner and not note:
            note = f"{group.owner} starts it once nobody else can have it"  # a lease is waited for
        yield Problem(tone, key, f"{group.name} is {_IN.get(group.word, group.word)}{where}", note)
    elif group.word == "online" and not group.heirs and not group.others:
        yield Problem(
            "warn", key, f"if {group.owner} fails, nobody takes over {group.name}", "it runs now"
        )


def _is_out(group: GroupFact, nodes: tuple[NodeFact, ...]) -> bool:
    """Return whether none of the group's nodes may have it now, and others have instances of it."""
    usable = {node.name for node in nodes if node.usable and not node.standby}
    return bool(group.others) and not usable.intersection(group.order)


def _of_orders(group: GroupFact) -> Iterator[Problem]:
    """Yield what administrators ordered and may forget: offline groups and holds."""
    key = f"group:{group.name}"
    if group.by_order:
        note = f"clustertui group online {group.name}"
        yield Problem("warn", key, f"{group.name} is offline by order", note)
    if group.held and group.has_failed:
        yield Problem("bad", key, f"{group.name} is {group.held}, and failed", group.text)
    elif group.held:
        note = "neither restarted nor moved"
        yield Problem("warn", key, f"{group.name} is {group.held}", note)


def _of_attempts(group: GroupFact, nodes: tuple[NodeFact, ...]) -> Iterator[Problem]:
    """Yield nodes that tried to acquire the group and failed, though another one has it."""
    for node in nodes:
        if node.name == group.owner or node.live is None or node.stale or node.word == "down":
            continue
        for live in node.live.groups:
            if live.group == group.name and live.state == "error":
                text = f"{node.name} could not run {group.name}, and does not try for a while"
                yield Problem("warn", f"group:{group.name}", text, live.text)


# --- the verdict --------------------------------------------------------------------------------


def verdict(look: Look, problems: tuple[Problem, ...]) -> Verdict:
    """Return the one line that answers whether all is right."""
    view, now = look.view, look.now
    if view.cluster is None:
        return Verdict("warn", "UNKNOWN", "nothing is known yet")
    if view.connection.lost(now):
        return Verdict("bad", "UNKNOWN", "no agent is heard; what you see is last known")
    if view.running:
        return Verdict("busy", "CHANGING", f"a DARE is going on; {endurance(look)}")
    bad = sum(problem.tone == "bad" for problem in problems)
    if bad:
        return Verdict("bad", "TROUBLE", f"{bad} to mend; {endurance(look)}")
    if problems:
        return Verdict("warn", "ATTENTION", f"services run; {endurance(look)}")
    return Verdict("ok", "ALL RIGHT", endurance(look))
