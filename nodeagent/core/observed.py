"""What happens to groups on other nodes, as their heartbeats tell: online, offline, in error.

A peer that is heard for the first time, or again, tells how it is; only what changes after that is
something that happened. Not each heartbeat tells of groups.
"""

from nodeagent.core.heartbeat import Peer
from nodeagent.core.shared import Shared
from nodeagent.model.happenings import EventName
from nodeagent.model.health import GroupState
from nodeagent.model.reports import Severity
from nodeagent.wire.live import GroupLive

_EVENTS: dict[GroupState, EventName] = {
    "online": "group-online",
    "offline": "group-offline",
    "error": "group-error",
}
_ABOUT: dict[EventName, tuple[Severity, str]] = {
    "group-online": ("note", "online on {}"),
    "group-offline": ("note", "offline on {}"),
    "group-error": ("error", "in error on {}"),
}


class Observed:
    """Tells of peers' groups. A peer that says nothing of a group has it offline."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self._told: dict[str, tuple[GroupLive, ...]] = {}
        self._lasting: dict[str, dict[str, GroupState]] = {}
        self._last: dict[str, tuple[int, int]] = {}
        """What a silent peer told last: its life, and how often that had told of its groups."""

    def look(self) -> None:
        """Compare what peers tell now with what they told before."""
        for node, peer in self.shared.hearts.peers.items():
            if not self.shared.alive(node):
                self._forget(node, peer)
            elif peer.beat.state == "joining":
                continue  # started anew: it may yet take over what its last life left online
            elif self._told.get(node) is not peer.groups and self._is_told(node, peer):
                known, self._told[node] = node in self._told, peer.groups
                self._compare(node, peer.groups, silent=not known)

    def _forget(self, node: str, peer: Peer) -> None:
        self._told.pop(node, None)
        self._lasting.pop(node, None)
        self._last[node] = peer.beat.incarnation, peer.listings

    def _is_told(self, node: str, peer: Peer) -> bool:
        """Return whether a peer has told of its groups since it is heard, or has none as it began.

        Else what it tells next would look as if it had just come to be.
        """
        life, listings = self._last.get(node, (0, 0))
        if life != peer.beat.incarnation:
            return peer.listings > 0 or peer.begun
        return peer.listings != listings

    def _compare(self, node: str, groups: tuple[GroupLive, ...], *, silent: bool) -> None:
        lasting, listed = self._lasting.setdefault(node, {}), {live.group: live for live in groups}
        for name in (*lasting, *(name for name in listed if name not in lasting)):
            live = listed.get(name, GroupLive(name, "offline"))
            before = lasting.get(name, "offline")
            if live.state not in _EVENTS or live.state == before:
                continue  # on its way, and not there yet
            lasting[name] = live.state
            if not silent and before == "error" and live.state == "offline":
                self.shared.tell("note", name, f"its error on {node} is forgotten", node=node)
            elif not silent:
                self._tell(node, live)

    def _tell(self, node: str, live: GroupLive) -> None:
        shared, event = self.shared, _EVENTS[live.state]
        severity, words = _ABOUT[event]
        under_way = f"DARE {shared.open_tx}" if shared.open_tx else shared.log.last_cause
        cause = live.text or under_way
        shared.tell(severity, live.group, words.format(node), cause, event=event, node=node)
