"""The networks section: networks, the matrix of nodes and networks, and one network in full."""

from nodeagent.model.configuration import ServiceAddress
from tui.viewmodels.ages import age_text
from tui.viewmodels.facts import LinkFact, Look
from tui.viewmodels.node_page import pair
from tui.viewmodels.panes import Column, Pane, column_width, header, row, titled
from tui.viewmodels.spans import Line, Row, Span, Tone, cut, line, put
from tui.viewmodels.strips import INTERVALS, beats_strip


def network_list(look: Look, width: int, order: str = "file") -> Pane:
    """Return every network with how many of its adapters are up."""
    names = sorted(look.networks) if order == "name" else look.networks
    name = column_width("network", names, 18)
    configuration = look.view.active.configuration
    nouns = configuration.network if configuration else {}
    kind = column_width("kind", (noun.kind for noun in nouns.values()), 14)
    subnet = column_width("subnet", (noun.subnet for noun in nouns.values()), 22)
    columns = [
        Column("network", name),
        Column("kind", kind),
        Column("subnet", subnet),
        Column("up", 5, "right"),
        Column("service addresses", max(10, width - name - kind - subnet - 5 - 11)),
    ]
    rows = []
    for network in names:
        noun = nouns.get(network)
        links = links_on(look, network)
        up = sum(link.letter == "U" for link in links)
        tone: Tone = "ok" if up == len(links) else "bad" if not up else "warn"
        addresses = ", ".join(f"{group} {address}" for group, address in services_on(look, network))
        cells = [
            put(network, 0, "strong"), put(noun.kind if noun else "?"),
            put(noun.subnet if noun else "?"), Span(f"{up}/{len(links)}", tone),
            put(addresses or "-"),
        ]  # fmt: skip
        rows.append(Row(f"network:{network}", row(columns, cells, width)))
    head = titled([Span("Networks ", "head"), str(len(names))], width)
    return Pane((head, header(columns, width)), tuple(rows))


def links_on(look: Look, network: str) -> list[LinkFact]:
    """Return the adapters on one network."""
    return [link for node in look.nodes for link in node.links if link.network == network]


def services_on(look: Look, network: str) -> list[tuple[str, str]]:
    """Return (group, address) for each service address on one network."""
    return [
        (group.name, noun.address)
        for group in look.groups
        for noun in (group.noun.resource.values() if group.noun else ())
        if isinstance(noun, ServiceAddress) and noun.network == network
    ]


def network_detail(look: Look, name: str, width: int) -> list[Line]:
    """Return everything known of one network."""
    configuration = look.view.active.configuration
    noun = configuration.network.get(name) if configuration else None
    links = links_on(look, name)
    node = column_width("", (link.node for link in links), 14)
    adapter = column_width("", (link.adapter for link in links), 12)
    address = column_width("", (link.address for link in links), 24)
    beats = max(0, min(INTERVALS, width - node - adapter - address - 26))
    roles = {
        (node, adapter): spec.role
        for node, adapter, spec in (configuration.adapters_on(name) if configuration else ())
    }
    lines = [
        titled([Span("Network ", "head"), put(name, 0, "head")], width),
        pair("kind", noun.kind if noun else "not in the active configuration"),
        pair("subnet", noun.subnet if noun else "-"),
        *(pair("service", f"{address} of ", put(group, 0, "strong"))
          for group, address in services_on(look, name)),
        titled([Span("Adapters on it", "head"), f", last {beats} beats" if beats else ""], width),
    ]  # fmt: skip
    for link in links:
        role = roles.get((link.node, link.adapter), "-")
        lines.append(line(
            "  ", put(link.node, node, "strong"), " ", put(link.adapter, adapter),
            Span(f" {link.letter} ", link.tone), put(link.address or "-", address), " ",
            put(role, 7), " ",
            put(age_text(link.age) if link.live else "-", 6, align="right"), "  ",
            Span(beats_strip([link], beats), "ok" if link.tone == "ok" else "warn"),
        ))  # fmt: skip
    return [cut(entry, width) for entry in lines]
