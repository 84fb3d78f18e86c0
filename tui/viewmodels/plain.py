"""The cluster as lines of text: what is so now, and a line for each thing that becomes otherwise.

For screen readers, pipes and logs: each line is whole by itself, in words, without columns, colours
or marks that only an eye can read.
"""

import re
from collections.abc import Iterator, Mapping

from nodeagent.wire.live import ClusterLive, EventLine
from tui.viewmodels.ages import age_text, clock_text
from tui.viewmodels.facts import GroupFact, Look, NodeFact
from tui.viewmodels.pending import change_count, overtaken
from tui.viewmodels.presence import long_text
from tui.viewmodels.problems import problems_of, verdict
from tui.viewmodels.store import View

_AGES = re.compile(r"\d[\d.smhd]*")
_WORDS = {"reconf": "reconfiguring"}
_LETTERS = {"U": "up", "L": "late", "D": "down"}
NO_AGENT = "no agent has answered yet"


def summary_lines(look: Look) -> list[str]:
    """Return what a person must know first: health, owners, the running change, what may fail."""
    view = look.view
    if view.cluster is None:
        return [NO_AGENT]
    problems = problems_of(look)
    found = verdict(look, problems)
    lines = [f"cluster {view.cluster_name}: {_lower(found.word)}; {found.text}", _standing(view)]
    lines += [_run_text(look), _draft_text(view)]
    lines += [f"node {node.name}: {_node_text(node)}" for node in look.nodes]
    lines += [f"group {group.name}: {_group_text(group)}{_next(group)}" for group in look.groups]
    lines += [f"problem: {_problem(problem.text, problem.note)}" for problem in problems]
    lines += [] if problems else ["no problems"]
    return [*lines, *(f"console of {long_text(other)}" for other in view.others)]


def changes(before: Look, after: Look, since: float = 0.0) -> list[str]:
    """Return a line for each thing that is otherwise in `after` than it was in `before`.

    Events from before `since` (Unix seconds), which an agent only remembers, are none.
    """
    lines = [*_of_feed(before, after)]
    if before.view.cluster is None or after.view.cluster is None:
        return lines
    told = [*_of_cluster(before, after), *_of_nodes(before, after), *_of_groups(before, after)]
    lines += [*_of_events(before.view, after.view, since), *told]
    lines += _of_problems(before, after, " ".join(told))
    was, now = (verdict(look, problems_of(look)) for look in (before, after))
    if was != now:
        lines.append(f"now: {_lower(now.word)}; {now.text}")
    return [*lines, *_of_consoles(before.view, after.view)]


def stamped(lines: list[str], wall: float) -> list[str]:
    """Return the lines with the time of day before each that has none."""
    return [one if one[:1].isdigit() else f"{clock_text(wall)} {one}" for one in lines]


def event_text(event: EventLine) -> str:
    """Return one event as a sentence with its own time."""
    cause = f", because {event.cause}" if event.cause else ""
    return (
        f"{clock_text(event.time)} {event.severity} on {event.node}, {event.subject}: "
        f"{event.text}{cause}"
    )


def _lower(word: str) -> str:
    return word.lower()


def _problem(text: str, note: str) -> str:
    return f"{text}; {note}" if note else text


def _standing(view: View) -> str:
    assert view.cluster is not None, "whoever asks has seen it"
    cluster = view.cluster.value
    quorum = "quorum" if cluster.quorum else "no quorum"
    return f"epoch {cluster.epoch}, {quorum}, told by agent {view.connection.agent}"


def _run_text(look: Look) -> str:
    run = look.view.run
    if run is None or not look.view.running:
        return "no change is running"
    seconds = look.now.wall - look.view.skew - run.began
    step = next((row.name for row in run.steps if row.state == "running"), "")
    at = f", at step {step}" if step else ""
    by = f" by {run.author}" if run.author else ""
    return f"DARE {run.tx}{by} is {run.state} for {age_text(seconds)}{at}"


def _draft_text(view: View) -> str:
    count = change_count(view.active, view.draft)
    if count < 0:
        return "the draft cannot be read"
    if not count:
        return "no draft"
    base = ", made from an older epoch" if overtaken(view.active, view.draft) else ""
    return f"the draft has {count} change{'s' * (count > 1)}{base}"


