"""The dashboard's panes: nodes, groups, problems, clients, events, and the right-hand side."""

from collections.abc import Sequence

from nodeagent.model.run import DareRun
from tui.viewmodels.ages import age_text
from tui.viewmodels.events import event_row
from tui.viewmodels.facts import GroupFact, Look, NodeFact
from tui.viewmodels.panes import Column, Pane, column_width, header, row, titled, toned
from tui.viewmodels.pending import changes
from tui.viewmodels.ports import ProbeRow
from tui.viewmodels.problems import Problem, verdict
from tui.viewmodels.spans import Line, Row, Span, Tone, cut, line, put, spread, width_of, wrap
from tui.viewmodels.strips import node_strip

_RUN_TONE: dict[str, Tone] = {
    "done": "ok", "running": "busy", "aborting": "warn", "refused": "warn", "aborted": "warn",
    "in-doubt": "bad",
}  # fmt: skip


def verdict_line(look: Look, problems: tuple[Problem, ...], width: int) -> Line:
    """Return the line that answers whether all is right and what may still be lost."""
    found = verdict(look, problems)
    return cut(line(Span(" "), Span(f" {found.word} ", found.tone), f" {found.text}"), width)


GROUPS_LEAST = 11
STRIP_LEAST = 10
ORDER_LEAST = 23


# --- nodes --------------------------------------------------------------------------------------


def nodes_pane(look: Look, width: int) -> Pane:
    """Return every node: state, age, adapters by network, groups, heartbeats."""
    networks = look.networks
    name = column_width("node", (node.name for node in look.nodes), 16)
    columns = [Column("node", name), Column("state", 8), Column("heard", 5, "right")]
    each = [Column(network, max(7, min(len(network), 9))) for network in networks]
    per_network = _taken([*columns, *each]) + GROUPS_LEAST + 2 + STRIP_LEAST <= width
    columns += each if per_network else [Column("paths", 5, "right")]
    free = width - _taken(columns)
    strip = max(STRIP_LEAST, min(30, free - 24))
    groups = max(4, free - 2 - strip - 1)
    columns += [Column("groups", groups), Column(_beats_title(strip), strip)]
    rows = tuple(
        Row(f"node:{node.name}", row(columns, _node_cells(look, node, per_network, strip), width))
        for node in look.nodes
    )
    return Pane((titled(_nodes_title(look), width), header(columns, width)), rows)


def _taken(columns: Sequence[Column]) -> int:
    return 2 + sum(column.width + 2 for column in columns)


def _beats_title(strip: int) -> str:
    return f"last {strip} beats" if strip >= 13 else "beats"


def _nodes_title(look: Look) -> list[Span | str]:
    up = sum(node.usable for node in look.nodes)
    down = sum(node.word == "down" for node in look.nodes)
    other = len(look.nodes) - up - down
    words: list[Span | str] = [Span("Nodes ", "head"), f"{up} up"]
    if other:
        words.append(toned(f", {other} not certain", "warn"))
    if down:
        words.append(toned(f", {down} down", "bad"))
    return [*words, f" of {len(look.nodes)}"]


def _node_cells(look: Look, node: NodeFact, per_network: bool, strip: int) -> list[Span | Line]:  # noqa: FBT001
    cells: list[Span | Line] = [
        put(node.name, 0, "strong"),
        put(f"{node.letter} {node.word}", 0, node.tone),
        put(look.age(node.age) if node.live else "-", 0, "warn" if node.stale else ""),
    ]
    if per_network:
        cells += [network_cell(look, node, network) for network in look.networks]
    else:
        cells.append(_paths(node))
    groups: list[Span] = []
    for name in node.groups:
        fact = look.group(name)
        groups += [put(name, 0, fact.tone if fact and fact.tone != "ok" else ""), Span(" ")]
    cells += [tuple(groups) or Span("-", "dim"), node_strip(node, strip)]
    return cells


def network_cell(look: Look, node: NodeFact, network: str) -> Span:
    """Return a node's adapters on one network as letters, with the age where it is not up."""
    links = [link for link in node.links if link.network == network]
    if not links:
        return Span("-", "dim")
    worst = max(links, key=lambda link: "U?LD".index(link.letter))
    letters = "".join(link.letter for link in links)
    if worst.letter == "D":
        return Span(f"{letters} {look.age(worst.age)}", "bad")
    return Span(letters, worst.tone)


