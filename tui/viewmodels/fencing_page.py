"""The page of fencing: by which devices each node can be switched off, and whether that works."""

from collections.abc import Mapping, Sequence

from nodeagent.model.configuration import Node
from nodeagent.model.fencing import levels
from nodeagent.wire.console import Answer, Refused
from nodeagent.wire.fencing import FenceCheck, FenceChecks
from nodeagent.wire.live import FenceLive
from tui.viewmodels.ages import coarse_age_text
from tui.viewmodels.facts import Look, NodeFact
from tui.viewmodels.fences import last_fence
from tui.viewmodels.node_page import pair
from tui.viewmodels.panes import Column, Pane, column_width, header, row, titled
from tui.viewmodels.spans import Line, Row, Span, Tone, cut, folded, line, put

Heard = Mapping[str, Answer]
NONE = "no fence device"
CHECK, FENCED = 23, 12
"""Cells of the last check, and those that the last fencing needs to be worth a column."""
Checked = tuple[str, FenceCheck]
"""The agent that asked the device, and what it found."""


def checks_of(heard: Heard, node: str, device: str = "") -> list[Checked]:
    """Return what each agent found of the fence devices of `node`, the newest first."""
    found = [
        (answer.agent, check)
        for answer in heard.values()
        if isinstance(answer, FenceChecks)
        for check in answer.checks
        if check.node == node and device in {"", check.device}
    ]
    return sorted(found, key=lambda one: -one[1].time)


