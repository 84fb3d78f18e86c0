"""The groups section: the list, one group in full, and where it could be moved."""

from nodeagent.config.words import join
from nodeagent.model.configuration import (
    Application,
    DataFolder,
    Filesystem,
    Group,
    Ocf,
    Resource,
    ServiceAddress,
    Systemd,
)
from tui.viewmodels.ages import age_text
from tui.viewmodels.facts import GroupFact, Look
from tui.viewmodels.groups_pane import groups_pane, order_spans
from tui.viewmodels.node_page import last_events, pair
from tui.viewmodels.panes import Pane, titled
from tui.viewmodels.spans import Line, Span, Tone, cut, line, put, width_of, wrap

_STATE: dict[str, Tone] = {
    "started": "ok", "starting": "busy", "stopping": "busy", "failed": "bad", "stopped": "dim",
    "unknown": "warn",
}  # fmt: skip


def group_list(look: Look, width: int, order: str = "file") -> Pane:
    """Return all groups, in the order of the file, of names, of trouble or of owners."""
    pane = groups_pane(look, width)
    facts = {f"group:{group.name}": group for group in look.groups}
    keys = {
        "name": lambda row: facts[row.key].name,
        "state": lambda row: str(facts[row.key].tone == "ok"),
        "owner": lambda row: facts[row.key].owner,
    }
    if order in keys:
        return Pane(pane.head, tuple(sorted(pane.rows, key=keys[order])))
    return pane


def group_detail(look: Look, name: str, width: int) -> list[Line]:
    """Return everything known of one group."""
    group = look.group(name)
    if group is None:
        return [line("  ", put("this group is gone", 0, "dim"))]
    lines = [
        titled([Span("Group ", "head"), put(name, 0, "head")], width),
        *_state(look, group),
        titled([Span("Resources", "head"), ", in acquire order; released in reverse"], width),
        *_resources(group, width),
        *last_events(look, name, width),
    ]
    return [cut(entry, width) for entry in lines]


def _state(look: Look, group: GroupFact) -> list[Line]:
    where = f" on {group.owner}" if group.owner else ""
    since = look.now.wall - look.view.skew - group.since
    age = f", since {age_text(since)}" if group.since else ""
    lines = [pair("state", put(group.word, 0, group.tone), where, age)]
    if group.remark:
        lines.append(pair("ordered", put(group.remark, 0, "warn")))
    if group.text:
        lines.append(pair("says", put(group.text, 0, "warn")))
    if group.failures:
        lines.append(pair("failures", put(str(group.failures), 0, "bad")))
    lines.append(pair("order", *order_spans(group)))
    heir = group.heirs[0] if group.heirs else ""
    if group.held:
        lines.append(pair("next", put("nobody while it is held", 0, "warn")))
    elif group.is_instance:
        lines.append(pair("next", _beside(group)))
    elif not look.knows_heirs(group):
        lines.append(pair("next", put("not known now: who could take it is not heard", 0, "warn")))
    else:
        lines.append(pair("next", heir or put("nobody could take it over", 0, "warn")))
    noun = group.noun
    if noun is None:
        return [*lines, pair("", put("not in the active configuration", 0, "warn"))]
    children = [
        other.name for other in look.groups if other.noun and group.name in other.noun.after
    ]
    return [
        *lines,
        pair("startup", noun.startup),
        *([] if group.is_instance else [pair("fallover", noun.fallover)]),
        *([] if group.is_instance else [pair("fallback", noun.fallback)]),
        pair("after", ", ".join(noun.after) or "-"),
        *(pair(word, ", ".join(names)) for word, names in _rules(noun) if names),
        pair("needed by", ", ".join(children) or "-"),
    ]


def _beside(group: GroupFact) -> Span:
    """Return what is left of a group that runs on all of its nodes without this instance."""
    if group.others:
        return put(f"not taken over; also on {join(group.others)}")
    return put("not taken over, and no other instance runs", 0, "warn")


def _rules(noun: Group) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (("with", noun.together), ("apart from", noun.apart_from))


def _resources(group: GroupFact, width: int) -> list[Line]:
    live = {entry.name: entry for entry in group.live.resources} if group.live else {}
    nouns = group.noun.resource if group.noun else {}
    lines: list[Line] = []
    for number, (name, noun) in enumerate(nouns.items(), 1):
        entry = live.get(name)
        state = entry.state if entry else "unknown"
        head = (put(f"{number:3d} "), put(name, 14, "strong"), put(state, 9, _STATE[state]))
        text = resource_text(noun)
        if width_of(head) + 1 + len(text) <= width:
            lines.append((*head, Span(" "), put(text)))
        else:
            lines.append(head)
            lines += [line("      ", put(part, 0, "dim")) for part in wrap(text, width - 7)]
        if entry and entry.text:
            lines.append(line("      ", put(entry.text, 0, "warn")))
    return lines or [line("  ", Span("none", "dim"))]


def resource_text(noun: Resource) -> str:
    """Return a resource in a few words."""
    match noun:
        case ServiceAddress():
            return f"service address {noun.address} on {noun.network}"
        case DataFolder():
            return f"data folder {noun.directory}"
        case Filesystem():
            return f"filesystem {noun.device} on {noun.directory}"
        case Application():
            return f"application {' '.join(noun.start)}"
        case Ocf():
            return f"ocf:{noun.agent}"
        case Systemd():
            return f"systemd:{noun.unit}"


# --- moving -------------------------------------------------------------------------------------


def targets(look: Look, group: GroupFact) -> list[tuple[str, str]]:
    """Return (node, remark) for each place the group could go; "" means offline."""
    choices = []
    for name in group.order:
        if name == group.owner:
            continue
        node = look.node(name)
        word = "up" if node is not None and node.usable else "not usable now"
        word = "not known now" if node is not None and node.stale else word
        word = "on standby" if node is not None and node.standby else word
        choices.append((name, word))
    if group.owner:
        choices.append(("", "take it offline"))
    return choices
