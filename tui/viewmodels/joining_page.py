"""The page of joining: who is invited, who asks with which key, and what an invitation says."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nodeagent.model.configuration import Configuration
from nodeagent.model.fingerprint import fingerprint
from nodeagent.model.names import NAME_PATTERN
from nodeagent.wire.console import Answer, Refused
from nodeagent.wire.joining import Guest, Invitation, Invited, Joining, JoinState, invitation_text
from tui.viewmodels.node_page import pair
from tui.viewmodels.panes import Column, Pane, column_width, header, row, titled
from tui.viewmodels.spans import Line, Row, Span, Tone, cut, folded, line, put, wrap

KIND = "guest"
_STATES: dict[JoinState, tuple[str, Tone, str]] = {
    "asks": ("asks", "warn", "asks to join: compare its key, then let it in or refuse it"),
    "invited": ("invited", "busy", "is invited, and has not asked yet"),
    "admitted": ("let in", "ok", "is let in, and has not fetched its configuration yet"),
    "fetched": ("let in", "ok", "is let in: start its agent, then run the DARE that adds it"),
}
_ORDER: tuple[JoinState, ...] = ("asks", "admitted", "fetched", "invited")


@dataclass(frozen=True, slots=True)
class Visitor:
    """One invitation, and the agent that keeps it: an invitation is known to one agent alone."""

    guest: Guest
    agent: str

    @property
    def name(self) -> str:
        """Return the node that it would become."""
        return self.guest.node


def visitors(heard: Mapping[str, Answer]) -> tuple[Visitor, ...]:
    """Return all invitations that agents told of, those who ask first."""
    found = [
        Visitor(guest, answer.agent)
        for answer in heard.values()
        if isinstance(answer, Joining)
        for guest in answer.guests
    ]
    return tuple(sorted(found, key=lambda one: (_ORDER.index(one.guest.state), one.name)))


def visitor_list(heard: Mapping[str, Answer], width: int) -> Pane:
    """Return a row for each invitation; who told nothing is named below."""
    found = visitors(heard)
    name = column_width("node", (one.name for one in found), 20)
    by = column_width("invited by", (one.guest.by for one in found), 20)
    columns = [
        Column("node", name),
        Column("state", 8),
        Column("left", 5, "right"),
        Column("invited by", by),
        Column("asks from", max(9, width - name - by - 8 - 5 - 12)),
    ]
    rows = [
        Row(f"{KIND}:{one.name}", row(columns, _cells(one), width)) for one in found
    ] or _nobody(heard)
    return Pane(
        (titled([Span("Joining ", "head"), _count(found)], width), header(columns, width)),
        (*rows, *(Row("", one) for one in _unheard(heard, width))),
    )


def _cells(one: Visitor) -> list[Span]:
    guest = one.guest
    word, tone, _ = _STATES[guest.state]
    return [
        put(guest.node, 0, "strong"), put(word, 0, tone), put(_left(guest)), put(guest.by),
        put(guest.address or "-"),
    ]  # fmt: skip


def _count(found: tuple[Visitor, ...]) -> Span:
    asking = sum(one.guest.state == "asks" for one in found)
    if not asking:
        return Span("nobody asks", "dim")
    return Span(f"{asking} ask{'s' if asking == 1 else ''} to be let in", "warn")


def _nobody(heard: Mapping[str, Answer]) -> list[Row]:
    text = "nobody is invited; i makes an invitation" if heard else "asking the nodes ..."
    return [Row("", line("  ", put(text, 0, "dim")))]


def _unheard(heard: Mapping[str, Answer], width: int) -> Iterator[Line]:
    """Yield why nodes did not tell, each reason once."""
    reasons: dict[str, list[str]] = {}
    for node, answer in heard.items():
        if isinstance(answer, Refused):
            reasons.setdefault(answer.text, []).append(node)
    for text, nodes in reasons.items():
        yield cut(line("  ", put(f"not told by {', '.join(nodes)}: {text}", 0, "warn")), width)


def _left(guest: Guest) -> str:
    return f"{guest.seconds // 60}:{guest.seconds % 60:02d}"


def visitor_page(one: Visitor, width: int) -> list[Line]:
    """Return everything known of one who is invited, and what to do next."""
    guest = one.guest
    _, tone, text = _STATES[guest.state]
    lines = [
        titled([Span("Joining ", "head"), put(guest.node, 0, "head")], width),
        *_wrapped("state", f"{guest.node} {text}", tone, width),
        pair("invitation", f"by {guest.by}, kept by the agent on {one.agent}"),
        pair("good for", f"{_left(guest)} more"),
    ]
    if guest.key:
        lines += [
            pair("asks from", guest.address or "-"),
            *adapter_lines(guest),
            titled([Span("Key of that machine", "head")], width),
            line("  ", put(guest.fingerprint, 0, "strong")),
            *folded(line("  ", put(COMPARE.format(guest.node))), width),
        ]
    return [cut(entry, width) for entry in lines]


_NAME = re.compile(NAME_PATTERN)


def name_trouble(name: str, configuration: Configuration | None) -> str:
    """Return why no machine can be invited under `name`, "" where nothing is known against it."""
    if not _NAME.match(name):
        return "A name has letters, digits, - . and _, begins with a letter or digit, at most 63."
    if configuration is not None and name in configuration.node:
        return f"{name} is a node of the cluster already; a new machine needs another name."
    return ""


INVITE_LINES = (
    (
        "A machine that is given the invitation may ask to join under this name, once, for a "
        "quarter of an hour. It is let in only after you have compared its key."
    ),
    "The name is that by which the configuration will call the node.",
)
COMPARE = (
    "{0} itself shows a fingerprint where nodeagent join runs. Let it in only if it is this one: "
    "another one is a stranger's."
)


def _wrapped(label: str, text: str, tone: Tone, width: int) -> list[Line]:
    texts = wrap(text, max(20, width - 18))
    return [pair("" if number else label, put(one, 0, tone)) for number, one in enumerate(texts)]


def adapter_lines(guest: Guest) -> list[Line]:
    """Return the adapters with which a machine would join."""
    return [
        pair("" if number else "adapters", f"{name}: {one.address} on {one.network}, {one.role}")
        for number, (name, one) in enumerate(guest.adapters.items())
    ]


def admit_lines(one: Visitor) -> list[Line]:
    """Return what is read before a machine is let in."""
    return [
        pair("asks from", one.guest.address or "-"),
        *adapter_lines(one.guest),
        line(""),
        line(put("  The key of that machine:", 0, "head")),
        line("    ", put(one.guest.fingerprint, 0, "strong")),
        line(""),
        line(f"  {COMPARE.format(one.name)}"),
        line("  It comes into the draft; a DARE adds it once its agent runs."),
    ]


def invitation_word(node: str, token: str, invited: Invited) -> str:
    """Return the invitation as the one word that the new machine is given."""
    return invitation_text(Invitation(node, invited.cluster, invited.key, token, invited.endpoints))


def join_command(word: str, configuration: Configuration | None) -> list[str]:
    """Return the command for the new machine, in pieces; IFACE and ADDRESS are to be filled in."""
    networks = configuration.network.items() if configuration else ()
    adapters = [
        f"--adapter IFACE={name}:ADDRESS:{'private' if one.kind == 'private' else 'service'}"
        for name, one in networks
    ]
    return ["nodeagent join --state /var/lib/nodeagent", *adapters, f"'{word}'"]


def invitation_page(node: str, command: list[str], invited: Invited) -> list[Line]:
    """Return what to do with an invitation."""
    minutes = round(invited.seconds / 60)
    return [
        line(put(f"1. On {node}, as root, within {minutes} minutes; it is good once.", 0, "head")),
        line("   Fill in its interfaces and addresses, and leave out what it does not have:"),
        *(line(put(f"   {'  ' * (number > 0)}{text}{_more(number, command)}", 0, "accent"))
          for number, text in enumerate(command)),
        line(put(f"2. {node} shows the key of this agent; it must be:", 0, "head")),
        line("   ", put(fingerprint(invited.key), 0, "strong")),
        line(put(f"3. {node} appears on the page Joining: compare its key, let it in.", 0, "head")),
        line(put("4. Start its agent there; here 5 and g run the DARE that adds it.", 0, "head")),
    ]  # fmt: skip


def _more(number: int, command: list[str]) -> str:
    return "" if number == len(command) - 1 else " \\"
