"""Judging this node's own adapters: which are good, and on which one a service address belongs.

An adapter is bad when its link is down, or when nobody is heard on it although its network is seen
to work without it: other nodes hear each other there, or another adapter of this node hears
somebody. When nobody hears anybody, the network failed; then no adapter is blamed, and nothing
moves. A bad adapter is good again once it has been well for `dead_after_ms`, so that one with a
loose contact does not take its address to and fro.

How long silence is borne goes by what a mistake costs. Where a node has but one adapter on a
network, its groups leave it: that takes as long as to call a node down, and a little more. Where
another own adapter hears others on the same network all the while, only the address moves to it,
within the node: then a few beats are enough (`alone_max_ms`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from nodeagent.config.placement import cut_off
from nodeagent.core.ticking import REST_TICK_MS
from nodeagent.model.attachment import NOWHERE, Attachment
from nodeagent.model.configuration import AdapterRole, Configuration, Timing

if TYPE_CHECKING:
    from nodeagent.core.shared import Shared

Verdict = Literal["good", "link-down", "silent", "network-failed"]
BAD: frozenset[Verdict] = frozenset({"link-down", "silent"})
MANY = "*"
"""Told in place of a name where more than one node is heard on a network."""
MARGIN_BEATS = 2
"""An adapter is judged this many beats after a node: the dead must not count as witnesses."""
LATE_MS = REST_TICK_MS + 100
"""A look that comes later than this, and than a beat, after the last one proves no silence. It must
be more than a tick at rest, which may come a little late.
"""
NEVER_HEARD = 3
"""How many times longer silence is borne where nobody was heard yet: who starts, connects first."""
_ROLES: tuple[AdapterRole, ...] = ("service", "standby", "private")
_WHY: dict[Verdict, str] = {
    "link-down": "its link is down",
    "silent": "nobody is heard on it while its network works without it",
}


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of one own adapter.

    `expected`: somebody alive has a good adapter on its network. `elsewhere`: the network is seen
    to work without this adapter. `alone`: long enough another own adapter beside it heard others.
    """

    link_up: bool
    silent_ms: int
    expected: bool
    elsewhere: bool
    alone: bool = False


def judge(sight: Sight, silence_ms: int) -> Verdict:
    """Judge one adapter that is silent once nobody was heard on it for `silence_ms`."""
    if not sight.link_up:
        return "link-down"
    if sight.alone and sight.expected:
        return "silent"
    if sight.silent_ms < silence_ms:
        return "good"
    if sight.elsewhere and sight.expected:
        return "silent"
    return "network-failed" if sight.expected else "good"


def alone_max_ms(timing: Timing) -> int:
    """Return for how long an adapter may be silent while another own one beside it is not.

    That is the third beat that it misses: TCP has made up for a lost one by then.
    """
    return 2 * timing.heartbeat_ms + 75


def attachment(
    configuration: Configuration | None,
    node: str,
    network: str,
    bad: Iterable[str] = (),
    current: str = "",
) -> Attachment:
    """Return where a service address of `network` belongs on `node`.

    It stays on its `current` adapter while that is good. Else the service adapter comes first, then
    a standby one; when none is good it stays where it is. Empty where there is no adapter.
    """
    noun = configuration.node.get(node) if configuration else None
    adapters = noun.adapter if noun else {}
    there = sorted(
        (name for name, one in adapters.items() if one.network == network),
        key=lambda name: _ROLES.index(adapters[name].role),
    )
    if configuration is None or not there or network not in configuration.network:
        return NOWHERE
    good = [name for name in there if name not in set(bad)]
    kept = current in (good or there)
    chosen = current if kept else (good or there)[0]
    others = tuple(name for name in there if name != chosen)
    return Attachment(chosen, configuration.network[network].subnet, others)


@dataclass(slots=True)
class Own:
    """One own adapter, in milliseconds of the own clock.

    `since_ms`: from when on silence counts. `alone_ms`: for how long it has been silent while
    another own adapter on its network was not, counted from `since_alone_ms`. `well_ms`: since when
    a bad one is well again, else -1.
    """

    network: str
    since_ms: int
    since_alone_ms: int = 0
    alone_ms: int = 0
    verdict: Verdict = "good"
    well_ms: int = -1