def _node_text(node: NodeFact) -> str:
    if node.live is None:
        return "not heard of"
    bad = [
        f"{link.adapter} on {link.network} {_LETTERS[link.letter]}"
        for link in node.links
        if link.letter in {"L", "D"}
    ]
    links = f", {', '.join(bad)}" if bad and node.word != "down" else ""
    return f"{_WORDS.get(node.word, node.word)}{links}"


def _group_text(group: GroupFact) -> str:
    where = f" on {group.owner}" if group.owner else ""
    remark = f", {group.remark}" if group.remark else ""
    return f"{_lower(group.word)}{where}{remark}"


def _next(group: GroupFact) -> str:
    if not group.owner:
        return ""
    return f"; next {group.heirs[0]}" if group.heirs else "; nobody takes it over"


def _of_feed(before: Look, after: Look) -> Iterator[str]:
    was, now = before.view.connection, after.view.connection
    was_lost, is_lost = was.lost(before.now), now.lost(after.now)
    if is_lost and not was_lost:
        yield f"agent {now.agent} is lost; looking for another, what was told is last known"
    elif now.agent and not is_lost and (was_lost or was.agent != now.agent):
        yield f"listening to agent {now.agent}"


def _of_cluster(before: Look, after: Look) -> Iterator[str]:
    assert before.view.cluster is not None, "compared when both are known"
    assert after.view.cluster is not None, "compared when both are known"
    was, now = before.view.cluster.value, after.view.cluster.value
    if was.quorum != now.quorum:
        yield _quorum_text(was, now)
    agreement = after.view.agreement
    if agreement is not None and agreement != before.view.agreement:
        yield f"no quorum: {agreement.text}"
    if was.epoch != now.epoch:
        yield f"epoch {now.epoch} is active, before {was.epoch}"
    if before.view.draft.text != after.view.draft.text:
        by = after.view.draft.author
        yield f"{_draft_text(after.view)}{f', kept by {by}' if by else ''}"


def _quorum_text(was: ClusterLive, now: ClusterLive) -> str:
    """Return what became of the quorum; another agent's word says nothing of what was before."""
    if was.observer == now.observer:
        return "quorum again" if now.quorum else "no quorum: nothing can be decided"
    if now.quorum:
        return f"agent {now.observer} has quorum, agent {was.observer} has not"
    return f"agent {now.observer} has no quorum: nothing can be decided there"


def _of_nodes(before: Look, after: Look) -> Iterator[str]:
    yield from _of_texts("node", _nodes(before), _nodes(after))


def _of_groups(before: Look, after: Look) -> Iterator[str]:
    yield from _of_texts("group", _groups(before), _groups(after))


def _nodes(look: Look) -> dict[str, str]:
    return {node.name: _node_text(node) for node in look.nodes}


def _groups(look: Look) -> dict[str, str]:
    return {group.name: _group_text(group) for group in look.groups}


def _of_texts(kind: str, was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name, text in now.items():
        if name not in was:
            yield f"{kind} {name} is new: {text}"
        elif text != was[name]:
            yield f"{kind} {name}: {text}, before {was[name]}"
    yield from (f"{kind} {name} is gone" for name in was if name not in now)


def _of_events(before: View, after: View, since: float) -> Iterator[str]:
    if before.events is after.events:
        return
    known = {own for event in before.events for own in before.log.told_as(event)}
    for event in after.events:
        if event.time >= since and known.isdisjoint(after.log.told_as(event)):
            yield event_text(event)


def _of_consoles(before: View, after: View) -> Iterator[str]:
    was = {other.here.console: long_text(other) for other in before.others}
    now = {other.here.console: long_text(other) for other in after.others}
    yield from (f"console of {text}" for console, text in now.items() if was.get(console) != text)
    yield from (f"console closed: {was[console]}" for console in was if console not in now)


def _of_problems(before: Look, after: Look, told: str) -> Iterator[str]:
    """Yield problems that are new and are not said already by what changed."""
    known = {(p.key, _AGES.sub("", p.text)) for p in problems_of(before)}
    for problem in problems_of(after):
        name = problem.key.partition(":")[2]
        if (problem.key, _AGES.sub("", problem.text)) in known or (name and f" {name}:" in told):
            continue
        yield f"problem: {_problem(problem.text, problem.note)}"
