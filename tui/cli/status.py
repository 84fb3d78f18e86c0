"""`clustertui status`: one look at nodes, links, groups, and what is wrong."""

import time

from nodeagent.wire.live import Snapshot
from tui.cli.access import Way
from tui.cli.asking import ask_snapshot
from tui.cli.output import put, put_json, put_table
from tui.viewmodels.ages import Moment, age_text
from tui.viewmodels.facts import GroupFact, Look, NodeFact
from tui.viewmodels.fences import devices_of, last_fence
from tui.viewmodels.probation import left_s
from tui.viewmodels.problems import Problem, problems_of
from tui.viewmodels.store import View, connected, fold


def run(way: Way, *, as_json: bool) -> int:
    """Print nodes, links, groups, and what is wrong, as one agent sees it. Return the exit code."""
    snapshot = ask_snapshot(way)
    look = look_at(snapshot)
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
            }
        )
        return 0
    _put_cluster(snapshot)
    _put_nodes(look, snapshot)
    _put_fences(look)
    _put_groups(look)
    _put_problems(problems)
    return 0


def look_at(snapshot: Snapshot) -> Look:
    """Return the facts of one snapshot, seen at this moment."""
    now = Moment(time.monotonic(), time.time())
    view = connected(View(), snapshot.cluster.observer, now)
    view, _ = fold(view, snapshot, now)
    return Look(view, now)


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