@dataclass
class Adapters:
    """All own adapters, which of them are `bad`, and which of their networks have `failed`."""

    own: dict[str, Own] = field(default_factory=dict)
    bad: tuple[str, ...] = ()
    failed: set[str] = field(default_factory=set)
    _down: set[str] = field(default_factory=set)
    _looked_ms: int = 0

    # -- what happens

    def use(self, adapters: Iterable[tuple[str, str]], now_ms: int) -> None:
        """Judge these own adapters from now on: (name, network)."""
        known = self.own
        self.own = {
            name: one
            if (one := known.get(name)) is not None and one.network == network
            else Own(network, now_ms)
            for name, network in adapters
        }
        self._down &= set(self.own)

    def link(self, name: str, now_ms: int, *, up: bool) -> None:
        """Learn that the link of an own adapter went or came."""
        if name not in self.own:
            return
        if up:
            self._down.discard(name)
            self.own[name].since_ms = now_ms
        else:
            self._down.add(name)

    def forgive(self, now_ms: int) -> None:
        """Begin all silences anew: this node itself slept."""
        for one in self.own.values():
            one.since_ms = now_ms

    # -- judging

    def look(self, shared: "Shared") -> bool:
        """Judge all; tell what changed, and return whether other adapters are bad than before."""
        heard = _last_heard(shared)
        for name, one in self.own.items():
            self._compare(shared, name, heard)
            self._look_at(shared, name, one, heard.get(name, -1))
        self._looked_ms = shared.now.ms
        before, self.bad = self.bad, tuple(n for n, o in self.own.items() if o.verdict in BAD)
        self._look_at_networks(shared)
        return before != self.bad

    def _compare(self, shared: "Shared", name: str, heard: Mapping[str, int]) -> None:
        """Learn for how long others were heard beside this adapter since it heard anybody.

        Not counted: what it may not have read yet, after a pause of this node; a network that is
        silent as a whole; and the time before who was silent on all adapters is heard again.
        """
        now, timing, one = shared.now.ms, shared.timing, self.own[name]
        beside = [n for n, o in self.own.items() if o.network == one.network and n != name]
        last = max((heard[other] for other in beside if other in heard), default=-1)
        paused = now - self._looked_ms > max(timing.heartbeat_ms, LATE_MS)
        if paused or name not in heard or last < 0 or not _is_fresh(shared, last):
            one.since_alone_ms = now
        one.since_alone_ms = max(one.since_alone_ms, one.since_ms, heard.get(name, -1))
        one.alone_ms = last - one.since_alone_ms

    def _look_at(self, shared: "Shared", name: str, one: Own, heard: int) -> None:
        now, timing = shared.now.ms, shared.timing
        silence_ms = timing.dead_after_ms + MARGIN_BEATS * timing.heartbeat_ms
        silence_ms *= 1 if heard >= 0 else NEVER_HEARD
        sight = self._sight(shared, name, now - max(heard, one.since_ms), silence_ms)
        verdict = judge(sight, silence_ms)
        if one.verdict == "silent" and verdict in {"good", "network-failed"}:
            verdict = "good" if sight.silent_ms < alone_max_ms(timing) else "silent"
        if one.verdict == "network-failed" and verdict == "silent":
            one.since_ms, verdict = now, "good"  # its network works again, and all come one by one
        if one.verdict in BAD and verdict not in BAD:
            one.well_ms = now if one.well_ms < 0 else one.well_ms
            if now - one.well_ms < timing.dead_after_ms:
                return
        one.well_ms = -1
        before, one.verdict = one.verdict, verdict
        what = f"adapter {name} on {one.network}"
        if verdict in BAD and before not in BAD:
            cause = _WHY[verdict]
            shared.tell("error", shared.name, f"{what} failed", cause, event="adapter-down")
        elif before in BAD and verdict not in BAD:
            shared.tell("note", shared.name, f"{what} works again", event="adapter-up")

    def _sight(self, shared: "Shared", name: str, silent_ms: int, silence_ms: int) -> Sight:
        # Looked at ten times a second, so only of who is silent more is asked.
        one, now_ms = self.own[name], shared.now.ms
        alone = one.alone_ms >= alone_max_ms(shared.timing)
        quiet = silent_ms >= silence_ms
        expected = (alone or quiet) and _expected(shared, name, one.network)
        if alone and not expected:
            one.since_alone_ms = now_ms
        return Sight(
            link_up=name not in self._down,
            silent_ms=silent_ms,
            expected=expected,
            elsewhere=quiet and self._works_elsewhere(shared, name, one.network),
            alone=alone,
        )

    def _works_elsewhere(self, shared: "Shared", name: str, network: str) -> bool:
        others = {n for n, o in self.own.items() if o.network == network and n != name}
        if any(_is_fresh(shared, at) for _, _, at in _heard(shared, others)):
            return True
        return any(who != shared.name for _, who in _told(shared, network))

    def _look_at_networks(self, shared: "Shared") -> None:
        failed = {network for network in self._networks() if self._has_failed(shared, network)}
        if failed == self.failed:
            return
        for network in sorted(failed - self.failed):
            text = f"network {network} failed: nobody is heard on it"
            shared.tell("error", network, text, cause="no node hears another one; nothing moves")
        for network in sorted((self.failed - failed) & set(self._networks())):
            shared.tell("note", network, f"network {network} works again")
        self.failed = failed

    def _has_failed(self, shared: "Shared", network: str) -> bool:
        mine = {one.verdict for one in self.own.values() if one.network == network}
        if "good" in mine or any(_told(shared, network)):
            return False
        neighbours = tuple(_neighbours(shared, network))
        return bool(neighbours) and (
            "network-failed" in mine or all(_is_cut_off(shared, n, network) for n in neighbours)
        )

    def _networks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.network for one in self.own.values()))

    # -- what others are told

    def heard_on(self, shared: "Shared") -> tuple[tuple[str, str], ...]:
        """Return for each network on which somebody is heard whom: a name, or MANY."""
        who: dict[str, set[str]] = {network: set() for network in self._networks()}
        for name, peer in shared.hearts.peers.items():
            for link in peer.links.values():
                one = self.own.get(link.own)
                if one is not None and _is_fresh(shared, link.heard_ms):
                    who[one.network].add(name)
        return tuple(
            (at, heard.pop() if len(heard) == 1 else MANY) for at, heard in who.items() if heard
        )


