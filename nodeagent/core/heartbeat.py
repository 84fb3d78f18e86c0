"""Judging links: which adapter of which node is heard, and since when not.

The picture: every node knocks on every wall it shares with a neighbour, every `heartbeat_ms`. Each
wall is judged by itself; a node is called down only when it is silent on all of them for
`dead_after_ms`. `beats` keeps the last 30 intervals as bits for the console's strip.

If this node itself slept (its own tick came late), the silence is its own fault: all silences
start anew before anybody is judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nodeagent.model.configuration import Timing
from nodeagent.model.health import LinkState
from nodeagent.model.ownership import is_older
from nodeagent.wire.heartbeat import Heartbeat
from nodeagent.wire.live import GroupLive

BEATS_KEPT = (1 << 30) - 1


@dataclass
class Link:
    """One adapter of a peer; `own` is the own adapter on which it was last heard."""

    adapter: str
    own: str = ""
    heard_ms: int = -1
    count: int = 0
    beats: int = 0
    fresh: bool = False

    def state(self, now_ms: int, timing: Timing) -> LinkState:
        """Judge the link at `now_ms`."""
        if self.heard_ms < 0:
            return "unknown" if self.beats == 0 and self.count == 0 else "down"
        silent = now_ms - self.heard_ms
        if silent >= timing.dead_after_ms:
            return "down"
        return "late" if silent > 3 * timing.heartbeat_ms + 150 else "up"


@dataclass
class Peer:
    """What is heard of one peer on all networks together.

    `unleased_ms`: since when it says that it has no lease; -1 while it has one. `listings`: how
    often this life of it told of its groups, which not every heartbeat does. `begun`: whether this
    life was heard from its beginning.
    """

    beat: Heartbeat
    heard_ms: int
    groups: tuple[GroupLive, ...] = ()
    listings: int = 0
    begun: bool = False
    links: dict[str, Link] = field(default_factory=dict)
    gap_ms: int = 0
    unleased_ms: int = -1

    def is_heard(self, now_ms: int, timing: Timing) -> bool:
        """Return whether it was heard on any path within `dead_after_ms`."""
        return now_ms - self.heard_ms < timing.dead_after_ms

    def mark(self, adapter: str, own: str, now_ms: int) -> None:
        """Note on its link that one of its adapters was heard on the own adapter `own`."""
        link = self.links.get(adapter)
        if link is None:
            link = self.links[adapter] = Link(adapter)
        link.own = own
        link.heard_ms = now_ms
        link.count += 1
        link.fresh = True


class Heartbeats:
    """All peers' links, as this node hears them."""

    def __init__(self, now_ms: int) -> None:
        self.peers: dict[str, Peer] = {}
        self._ways: Mapping[str, Mapping[str, str]] = {}
        self._gap_ms = 0
        self._looked_ms = now_ms
        self._interval_ms = now_ms

    def measure_gap(self) -> None:
        """Begin to measure anew the longest time for which nobody was judged here."""
        self._gap_ms = 0

    def gap_ms(self, now_ms: int) -> int:
        """Return the longest time since `measure_gap` for which nobody was judged here."""
        return max(self._gap_ms, now_ms - self._looked_ms)

    def heard(
        self, peer: str, own: str, beat: Heartbeat, now_ms: int, *, anew: bool = False
    ) -> bool:
        """Take a heartbeat; returns False for one that is older than the newest on that link.

        `anew`: the peer is not part of the cluster, so it may count its lives from the beginning.
        """
        known = self.peers.get(peer)
        if known is None:
            known = self.peers[peer] = Peer(beat, now_ms)
        elif beat.state == "amnesiac" != known.beat.state or (anew and beat.state == "joining"):
            if beat.incarnation != known.beat.incarnation:
                known = self.peers[peer] = Peer(beat, now_ms)  # the life that was known has ended
        elif is_older(beat.incarnation, known.beat.incarnation):
            return False
        newest = (beat.incarnation, beat.sequence) >= (
            known.beat.incarnation,
            known.beat.sequence,
        )
        if newest:
            if beat.incarnation != known.beat.incarnation:
                known.groups, known.listings, known.begun = (), 0, False
            known.begun = known.begun or beat.state == "joining"
            if beat.groups is not None:
                known.groups = beat.groups
                known.listings += 1
            known.beat = beat
            known.heard_ms = now_ms
            if beat.leased:
                known.unleased_ms = -1
            elif known.unleased_ms < 0:
                known.unleased_ms = now_ms
        known.mark(beat.adapter, own, now_ms)
        return newest

    def tick(self, now_ms: int, timing: Timing, slept_ms: int) -> None:
        """Shift the strips each interval; forgive all silences after an own pause."""
        self._gap_ms = self.gap_ms(now_ms)
        self._looked_ms = now_ms
        if slept_ms > timing.dead_after_ms // 2:
            self._forgive(now_ms, timing, slept_ms)
        while now_ms - self._interval_ms >= timing.heartbeat_ms:
            behind = now_ms - self._interval_ms
            step = behind if behind > 60 * timing.heartbeat_ms else timing.heartbeat_ms
            self._interval_ms += step
            for peer in self.peers.values():
                for link in peer.links.values():
                    link.beats = (link.beats << 1 | link.fresh) & BEATS_KEPT
                    link.fresh = False

    def _forgive(self, now_ms: int, timing: Timing, slept_ms: int) -> None:
        """Start the silences anew, but only of those who were alive when the pause began."""
        for peer in self.peers.values():
            if now_ms - slept_ms - peer.heard_ms >= timing.dead_after_ms:
                continue
            peer.heard_ms = now_ms
            for link in peer.links.values():
                if link.heard_ms >= 0:
                    link.heard_ms = now_ms

    def is_forgetful(self, peer: str, incarnation: int) -> bool:
        """Return whether a newer life of `peer` was heard, which this one does not know of."""
        known = self.peers.get(peer)
        return known is not None and is_older(incarnation, known.beat.incarnation)

    def forget(self, keep: set[str]) -> None:
        """Drop the peers that are no longer part of the cluster."""
        for name in [name for name in self.peers if name not in keep]:
            del self.peers[name]

    def keep_links(self, ways: Mapping[str, Mapping[str, str]]) -> None:
        """Drop what was heard on other ways than `ways`: for each node names and addresses.

        Their adapters are called otherwise by now, or there is no way to them any more; if there is
        one again, or another address has the name, what was heard says nothing of it.
        """
        for name, peer in self.peers.items():
            before, now = self._ways.get(name, {}), ways.get(name, {})
            same = {adapter for adapter, at in now.items() if before.get(adapter) == at}
            peer.links = {adapter: link for adapter, link in peer.links.items() if adapter in same}
        self._ways = ways

    def state_on(self, own: str, now_ms: int, timing: Timing) -> LinkState:
        """Judge an own adapter by what is heard on it: the best of its links."""
        links = [k for p in self.peers.values() for k in p.links.values() if k.own == own]
        states = {link.state(now_ms, timing) for link in links}
        order: tuple[LinkState, ...] = ("up", "late", "down")
        return next((state for state in order if state in states), "unknown")

    def heard_on(self, peer: str, adapter: str, beats: int, now_ms: int, timing: Timing) -> bool:
        """Return whether this adapter of `peer` answers: `beats` heard and none missing now."""
        known = self.peers.get(peer)
        link = known.links.get(adapter) if known else None
        return (
            link is not None
            and link.count >= beats
            and link.state(now_ms, timing) in ("up", "late")
        )