def fencing_list(look: Look, heard: Heard, width: int) -> Pane:
    """Return a row for each node: its levels, the last check, the last fencing."""
    nodes = [node for node in look.nodes if _noun(look, node.name) is not None]
    name = column_width("node", (node.name for node in nodes), 16)
    devices = column_width("devices by level", (levels_text(_noun(look, n.name)) for n in nodes),
                           max(16, width // 4))  # fmt: skip
    room = max(12, width - name - devices - 8 - 10)
    wide = room > CHECK + FENCED
    columns = [
        Column("node", name),
        Column("state", 8),
        Column("devices by level", devices),
        Column("last check", CHECK if wide else room),
        Column("last fencing", room - CHECK),
    ][: 5 if wide else 4]
    rows = [
        Row(f"node:{node.name}", row(columns, _cells(look, heard, node)[: len(columns)], width))
        for node in nodes
    ]
    without = sum(not node.fence for node in _nouns(look).values())
    told = Span("every node has a device", "ok")
    if without:
        told = Span(f"{without} without a device", "dim")
    head = titled([Span("Fencing ", "head"), told], width)
    return Pane((head, header(columns, width)), tuple(rows))


def _cells(look: Look, heard: Heard, node: NodeFact) -> list[Span]:
    noun = _noun(look, node.name)
    text, tone = last_check(look, checks_of(heard, node.name), has_device=bool(noun and noun.fence))
    fenced, how = _last(look, node)
    return [
        put(node.name, 0, "strong"), put(f"{node.letter} {node.word}", 0, node.tone),
        put(levels_text(noun), 0, "" if noun and noun.fence else "dim"), put(text, 0, tone),
        put(fenced, 0, how),
    ]  # fmt: skip


def levels_text(noun: Node | None) -> str:
    """Return the devices of a node, level by level: all of a level must succeed."""
    if noun is None or not noun.fence:
        return NONE
    return ", then ".join(" + ".join(name for name, _ in one) for one in levels(noun))


def last_check(look: Look, checks: Sequence[Checked], *, has_device: bool) -> tuple[str, Tone]:
    """Return how the devices of a node answered when they were asked last: the worst counts."""
    if not has_device:
        return "-", "dim"
    if not checks:
        return "not checked yet", "warn"
    newest = max(check.time for _, check in checks)
    states = [check.state for _, check in checks]
    if "running" in states:
        return "is being tested", "busy"
    ago = _ago(look, newest)
    bad = sum(state == "failed" for state in states)
    if bad:
        return f"{bad} of {len(states)} FAILED {ago}", "bad"
    return f"answers {ago}", "ok"


def _last(look: Look, node: NodeFact) -> tuple[str, Tone]:
    fence = node.live.fence if node.live else None
    if fence is None:
        return "never", "dim"
    word, tone = {
        "waiting": ("waits", "busy"),
        "running": ("is being fenced", "busy"),
        "failed": ("FAILED", "bad"),
        "done": ("fenced", "ok"),
    }[fence.state]
    return f"{word} {_ago(look, fence.time)}", tone  # type: ignore[return-value]


def _ago(look: Look, unix: float) -> str:
    return f"{coarse_age_text(max(0.0, look.now.wall - look.view.skew - unix))} ago" if unix else ""


def fencing_detail(look: Look, heard: Heard, name: str, width: int) -> list[Line]:
    """Return how one node is switched off, what each agent found, and what to do by hand."""
    node, noun = look.node(name), _noun(look, name)
    if node is None or noun is None:
        return [line("  ", put("this node is gone", 0, "dim"))]
    found = [
        titled([Span("Fencing of ", "head"), put(name, 0, "head")], width),
        pair("state", put(f"{node.letter} {node.word}", 0, node.tone)),
        *_devices(noun),
        *_fencing(look, node.live.fence if node.live else None),
        titled([Span("Last checks, by each agent", "head")], width),
        *_checks(look, heard, name, noun),
        line(""),
        *(line(put(text, 0, "dim")) for text in HELP),
    ]
    return [part for entry in found for part in folded(entry, width)]


HELP = (
    "  t  asks the devices from each node whether they answer, and switches nothing",
    "  o  switches the node off by its devices; then its groups are taken over",
    "  c  says that you have seen that it is off, where no device can",
)


def _devices(noun: Node) -> list[Line]:
    if not noun.fence:
        return [
            pair("devices", put(NONE, 0, "warn")),
            pair("", "what it held is taken over only after the takeover wait"),
        ]
    lines = []
    for number, level in enumerate(levels(noun), 1):
        every = "all must succeed: " if len(level) > 1 else ""
        texts = [
            f"{device} ({fence.agent}, {fence.action}, within {fence.seconds:g} s"
            + (f", after {fence.delay_seconds:g} s" if fence.delay_seconds else "")
            + ")"
            for device, fence in level
        ]
        lines.append(pair(f"level {level[0][1].level}", f"{every}{', '.join(texts)}"))
        if number == 1 and len(noun.fence) > len(level):
            lines.append(pair("", put("the next level is tried where this one fails", 0, "dim")))
    return lines


def _fencing(look: Look, fence: FenceLive | None) -> list[Line]:
    last = last_fence(fence)
    if fence is None or last is None:
        return [pair("last fencing", put("never since its agent was started", 0, "dim"))]
    return [pair("last fencing", put(f"{last[0]}, {_ago(look, fence.time)}", 0, last[1]))]


_WORDS: dict[str, tuple[str, Tone]] = {
    "running": ("is being asked", "busy"),
    "ok": ("answers", "ok"),
    "failed": ("FAILED", "bad"),
}


def _checks(look: Look, heard: Heard, name: str, noun: Node) -> list[Line]:
    lines: list[Line] = []
    for device in noun.fence:
        for agent, check in checks_of(heard, name, device):
            word, tone = _WORDS[check.state]
            told = f"  {check.text}" if check.text else ""
            ago = _ago(look, check.time)
            lines.append(
                line("  ", put(device, 10), f" from {agent} ", put(word, 0, tone), f" {ago}{told}")
            )
    quiet = [node for node, one in heard.items() if isinstance(one, Refused)]
    if not lines:
        lines.append(line("  ", put("none since the agents were started", 0, "dim")))
    if quiet:
        lines.append(cut(line("  ", put(f"not told by {', '.join(quiet)}", 0, "warn")), 200))
    return lines


def _nouns(look: Look) -> Mapping[str, Node]:
    configuration = look.view.active.configuration
    return configuration.node if configuration else {}


def _noun(look: Look, name: str) -> Node | None:
    return _nouns(look).get(name)


def fence_lines(look: Look, name: str) -> list[str]:
    """Return what is read before a node is switched off."""
    noun = _noun(look, name)
    owned = [group.name for group in look.groups if group.owner == name]
    runs = f"It owns {', '.join(owned)}: taken over by others, and away meanwhile." if owned else (
        "It owns no group."
    )  # fmt: skip
    several = noun is not None and len(tuple(levels(noun))) > 1
    next_one = ["Where one level of devices fails the next one is tried."] * several
    return [f"{name} will be switched off at once, by {levels_text(noun)}.", runs, *next_one]


def down_lines(look: Look, name: str) -> list[str]:
    """Return what is read before a person says that a node is off."""
    owned = [group.name for group in look.groups if group.owner == name]
    return [
        f"Say this only if you have seen that {name} is off.",
        "What it held is started elsewhere at once, and runs twice, with damage to its data, if it "
        "is not off." + (f" It held {', '.join(owned)}." if owned else ""),
    ]
