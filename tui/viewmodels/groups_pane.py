"""Groups in a pane: state, owner, address, and who could take over."""

from collections.abc import Sequence

from tui.viewmodels.ages import age_text
from tui.viewmodels.facts import GroupFact, Look
from tui.viewmodels.panes import Column, Pane, column_width, header, row, taken, titled, toned
from tui.viewmodels.spans import Line, Row, Span, Tone, put

ORDER_LEAST = 23


def groups_pane(look: Look, width: int) -> Pane:
    """Return every group: state, owner, address, who is next."""
    name = column_width("group", (group.name for group in look.groups), 18)
    owner = column_width("owner", (group.owner for group in look.groups), 12)
    address = column_width("address", (_addresses(group) for group in look.groups), 24)
    columns = [Column("group", name), Column("state", 9), Column("owner", owner)]
    free = width - taken(columns) - ORDER_LEAST
    extra = [key for key, room in (("address", address + 2), ("since", 7)) if room <= free]
    if len(extra) == 2 and address + 9 > free:
        extra = ["address"]
    if "address" in extra:
        columns.append(Column("address", address))
    if "since" in extra:
        columns.append(Column("since", 5, "right"))
    columns.append(Column("takeover order", max(14, width - taken(columns))))
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
        _state(group),
        put(group.owner or "nobody", 0, "" if group.owner else "warn"),
        *(optional[key] for key in extra),
        order_spans(group),
    ]


def _state(group: GroupFact) -> Span:
    if group.held and group.word == "online":
        return put("held", 0, "bad" if group.has_failed else "warn")
    return put(group.word, 0, group.tone)


def order_spans(group: GroupFact) -> Line:
    """Return the takeover order; the owner stands out, nodes that cannot take over carry a `!`."""
    spans: list[Span] = []
    for name in group.order:
        if spans:
            spans.append(Span(" > ", "dim"))
        if name == group.owner:
            spans.append(put(name, 0, "strong"))
        elif name in group.heirs:
            spans.append(put(name))
        else:
            spans.append(put(f"{name}!", 0, "warn"))
    return tuple(spans) or (Span("-", "dim"),)
