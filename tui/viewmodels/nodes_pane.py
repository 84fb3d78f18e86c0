"""Nodes in a pane: each with its state, networks, groups and heartbeats; and the topology."""

from tui.viewmodels.facts import Look, NodeFact
from tui.viewmodels.panes import Column, Pane, column_width, header, row, taken, titled, toned
from tui.viewmodels.spans import Line, Row, Span, Tone, cut, put
from tui.viewmodels.strips import node_strip

GROUPS_LEAST = 11
STRIP_LEAST = 10


def nodes_pane(look: Look, width: int) -> Pane:
    """Return every node: state, age, adapters by network, groups, heartbeats."""
    networks = look.networks
    name = column_width("node", (node.name for node in look.nodes), 16)
    state = max(8, column_width("state", (_state(node) for node in look.nodes), 12))
    columns = [Column("node", name), Column("state", state), Column("heard", 5, "right")]
    each = [Column(network, max(7, min(len(network), 9))) for network in networks]
    per_network = taken([*columns, *each]) + GROUPS_LEAST + 2 + STRIP_LEAST <= width
    columns += each if per_network else [Column("paths", 5, "right")]
    free = width - taken(columns)
    strip = max(STRIP_LEAST, min(30, free - 24))
    groups = max(4, free - 2 - strip - 1)
    columns += [Column("groups", groups), Column(_beats_title(strip), strip)]
    rows = tuple(
        Row(f"node:{node.name}", row(columns, _node_cells(look, node, per_network, strip), width))
        for node in look.nodes
    )
    return Pane((titled(_nodes_title(look), width), header(columns, width)), rows)


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


def _state(node: NodeFact) -> str:
    return f"{node.letter} {node.word}"


def _node_cells(look: Look, node: NodeFact, per_network: bool, strip: int) -> list[Span | Line]:  # noqa: FBT001
    cells: list[Span | Line] = [
        put(node.name, 0, "strong"),
        put(_state(node), 0, node.tone),
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
