"""Which networks nodes do not reach, so that groups with addresses there have to leave them.

Told what each node says of its adapters; decides from when on that counts. When a switch fails, all
nodes lose it, but not all in the same moment; when it works again, they do not reach it again in
one either. So nobody is judged while others may follow, nor for a while after a network was out as
a whole: a group would go to whoever is first, for nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nodeagent.config.placement import cut_off
from nodeagent.core.shared import Shared
from nodeagent.model.configuration import Configuration

GRACE_BEATS = 3
"""So long no further node must have lost a network before groups leave those that did."""
RETURN_DEADS = 2
"""Times dead-after for which nobody is judged on a network that was out as a whole.

From the first link that comes back on, the last one may be as late as a node that is called dead,
and must then be well for as long.
"""


@dataclass(slots=True)
class Reach:
    """Remembers since when each (node, network) is cut off, and when networks were last out."""

    _since_ms: dict[tuple[str, str], int] = field(default_factory=dict)
    _out_ms: dict[str, int] = field(default_factory=dict)

    def cut(self, shared: Shared, configuration: Configuration) -> dict[str, frozenset[str]]:
        """Return for each node that lost any the networks that it does not reach for good."""
        now_ms, timing = shared.now.ms, shared.timing
        self._since_ms = {
            (node, network): self._since_ms.get((node, network), now_ms)
            for node, bad in _said(shared).items()
            for network in cut_off(configuration, node, bad)
        }
        grace_ms = GRACE_BEATS * timing.heartbeat_ms
        young = {at for (_, at), began in self._since_ms.items() if now_ms - began < grace_ms}
        out = shared.adapters.failed | self._lost_by_all(shared, configuration)
        self._out_ms |= dict.fromkeys(out, now_ms)
        settle_ms = RETURN_DEADS * timing.dead_after_ms
        spared = young | {at for at, last in self._out_ms.items() if now_ms - last < settle_ms}
        lasting = [pair for pair in self._since_ms if pair[1] not in spared]
        return {node: frozenset(b for a, b in lasting if a == node) for node, _ in lasting}

    def why(self, before: Mapping[str, str], owners: Mapping[str, str]) -> str:
        """Return which lost networks made groups leave their owners."""
        left = {before.get(group) for group, node in owners.items() if node != before.get(group)}
        cut = [(node, network) for node, network in self._since_ms if node in left]
        return "".join(f", {node} has no good adapter on {network}" for node, network in cut)

    def _lost_by_all(self, shared: Shared, configuration: Configuration) -> set[str]:
        """Return the networks that several living nodes have, and none of them reaches."""
        return {
            network
            for _, network in self._since_ms
            if self._is_lost(shared, configuration, network)
        }

    def _is_lost(self, shared: Shared, configuration: Configuration, network: str) -> bool:
        living = [
            name
            for name, noun in configuration.node.items()
            if any(one.network == network for one in noun.adapter.values())
            and (name == shared.name or shared.alive(name))
        ]
        return len(living) > 1 and all((name, network) in self._since_ms for name in living)


def _said(shared: Shared) -> dict[str, tuple[str, ...]]:
    """Return the bad adapters of each node that says that it has any."""
    said = {name: peer.beat.bad for name, peer in shared.hearts.peers.items() if peer.beat.bad}
    if shared.adapters.bad:
        said[shared.name] = shared.adapters.bad
    return said
