"""The nodes section: the list, and one node in full."""

from collections.abc import Callable, Iterator

from nodeagent.config.words import join
from nodeagent.wire.live import NodeLive
from tui.viewmodels.ages import age_text
from tui.viewmodels.events import events_about
from tui.viewmodels.facts import GroupFact, Look, NodeFact
from tui.viewmodels.fences import devices_of, last_fence
from tui.viewmodels.nodes_pane import nodes_pane
from tui.viewmodels.panes import Pane, column_width, titled
from tui.viewmodels.problems import AMNESIAC, REMEDY
from tui.viewmodels.spans import Line, Row, Span, cut, line, put, wrap
from tui.viewmodels.strips import INTERVALS, beats_strip

ORDERS = ("file", "name", "state", "age")
EVENTS = 20
_WHEN_HEARD = Span("when it was last heard", "warn")


def node_list(look: Look, width: int, order: str = "file") -> Pane:
    """Return all nodes, in the order of the file, of names, of trouble or of age."""
    pane = nodes_pane(look, width)
    facts = {f"node:{node.name}": node for node in look.nodes}
    worst = ("bad", "warn", "busy", "ok", "dim")
    keys: dict[str, Callable[[Row], str | float]] = {
        "name": lambda row: facts[row.key].name,
        "state": lambda row: worst.index(facts[row.key].tone),
        "age": lambda row: -facts[row.key].age,
    }
    if order in keys:
        return Pane(pane.head, tuple(sorted(pane.rows, key=keys[order])))
    return pane


def node_detail(look: Look, name: str, width: int) -> list[Line]:
    """Return everything known of one node."""
    node = look.node(name)
    if node is None:
        return [line("  ", put("this node is gone", 0, "dim"))]
    lines = [
        titled([Span("Node ", "head"), put(name, 0, "head")], width),
        *_state(look, node),
        titled([Span("Adapters", "head")], width),
        *_adapters(node, width),
        titled([Span("Groups", "head")], width),
        *_groups(look, node),
        *last_events(look, name, width),
    ]
    return [cut(entry, width) for entry in lines]


def last_events(look: Look, name: str, width: int) -> list[Line]:
    """Return the last events about one object under their heading, the newest first."""
    found = events_about(look, name, width, EVENTS + 1)[::-1]
    told = f"{min(len(found), EVENTS)}{', older ones in Events' * (len(found) > EVENTS)}"
    words = [Span("Its last events", "head"), ", the newest first" if found else ""]
    head = titled(words, width, [put(told, 0, "dim")] if found else ())
    return [head, *(found[:EVENTS] or [line("  ", Span("none", "dim"))])]


def pair(label: str, *value: Span | str) -> Line:
    """Return a line with a label in front."""
    return line("  ", put(label, 14, "dim"), *value)


def _state(look: Look, node: NodeFact) -> list[Line]:
    live = node.live
    if live is None:
        return [pair("state", put("configured, not heard of yet", 0, "warn"))]
    old = "" if node.heard else "  last known, not current"
    return [
        pair("state", put(f"{node.letter} {node.word}", 0, node.tone),
             f"  heard {age_text(node.age)} ago{old}"),
        *(pair("remedy" if not number else "", put(part, 0, "warn"))
          for number, part in enumerate(wrap(REMEDY, 40) if node.word == AMNESIAC else ())),
        *(pair("ordered", put(words, 0, "warn")) for words in _ordered(node)),
        pair("votes", "yes" if live.voter else "no",
             "   member" if live.member else "   not a member"),
        pair("epoch", f"{live.epoch}  ", _step(look, node, live)),
        pair("digest", put((live.digest or "-")[:32], 0, "dim")),
        pair("slot", f"{live.slot}   incarnation {live.incarnation}"),
        pair("lease", _lease_text(live.lease_ms), *_dated(node)),
        pair("DARE phase", live.phase or "-"),
        pair("agent", f"{live.version or '?'}   load {live.load:.2f}"),
        *_fences(look, node),
    ]  # fmt: skip


def _step(look: Look, node: NodeFact, live: NodeLive) -> Span:
    """Return whether the node has what the cluster has, as far as that is known now."""
    if not node.heard:
        return _WHEN_HEARD
    cluster = look.view.cluster.value if look.view.cluster else None
    if cluster is not None and (live.epoch, live.digest) == (cluster.epoch, cluster.digest):
        return Span("in step", "ok")
    return Span("not in step with the cluster", "warn")


def _dated(node: NodeFact) -> tuple[Span, ...]:
    """Return what follows a value that is as old as the last word of its node."""
    return () if node.heard else (Span("  "), _WHEN_HEARD)


def _fences(look: Look, node: NodeFact) -> Iterator[Line]:
    """Yield the fence devices and the last result; nothing for who has neither."""
    for number, device in enumerate(devices_of(look, node.name)):
        yield pair("" if number else "fenced by", device)
    last = last_fence(node.live.fence if node.live else None)
    if last is not None:
        yield pair("last fence", put(last[0], 0, last[1]))


def _ordered(node: NodeFact) -> tuple[str, ...]:
    return ("on standby: it owns no group",) if node.standby else ()


def _adapters(node: NodeFact, width: int) -> list[Line]:
    adapter = column_width("", (link.adapter for link in node.links), 12)
    network = column_width("", (link.network for link in node.links), 16)
    address = column_width("", (link.address for link in node.links), 24)
    beats = max(0, min(INTERVALS, width - adapter - network - address - 18))
    lines = [
        line(
            "  ", put(link.adapter, adapter, "strong"), Span(f"  {link.letter}  ", link.tone),
            put(link.network or "-", network), "  ", put(link.address or "-", address), " ",
            put(age_text(link.age) if link.live else "-", 6, align="right"), "  ",
            Span(beats_strip([link], beats), "ok" if link.tone == "ok" else "warn"),
        )
        for link in node.links
    ]  # fmt: skip
    return lines or [line("  ", Span("none", "dim"))]


def _groups(look: Look, node: NodeFact) -> list[Line]:
    lines = []
    for group in look.groups:
        if group.owner == node.name:
            word = put(group.word, 10, group.tone)
            lines.append(line("  ", put(group.name, 16, "strong"), word, _heir(look, node, group)))
        elif node.name in group.order:
            lines.append(line("  ", put(group.name, 16), *_may_take(node, group)))
    return lines or [line("  ", Span("none", "dim"))]


def _lease_text(lease_ms: int) -> str:
    if lease_ms < 0:
        return "held"
    return f"{lease_ms / 1000:.1f}s left" if lease_ms else "none"


def _heir(look: Look, node: NodeFact, group: GroupFact) -> str:
    if group.others:
        return f"runs on {join(group.others)}, too"
    if not look.knows_heirs(group):
        return "who could take it is not known now"
    if not group.heirs:
        return "nobody could take it"
    return f"if {node.name} fails: {group.heirs[0]}" if node.heard else f"next: {group.heirs[0]}"


def _may_take(node: NodeFact, group: GroupFact) -> Line:
    """Return whether a node that does not own a group could take it over now."""
    if node.stale:
        return line(put("whether it could take it now is not known", 0, "warn"))
    if not node.usable:
        return line(put(f"could not take it now: {node.word}", 0, "warn"))
    place = group.order.index(node.name) + 1
    words = f"number {place} in its order, now on {group.owner or 'nobody'}"
    return line(put("standby" if node.standby else "may take", 10, "dim"), words)