def _paths(node: NodeFact) -> Span:
    up = sum(link.letter == "U" for link in node.links)
    tone: Tone = "ok" if up == len(node.links) else "warn"
    return Span(f"{up}/{len(node.links)}", tone)


# --- groups -------------------------------------------------------------------------------------


def groups_pane(look: Look, width: int) -> Pane:
    """Return every group: state, owner, address, who is next."""
    name = column_width("group", (group.name for group in look.groups), 18)
    owner = column_width("owner", (group.owner for group in look.groups), 12)
    address = column_width("address", (_addresses(group) for group in look.groups), 24)
    columns = [Column("group", name), Column("state", 9), Column("owner", owner)]
    free = width - _taken(columns) - ORDER_LEAST
    extra = [key for key, room in (("address", address + 2), ("since", 7)) if room <= free]
    if len(extra) == 2 and address + 9 > free:
        extra = ["address"]
    if "address" in extra:
        columns.append(Column("address", address))
    if "since" in extra:
        columns.append(Column("since", 5, "right"))
    columns.append(Column("takeover order", max(14, width - _taken(columns))))
    rows = tuple(
        Row(f"group:{group.name}", row(columns, _group_cells(look, group, extra), width))
        for group in look.groups
    )
    online = sum(group.word == "online" for group in look.groups)
    tone: Tone = "" if online == len(look.groups) else "bad"
    counted = toned(f"{online} online", tone)
    title: list[Span | str] = [Span("Groups ", "head"), counted, f" of {len(look.groups)}"]
    return Pane((titled(title, width), header(columns, width)), rows)


def _addresses(group: GroupFact) -> str:
    return " ".join(group.addresses) or "-"


def _group_cells(look: Look, group: GroupFact, extra: Sequence[str]) -> list[Span | Line]:
    now = look.now.wall - look.view.skew
    since = age_text(now - group.since) if group.since else "-"
    optional = {"address": put(_addresses(group)), "since": put(since)}
    return [
        put(group.name, 0, "strong"),
        put(group.word, 0, group.tone),
        put(group.owner or "nobody", 0, "" if group.owner else "warn"),
        *(optional[key] for key in extra),
        order_spans(look, group),
    ]


def order_spans(look: Look, group: GroupFact) -> Line:
    """Return the takeover order; the owner stands out, nodes that cannot take over carry a `!`."""
    spans: list[Span] = []
    for name in group.order:
        if spans:
            spans.append(Span(" > ", "dim"))
        node = look.node(name)
        if name == group.owner:
            spans.append(put(name, 0, "strong"))
        elif node is not None and node.usable:
            spans.append(put(name))
        else:
            spans.append(put(f"{name}!", 0, "warn"))
    return tuple(spans) or (Span("-", "dim"),)


# --- problems, clients, events ------------------------------------------------------------------


def problems_pane(problems: tuple[Problem, ...], width: int) -> Pane:
    """Return the problems, the worst first."""
    rows: list[Row] = []
    seen: dict[str, int] = {}
    for problem in problems:
        seen[problem.key] = seen.get(problem.key, 0) + 1
        key = f"{problem.key}#{seen[problem.key]}"
        rows += _problem_rows(key, problem, width)
    title = [Span("Problems ", "head"), toned(str(len(problems)) if problems else "none",
             "bad" if problems else "ok")]  # fmt: skip
    return Pane((titled(title, width),), tuple(rows))


def _problem_rows(key: str, problem: Problem, width: int) -> list[Row]:
    text = (Span("  ! ", problem.tone), put(problem.text))
    note = line(put(problem.note, 0, "dim"), " ")
    if width_of(text) + 2 + width_of(note) <= width:
        return [Row(key, spread(text, note, width))]
    under = [Row("", cut((Span("    "), *note), width))] if problem.note else []
    return [Row(key, cut(text, width)), *under]


