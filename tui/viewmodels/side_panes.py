"""The dashboard's right-hand side: what is selected, what is pending, what was changed last."""

from nodeagent.model.run import DareRun
from tui.viewmodels.ages import age_text
from tui.viewmodels.facts import GroupFact, Look, NodeFact
from tui.viewmodels.groups_pane import order_spans
from tui.viewmodels.panes import Pane, titled, toned
from tui.viewmodels.pending import changes, overtaken
from tui.viewmodels.spans import Line, Row, Span, Tone, cut, line, put

_RUN_TONE: dict[str, Tone] = {
    "done": "ok", "running": "busy", "aborting": "warn", "refused": "warn", "aborted": "warn",
    "in-doubt": "bad",
}  # fmt: skip


def selected_pane(look: Look, key: str, width: int) -> Pane:
    """Return what is known of the object under the cursor."""
    kind, _, name = key.partition("#")[0].partition(":")
    lines: list[Line] = []
    node, group = look.node(name), look.group(name)
    if kind == "node" and node is not None:
        lines = _selected_node(look, node)
    elif kind == "group" and group is not None:
        lines = _selected_group(group)
    title = [Span("Selected ", "head"), put(f"{kind} {name}" if lines else "nothing")]
    return Pane((titled(title, width),), tuple(Row("", cut(entry, width)) for entry in lines))


def _selected_node(look: Look, node: NodeFact) -> list[Line]:
    live = node.live
    lines = [line("  ", put(node.word, 0, node.tone), _epoch_words(look, node))]
    if live is not None:
        vote = "votes" if live.voter else "no vote"
        lines.append(line("  ", f"{vote}, agent {live.version or '?'}, load {live.load:.1f}"))
    lines += [
        line("  ", put(f"{link.adapter} ", 0, "strong"), Span(link.letter, link.tone),
             f" {link.network} {link.address}")
        for link in node.links
    ]  # fmt: skip
    lines.append(line("  ", f"owns {', '.join(node.groups) or 'nothing'}"))
    may = [group.name for group in look.groups if node.name in group.heirs]
    lines.append(line("  ", f"may take{_taken(node, may)}"))
    for name in node.groups:
        group = look.group(name)
        if group is not None:
            tone: Tone = "" if group.heirs or group.others else "warn"
            goes = group.if_lost if look.knows_heirs(group) else "not known now"
            lines.append(line("  ", toned(f"if it fails: {name} {goes}", tone)))
    return lines


def _taken(node: NodeFact, groups: list[str]) -> str:
    if node.stale:
        return ": not known now"
    return f" {', '.join(groups) or 'nothing'}"


def _epoch_words(look: Look, node: NodeFact) -> str:
    if node.live is None or look.view.cluster is None:
        return ""
    if node.stale or node.word == "down":
        return f", epoch {node.live.epoch} when it was last heard"
    if node.live.epoch == look.view.cluster.value.epoch:
        return f", epoch {node.live.epoch} in step"
    return f", epoch {node.live.epoch}, not in step"


def _selected_group(group: GroupFact) -> list[Line]:
    where = f" on {group.owner}" if group.owner else ""
    lines = [line("  ", put(group.word, 0, group.tone), where)]
    lines.append((Span("  "), *order_spans(group)))
    states = {res.name: res.state for res in group.live.resources} if group.live else {}
    for name in group.noun.resource if group.noun else ():
        state = states.get(name, "unknown")
        tone: Tone = {"started": "ok", "failed": "bad", "stopped": "dim"}.get(state, "warn")  # type: ignore[assignment]
        lines.append(line("  ", put(name, 14), put(state, 0, tone)))
    if group.text:
        lines.append(line("  ", put(group.text, 0, "warn")))
    return lines


def pending_pane(look: Look, width: int, most: int = 6) -> Pane:
    """Return how the draft differs from the active configuration."""
    if overtaken(look.view.active, look.view.draft):
        title = [Span("Draft ", "head"), put("of an older epoch", 0, "warn")]
        keys = line("  ", put("5", 0, "key"), " Draft, then ", put("m", 0, "key"), " merges it")
        body = [line("  ", "the cluster moved on since it was begun:"), keys]
        return Pane((titled(title, width),), tuple(Row("", entry) for entry in body))
    found = changes(look.view.active, look.view.draft)
    if found is None:
        body = [line("  ", Span("the draft cannot be read", "bad"))]
        count = "?"
    else:
        marks = {"add": "+", "remove": "-", "change": "~"}
        body = [
            line("  ", Span(f"{marks[change.kind]} ", "draft"),
                 f"{change.object}{'.' if change.key else ''}{change.key}")
            for change in found[:most]
        ]  # fmt: skip
        if len(found) > most:
            body.append(line(f"    and {len(found) - most} more"))
        count = str(len(found)) if found else "same"
    title = [Span("Draft against active ", "head"), put(count, 0, "draft" if found else "dim")]
    return Pane((titled(title, width),), tuple(Row("", cut(entry, width)) for entry in body))


def changes_pane(look: Look, width: int, most: int = 5) -> Pane:
    """Return the last DAREs, the newest first."""
    rows = [
        Row(f"run:{run.tx}", _run_line(run, look, width))
        for run in reversed(look.view.all_runs[-most:])
    ]
    return Pane((titled([Span("Last changes", "head")], width),), tuple(rows))


def _run_line(run: DareRun, look: Look, width: int) -> Line:
    ago = age_text(look.now.wall - look.view.skew - run.began)
    spans = line(
        "  ", put(run.state, 9, _RUN_TONE[run.state]), put(ago, 7, align="right"), " ago  ",
        put(run.author or "-", 10), put(run.text, 0, "dim"),
    )  # fmt: skip
    return cut(spans, width)