def _heard(shared: "Shared", own: set[str]) -> Iterator[tuple[str, str, int]]:
    """Yield (peer, its adapter, when) for what was last heard on these own adapters."""
    for name, peer in shared.hearts.peers.items():
        for link in peer.links.values():
            if link.own in own:
                yield name, link.adapter, link.heard_ms


def _last_heard(shared: "Shared") -> dict[str, int]:
    """Return when somebody was last heard on each own adapter on which anybody was."""
    found: dict[str, int] = {}
    for peer in shared.hearts.peers.values():
        for link in peer.links.values():
            if link.heard_ms > found.get(link.own, -1):
                found[link.own] = link.heard_ms
    return found


def _is_fresh(shared: "Shared", heard_ms: int) -> bool:
    """Return whether what was heard then can be relied on now, a few lost beats aside."""
    return shared.now.ms - heard_ms <= 3 * shared.timing.heartbeat_ms + 150


def _told(shared: "Shared", network: str) -> Iterator[tuple[str, str]]:
    """Yield (node, whom it hears on the network) of those that were heard just now."""
    for name, peer in shared.hearts.peers.items():
        if shared.alive(name) and _is_fresh(shared, peer.heard_ms):
            yield from ((name, who) for there, who in peer.beat.networks if there == network)


def _neighbours(shared: "Shared", network: str) -> Iterator[str]:
    """Yield the living nodes that have an adapter on the network."""
    nodes = shared.configuration.node if shared.configuration else {}
    for name, noun in nodes.items():
        on_it = any(one.network == network for one in noun.adapter.values())
        if on_it and name != shared.name and shared.alive(name):
            yield name


def _expected(shared: "Shared", own: str, network: str) -> bool:
    """Return whether somebody alive, with an adapter that is not known to be bad, must be heard."""
    peers = shared.hearts.peers
    paired = [(p, a) for p, a, _ in _heard(shared, {own}) if shared.alive(p)]
    if paired and all(adapter in peers[peer].beat.bad for peer, adapter in paired):
        return False
    return any(not _is_cut_off(shared, n, network) for n in _neighbours(shared, network))


def _is_cut_off(shared: "Shared", node: str, network: str) -> bool:
    """Return whether a neighbour says that none of its adapters on the network is good."""
    assert shared.configuration is not None, "neighbours are configured"
    return network in cut_off(shared.configuration, node, shared.hearts.peers[node].beat.bad)
