"""Which networks nodes do not reach, so that groups with addresses there have to leave them.

Told what each node says of its adapters; decides from when on that counts. When a switch fails, all
nodes lose it, but not all in the same moment; when it works again, they do not reach it again in
one either. So nobody is judged while others may follow, nor for a while after a network was out as
a whole: a group would go to whoever is first, for nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from nodeagent.config.placement import cut_off
from nodeagent.core.shared import Shared
from nodeagent.model.configuration import Configuration

GRACE_BEATS = 3
"""So long no further node must have lost a network before groups leave those that did."""
FAILED_DEADS, LOST_DEADS = 2, 1
"""Times dead-after for which nobody is judged on a network after it was out as a whole.

From the first link that comes back on, the last one may be as late as a node that is called dead.
A network that failed with all links up is heard again at once, and such a last one must then be
well for as long again. One whose links were all down has its first good adapter that much later.
"""


@dataclass(slots=True)
class Reach:
    """Remembers since when each (node, network) is cut off, and until when networks are spared."""

    _since_ms: dict[tuple[str, str], int] = field(default_factory=dict)
    _spared_ms: dict[str, int] = field(default_factory=dict)

    def look(self, shared: Shared, configuration: Configuration) -> None:
        """Learn who reaches what; with each tick, for a network may be out for a short while."""
        now_ms, dead_ms = shared.now.ms, shared.timing.dead_after_ms
        self._since_ms = {
            (node, network): self._since_ms.get((node, network), now_ms)
            for node, bad in _said(shared).items()
            for network in cut_off(configuration, node, bad)
        }
        spared = dict.fromkeys(self._lost_by_all(shared, configuration), LOST_DEADS)
        spared |= dict.fromkeys(shared.adapters.failed, FAILED_DEADS)
        for network, deads in spared.items():
            until_ms = self._spared_ms.get(network, now_ms)
            self._spared_ms[network] = max(until_ms, now_ms + deads * dead_ms)
        self._spared_ms = {at: until for at, until in self._spared_ms.items() if until > now_ms}

    def cut(self, shared: Shared) -> dict[str, frozenset[str]]:
        """Return for each node that lost any the networks that it does not reach for good."""
        young = {at for (_, at), began in self._since_ms.items() if not _lasts(shared, began)}
        spared = young | self._spared_ms.keys()
        lasting = [pair for pair in self._since_ms if pair[1] not in spared]
        return {node: frozenset(b for a, b in lasting if a == node) for node, _ in lasting}

    def why(self, before: Mapping[str, str], owners: Mapping[str, str]) -> str:
        """Return which lost networks made groups leave their owners."""
        left = {before.get(group) for group, node in owners.items() if node != before.get(group)}
        cut = [(node, network) for node, network in self._since_ms if node in left]
        return "".join(f", {node} has no good adapter on {network}" for node, network in cut)

    def _lost_by_all(self, shared: Shared, configuration: Configuration) -> set[str]:
        """Return the networks that none of several nodes reaches which live and may own groups."""
        networks = {network for _, network in self._since_ms}
        lost = self._since_ms.keys()
        return {at for at in networks if _is_lost(shared, configuration, at, lost)}


def _lasts(shared: Shared, began_ms: int) -> bool:
    return shared.now.ms - began_ms >= GRACE_BEATS * shared.timing.heartbeat_ms


def _is_lost(
    shared: Shared, configuration: Configuration, network: str, lost: Collection[tuple[str, str]]
) -> bool:
    living = [
        name
        for name, noun in configuration.node.items()
        if noun.role != "witness"
        and shared.alive(name)
        and any(one.network == network for one in noun.adapter.values())
    ]
    return len(living) > 1 and all((name, network) in lost for name in living)


def _said(shared: Shared) -> dict[str, tuple[str, ...]]:
    """Return the bad adapters of each node that says that it has any."""
    said = {name: peer.beat.bad for name, peer in shared.hearts.peers.items() if peer.beat.bad}
    if shared.adapters.bad:
        said[shared.name] = shared.adapters.bad
    return said
