"""`clustertui status`: one look at nodes, links, groups, and what is wrong."""

import asyncio
import time

from msgspec.structs import replace

from nodeagent.client.client import Client
from nodeagent.model.health import GroupState
from nodeagent.wire.live import NodeLive, Snapshot
from tui.cli.access import Way
from tui.cli.asking import snapshot_of, with_client
from tui.cli.output import put, put_json, put_table
from tui.turning import ask_others
from tui.viewmodels.ages import Moment, age_text
from tui.viewmodels.agreement import Agreement
from tui.viewmodels.facts import GroupFact, Look, NodeFact
from tui.viewmodels.fences import devices_of, last_fence
from tui.viewmodels.probation import left_s
from tui.viewmodels.problems import Problem, problems_of
from tui.viewmodels.store import View, connected, fold

_PASSING = frozenset({"offline", "acquiring", "releasing"})
"""An owner's group is in these for a moment only, or for as long as it takes to start."""
SETTLES_S = 2.0
"""After a change, or its own start, an agent has heard all others within so long."""
AGAIN_S = 0.1


def run(way: Way, *, as_json: bool) -> int:
    """Print nodes, links, groups, and what is wrong, as one agent sees it. Return the exit code.

    `no_quorum` of the JSON names agents without quorum, `silent` those that then did not answer:
    both are empty where the first one that was asked has quorum.
    """
    snapshot, agreement = with_client(way, doubted)
    look = look_at(snapshot, agreement)
    problems = problems_of(look)
    if as_json:
        put_json(
            {
                "cluster": snapshot.cluster,
                "nodes": snapshot.nodes,
                "standby": [node.name for node in look.nodes if node.standby],
                "groups": [_group(group) for group in look.groups],
                "probation_seconds_left": left_s(look.view, look.now),
                "problems": [problem.text for problem in problems],
                "no_quorum": (agreement.agent, *agreement.same) if agreement else (),
                "silent": agreement.silent if agreement else (),
            }
        )
        return 0
    _put_cluster(snapshot)
    if agreement and agreement.better:
        put(f"{agreement.agent} has no quorum, so {snapshot.cluster.observer} was asked")
    _put_nodes(look, snapshot)
    _put_fences(look)
    _put_groups(look)
    _put_problems(problems)
    return 0


async def doubted(client: Client) -> tuple[Snapshot, Agreement | None]:
    """Return what an agent knows that has quorum, if there is one.

    With it who says that there is none, where the first one that was asked does.
    """
    snapshot = await settled(client)
    if snapshot.cluster.quorum:
        return snapshot, None
    configuration = look_at(snapshot).view.active.configuration
    opinions = await ask_others(client, snapshot.cluster, configuration)
    return opinions.best or snapshot, opinions.agreement


async def settled(client: Client) -> Snapshot:
    """Return what an agent knows once it has heard all others, or as it is when time is over.

    Who ends a DARE knows its epoch before it hears the others say so: that is no problem of theirs.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + SETTLES_S
    while True:
        snapshot = await snapshot_of(client)
        if not awaits_news(snapshot) or loop.time() > until:
            return snapshot
        await asyncio.sleep(AGAIN_S)


def awaits_news(snapshot: Snapshot) -> bool:
    """Return whether the agent has still to hear from nodes what they are or have by now."""
    cluster = snapshot.cluster
    if cluster.lock or not cluster.quorum:
        return False  # while a DARE runs, or nobody may own anything, this is how things are
    up = {live.node: live for live in snapshot.nodes if live.state not in {"down", "amnesiac"}}
    if any(live.epoch != cluster.epoch for live in up.values()):
        return True
    owned = ((up[node], group) for group, node in cluster.owners.items() if node in up)
    return any(_state_of(live, group) in _PASSING for live, group in owned)


def _state_of(live: NodeLive, group: str) -> GroupState:
    """Return the state of a group on a node; who says nothing of it does not run it yet."""
    return next((one.state for one in live.groups if one.group == group), "offline")


def look_at(snapshot: Snapshot, agreement: Agreement | None = None) -> Look:
    """Return the facts of one snapshot, seen at this moment, and what other agents say to it."""
    now = Moment(time.monotonic(), time.time())
    view = connected(View(), snapshot.cluster.observer, now)
    view, _ = fold(view, snapshot, now)
    return Look(replace(view, agreement=agreement), now)


def _group(group: GroupFact) -> dict[str, object]:
    return {
        "group": group.name,
        "owner": group.owner,
        "state": group.word,
        "since": group.since,
        "failures": group.failures,
        "text": group.text,
        "held": group.held,
        "by_order": group.by_order,
        "addresses": group.addresses,
        "nodes": group.order,
    }


def _put_cluster(snapshot: Snapshot) -> None:
    cluster = snapshot.cluster
    quorum = "quorum" if cluster.quorum else "NO QUORUM"
    put(
        f"cluster {cluster.cluster}: {cluster.state}, {quorum}, epoch {cluster.epoch} "
        f"({cluster.digest[:12]}), seen by {cluster.observer}"
    )
    if cluster.lock:
        put(f"a DARE is open: {cluster.lock}")
    if cluster.draft_digest and cluster.draft_digest != cluster.digest:
        put("the draft differs from the active configuration (clustertui diff)")


def _put_nodes(look: Look, snapshot: Snapshot) -> None:
    put("nodes")
    voters = snapshot.cluster.voters
    put_table(
        (
            node.name,
            node.word,
            "voter" if node.name in voters else "",
            f"epoch {node.live.epoch}" if node.live else "",
            f"heard {age_text(node.age)} ago" if node.live else "",
            _links(node),
        )
        for node in look.nodes
    )


def _put_fences(look: Look) -> None:
    rows = []
    for node in look.nodes:
        devices = devices_of(look, node.name)
        last = last_fence(node.live.fence if node.live else None)
        if devices or last:
            rows.append((node.name, "; ".join(devices), last[0] if last else ""))
    if rows:
        put("fencing")
        put_table(rows)


def _links(node: NodeFact) -> str:
    words = []
    for link in node.links:
        state = link.live.state if link.live and link.letter != "?" else "unknown"
        old = f" {age_text(link.age)}" if state in {"late", "down"} else ""
        words.append(f"{link.adapter}/{link.network} {state}{old}")
    return ", ".join(words)


def _put_groups(look: Look) -> None:
    put("groups")
    put_table(
        (
            group.name,
            group.word,
            f"on {group.owner}" if group.owner else "",
            f"for {age_text(look.now.wall - group.since)}" if group.since else "",
            ", ".join(group.addresses),
            "; ".join(filter(None, (group.remark, group.text))),
        )
        for group in look.groups
    )


def _put_problems(problems: tuple[Problem, ...]) -> None:
    put("problems" if problems else "no problems")
    for problem in problems:
        put(f"  {problem.text}" + (f" ({problem.note})" if problem.note else ""))