def clients_pane(rows: Sequence[ProbeRow], width: int) -> Pane:
    """Return what a client of the services sees."""
    name = column_width("service", (entry.service for entry in rows), 18)
    columns = [
        Column("service", name),
        Column("now", 6),
        Column("asked", 8, "right"),
        Column("failed", 6, "right"),
        Column("longest gap", 11, "right"),
        Column("answered by", 14),
    ]
    lines = tuple(
        Row("", row(columns, [
            put(entry.service, 0, "strong"),
            Span("ok", "ok") if entry.ok else Span("FAILS", "bad"),
            put(str(entry.requests)),
            put(str(entry.failed), 0, "bad" if entry.failed else "ok"),
            put(f"{entry.longest_gap_ms} ms"),
            put(entry.last_node or "-"),
        ], width))
        for entry in rows
    )  # fmt: skip
    head = titled([Span("Clients of the services", "head")], width)
    return Pane((head, header(columns, width)), lines)


def events_pane(look: Look, width: int, room: int, *, waiting: int = 0) -> Pane:
    """Return the newest events that fit `room` lines, the newest last."""
    newest = look.view.events[-max(0, room) :] if room > 0 else ()
    right = [toned(f"frozen, {waiting} wait", "warn")] if waiting else []
    head = titled([Span("Events", "head"), ", newest last"], width, right)
    return Pane((head,), tuple(event_row(entry, width) for entry in newest))


# --- the right-hand side ------------------------------------------------------------------------


def topology_pane(look: Look, width: int) -> Pane:
    """Return nodes down, networks across; in each cell the adapter, its state and age."""
    name = column_width("node", (node.name for node in look.nodes), 14)
    count = max(1, len(look.networks))
    each = max(8, min(24, (width - 2 - name - 2) // count - 2))
    columns = [Column("", name), *(Column(network, each) for network in look.networks)]
    configuration = look.view.active.configuration
    rows = []
    for node in look.nodes:
        cells: list[Span | Line] = [put(node.name, 0, "strong")]
        cells += [topology_cell(look, node, network, each) for network in look.networks]
        rows.append(Row(f"node:{node.name}", row(columns, cells, width)))
    subnets: list[Span | Line] = [Span("")]
    for network in look.networks:
        noun = configuration.network.get(network) if configuration else None
        subnets.append(put(noun.subnet if noun else "", 0, "dim"))
    head = titled([Span("Topology", "head")], width)
    names: list[Span | Line] = [Span(""), *(put(network, 0, "strong") for network in look.networks)]
    return Pane((head, row(columns, names, width), row(columns, subnets, width)), tuple(rows))


def topology_cell(look: Look, node: NodeFact, network: str, width: int) -> Line:
    """Return a node's adapters on `network`: name, letter, age."""
    spans: list[Span] = []
    for link in node.links:
        if link.network != network:
            continue
        if spans:
            spans.append(Span(" "))
        spans.append(put(f"{link.adapter} "))
        spans.append(Span(link.letter, link.tone))
        if link.live is not None:
            spans.append(put(f" {look.age(link.age)}", 0, "" if link.tone == "ok" else link.tone))
    return cut(tuple(spans) or (Span("-", "dim"),), width)


def selected_pane(look: Look, key: str, width: int) -> Pane:
    """Return what is known of the object under the cursor."""
    kind, _, name = key.partition("#")[0].partition(":")
    lines: list[Line] = []
    node, group = look.node(name), look.group(name)
    if kind == "node" and node is not None:
        lines = _selected_node(look, node)
    elif kind == "group" and group is not None:
        lines = _selected_group(look, group)
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
    lines.append(line("  ", f"may take {', '.join(may) or 'nothing'}"))
    for name in node.groups:
        group = look.group(name)
        if group is not None:
            heir = f"goes to {group.heirs[0]}" if group.heirs else "has nowhere to go"
            lines.append(line("  ", toned(f"if it fails: {name} {heir}",
                                          "" if group.heirs else "warn")))  # fmt: skip
    return lines


def _epoch_words(look: Look, node: NodeFact) -> str:
    if node.live is None or look.view.cluster is None:
        return ""
    if node.live.epoch == look.view.cluster.value.epoch:
        return f", epoch {node.live.epoch} in step"
    return f", epoch {node.live.epoch}, not in step"


def _selected_group(look: Look, group: GroupFact) -> list[Line]:
    where = f" on {group.owner}" if group.owner else ""
    lines = [line("  ", put(group.word, 0, group.tone), where)]
    lines.append((Span("  "), *order_spans(look, group)))
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


def as_lines(text: str, width: int) -> list[Line]:
    """Return a text broken into lines with an indent."""
    return [line("  ", part) for part in wrap(text, max(8, width - 2))]
