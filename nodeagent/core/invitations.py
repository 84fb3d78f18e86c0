"""Who is invited to join, who came with which key, and whom an administrator let in.

An invitation lives in the memory of the agent that was asked for it and nowhere else. What it can
lead to is a line in the draft; only a DARE makes that count, so losing an invitation with the agent
costs a new one and nothing more, and no other place has to forget it in time.
"""

import hashlib
from dataclasses import dataclass, field, replace

from nodeagent.config.edit import EditError, add
from nodeagent.config.load import load
from nodeagent.core import desk
from nodeagent.core.effects import AnswerJoin, CloseJoinDoor, OpenJoinDoor, Reply
from nodeagent.core.events import ConsoleAsked, JoinAsked, JoinDoorOpened
from nodeagent.core.shared import Shared
from nodeagent.model.configuration import Adapter, Configuration
from nodeagent.model.fingerprint import fingerprint
from nodeagent.model.text import clean
from nodeagent.wire.codec import pack
from nodeagent.wire.console import Answer, Done, Refused, SaveDraft
from nodeagent.wire.joining import (
    NOT_GOOD,
    Admit,
    Admitted,
    GetJoining,
    Guest,
    Invite,
    Invited,
    JoinAdmitted,
    JoinAnswer,
    JoinAsk,
    Joining,
    JoinRefused,
    JoinState,
    JoinWaits,
    Withdraw,
)
from nodeagent.wire.limits import PROTOCOL_VERSION

LIFE_MS = 15 * 60_000
INVITATIONS_MAX = 16
PORT_OFFSET = 5
"""From the control port: the door for strangers is open only while somebody is invited."""
TOLD_EVERY_MS = 10_000
FINDINGS_TOLD = 3

OTHER_VERSION = "the cluster speaks another version; install the same version of clustertui here"

Request = Invite | Admit | Withdraw | GetJoining
Adapters = dict[str, Adapter]


@dataclass(frozen=True, slots=True)
class _Kept:
    """An invitation; `key` is the only one that may use it from the moment it was first used."""

    digest: str
    by: str
    until_ms: int
    state: JoinState = "invited"
    key: str = ""
    address: str = ""
    adapters: Adapters = field(default_factory=dict)
    packed: bytes = b""


class NotFitting(Exception):  # noqa: N818 - reads as a sentence
    """The configuration with the new node would have errors."""


class Invitations:
    """The invitations of one agent. Bounded: one for each name, at most INVITATIONS_MAX."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._kept: dict[str, _Kept] = {}
        self._waiting: list[tuple[bytes, int, str]] = []
        self._open = False
        self._told_ms = -TOLD_EVERY_MS

    # -- what administrators ask

    def answer(self, event: ConsoleAsked, request: Request, name: str) -> Answer | None:
        """Return the answer to an administrator, None if it comes once the door is open."""
        match request:
            case Invite():
                return self._invite(event, request, name)
            case Admit():
                return self._admit(request, name)
            case Withdraw():
                return self._withdraw(request, name)
            case GetJoining():
                guests = tuple(self._guest(node, kept) for node, kept in self._kept.items())
                return Joining(self._shared.name, guests)

    def _invite(self, event: ConsoleAsked, request: Invite, name: str) -> Refused | None:
        shared, node = self._shared, request.node
        refusal = self._refusal(node)
        if refusal is not None:
            return refusal
        if len(self._kept) >= INVITATIONS_MAX and node not in self._kept:
            text = f"{INVITATIONS_MAX} invitations are open here; wait, or withdraw one"
            return Refused("too-many", text, 3)
        by = clean(name, 63)
        self._kept[node] = _Kept(_digest(request.token), by, shared.now.ms + LIFE_MS)
        self._waiting.append((event.client, event.ask.id, node))
        configuration = shared.log.configuration
        assert configuration is not None, "a member has a configuration"
        addresses = tuple(a.address for a in configuration.node[shared.name].adapter.values())
        port = configuration.cluster.control_port + PORT_OFFSET
        shared.out.append(OpenJoinDoor(addresses, port))
        return None

    def opened(self, event: JoinDoorOpened) -> None:
        """Answer who invited: where the door is, or why there is none."""
        shared, configuration = self._shared, self._shared.log.configuration
        waiting, self._waiting = self._waiting, []
        self._open = bool(event.endpoints)
        for client, number, node in waiting:
            kept = self._kept.get(node)
            if not event.endpoints or kept is None or configuration is None:
                self._kept.pop(node, None)
                text = f"no door for strangers can be opened: {event.text}"
                answer: Answer = Refused("door", text, 1)
            else:
                name, key = configuration.cluster.name, configuration.node[shared.name].key
                answer = Invited(name, key, event.endpoints, self._seconds(kept))
                shared.tell("note", node, f"is invited to join, by {kept.by}")
            shared.out.append(Reply(client, number, answer))

    def _refusal(self, node: str) -> Refused | None:
        shared, configuration = self._shared, self._shared.log.configuration
        if configuration is None or not shared.is_member or shared.name not in configuration.node:
            return Refused("not-in", desk.NOT_IN, 3)
        if node in configuration.node:
            return Refused("known", f"{node} is a node of the cluster already", 2)
        return None

    def _admit(self, request: Admit, name: str) -> Answer:
        shared, node = self._shared, request.node
        kept = self._kept.get(node)
        refusal = self._refusal(node)
        if refusal is not None:
            return refusal
        if kept is None or not kept.key:
            text = f"nobody asks here to join as {node}"
            return Refused("nobody", text, 1)
        if request.fingerprint != fingerprint(kept.key):
            text = (
                f"the key of the machine that asks to join as {node} has the fingerprint "
                f"{fingerprint(kept.key)}; if that machine shows another one, it is a stranger's: "
                "withdraw the invitation"
            )
            return Refused("fingerprint", text, 1)
        noun = _noun(kept.key, kept.adapters)
        try:
            text = _with_node(shared.log.active, node, noun)
            self._drafted(node, noun, name)
        except (NotFitting, EditError) as error:
            return Refused("draft", f"{node} cannot be added: {error}", 4)
        if not kept.packed:
            self._kept[node] = replace(kept, state="admitted", packed=pack(text.encode()))
        shared.tell("note", node, f"may join: its key was confirmed by {clean(name, 63)}")
        return Admitted(text, shared.log.standing.digest)

    def _drafted(self, node: str, noun: dict[str, object], name: str) -> None:
        """Put the node into the draft, if it is not there already under this key."""
        shared = self._shared
        untouched = shared.draft in {b"", shared.log.active}
        base = shared.log.standing.digest if untouched else shared.draft_base
        draft = (shared.draft or shared.log.active).decode("utf-8", "replace")
        parsed = load(draft, "draft").configuration
        if parsed is None:
            raise NotFitting("the draft cannot be read; correct it first")
        there = parsed.node.get(node)
        if there is not None and there.key == noun["key"]:
            return
        saved = desk.save_draft(shared, SaveDraft(add(draft, ("node", node), noun), name, base))
        if isinstance(saved, Refused):
            raise NotFitting(saved.text)

    def _withdraw(self, request: Withdraw, name: str) -> Answer:
        if self._kept.pop(request.node, None) is None:
            return Refused("nobody", f"{request.node} is not invited here", 1)
        self._shared.tell("note", request.node, f"invitation withdrawn by {clean(name, 63)}")
        self.tick()
        return Done(f"the invitation of {request.node} is withdrawn")

    # -- what strangers ask

    def asked(self, event: JoinAsked) -> None:
        """Answer a machine that nobody knows yet."""
        answer = self._judge(event)
        unwelcome = answer == JoinRefused(NOT_GOOD)
        self._shared.out.append(AnswerJoin(event.client, answer, unwelcome))

    def _judge(self, event: JoinAsked) -> JoinAnswer:
        ask, node = event.ask, event.ask.node
        kept = self._kept.get(node)
        if kept is None or kept.digest != _digest(ask.token) or self._is_over(kept):
            return self._not_good(event)
        if kept.key not in {"", event.key}:
            return self._not_good(event)
        if ask.protocol != PROTOCOL_VERSION:
            return JoinRefused(OTHER_VERSION)
        if kept.packed:
            self._kept[node] = replace(kept, state="fetched")
            return JoinAdmitted(kept.packed)
        if kept.key and kept.adapters == ask.adapters:
            return JoinWaits()
        return self._first(event, ask, kept)

    def _first(self, event: JoinAsked, ask: JoinAsk, kept: _Kept) -> JoinAnswer:
        """Bind the invitation to this key, if the node it would become fits the cluster."""
        if kept.key:
            text = "it was asked with other adapters before; withdraw the invitation, make another"
            return JoinRefused(text)
        noun = _noun(event.key, ask.adapters)
        try:
            _with_node(self._shared.log.active, ask.node, noun)
        except (NotFitting, EditError) as error:
            return JoinRefused(f"{ask.node} would not fit the cluster: {error}")
        address = clean(event.address, 64)
        self._kept[ask.node] = replace(
            kept, state="asks", key=event.key, address=address, adapters=dict(ask.adapters)
        )
        text = f"asks from {address} to join, with key {fingerprint(event.key)}"
        self._shared.tell("warning", ask.node, text)
        return JoinWaits()

    def _not_good(self, event: JoinAsked) -> JoinRefused:
        shared = self._shared
        if shared.now.ms - self._told_ms >= TOLD_EVERY_MS:
            self._told_ms = shared.now.ms
            text = f"an invitation that is not good was shown from {clean(event.address, 64)}"
            shared.tell("warning", event.ask.node, text)
        return JoinRefused(NOT_GOOD)

    # -- time

    def tick(self) -> None:
        """Forget what is over, and close the door behind the last invitation."""
        configuration = self._shared.log.configuration
        for node, kept in tuple(self._kept.items()):
            if self._is_over(kept) or _is_in(configuration, node, kept):
                del self._kept[node]
        if self._open and not self._kept:
            self._open = False
            self._shared.out.append(CloseJoinDoor())

    def _is_over(self, kept: _Kept) -> bool:
        return self._shared.now.ms >= kept.until_ms

    def _seconds(self, kept: _Kept) -> int:
        return max(0, kept.until_ms - self._shared.now.ms) // 1000

    def _guest(self, node: str, kept: _Kept) -> Guest:
        shown = fingerprint(kept.key) if kept.key else ""
        state, by, seconds = kept.state, kept.by, self._seconds(kept)
        return Guest(node, state, by, seconds, kept.key, shown, kept.address, kept.adapters)


def _is_in(configuration: Configuration | None, node: str, kept: _Kept) -> bool:
    """Return whether the node was added and has had its configuration, or is another one's."""
    noun = configuration.node.get(node) if configuration else None
    return noun is not None and (kept.state == "fetched" or noun.key != kept.key)


def _digest(token: str) -> str:
    """Return what is kept of a token: its digest, so that comparing it tells nothing of it."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def _noun(key: str, adapters: Adapters) -> dict[str, object]:
    """Return a node as it is written into a configuration."""
    tables = {
        name: {"network": a.network, "role": a.role, "address": a.address}
        for name, a in adapters.items()
    }
    return {"key": key, "adapter": tables}


def _with_node(active: bytes, node: str, noun: dict[str, object]) -> str:
    """Return the active configuration with the node in it; NotFitting with its first errors."""
    text = add(active.decode("utf-8", "replace"), ("node", node), noun)
    loaded = load(text, "the configuration with it")
    errors = [str(report) for report in loaded.reports if report.severity == "error"]
    if errors or loaded.configuration is None:
        raise NotFitting(clean("; ".join(errors[:FINDINGS_TOLD]), 1_500))
    return text
