"""Which sockets a node needs: own adapters, peers and the ways to them, consoles' keys.

While a DARE is open the set is the union of the active and the staged configuration, so that new
parts can answer before anything depends on them (block 144). The whole set is named each time;
the transport works out the difference. A node that a COMMIT took out is still reached from its
old place for a while: it must learn of it, and its answer must arrive.
"""

from nodeagent.core.effects import Connect, LocalAdapter, PathTo, PeerAt
from nodeagent.core.staged import staged_name
from nodeagent.model.configuration import Configuration

Ends = list[tuple[str, str, str]]


def _ends(configuration: Configuration | None, node: str) -> Ends:
    """Return (adapter, network, address) of a node's adapters."""
    noun = configuration.node.get(node) if configuration else None
    if noun is None:
        return []
    return [(name, a.network, a.address) for name, a in noun.adapter.items()]


def _all_ends(active: Configuration | None, staged: Configuration | None, node: str) -> Ends:
    ends = _ends(active, node)
    if staged is None:
        return ends
    known = {address for _, _, address in ends}  # one that is only named anew is there already
    for name, network, address in _ends(staged, node):
        if address not in known:
            ends.append((staged_name(active, node, name, staged), network, address))
    return ends


def _paths(mine: Ends, theirs: Ends) -> tuple[PathTo, ...]:
    """Pair each of their adapters with one of mine on the same network, in order."""
    found = []
    networks: dict[str, int] = {}
    for _, network, address in theirs:
        own = [end for end in mine if end[1] == network]
        if own:
            name, _, local = own[min(networks.get(network, 0), len(own) - 1)]
            networks[network] = networks.get(network, 0) + 1
            found.append(PathTo(network, name, local, address))
    return tuple(found)


def connections(
    me: str,
    active: Configuration | None,
    staged: Configuration | None = None,
    leaving: Configuration | None = None,
) -> Connect | None:
    """Return all that node `me` connects to; None while there is no configuration at all.

    `leaving` is the configuration before the last COMMIT, as long as removed nodes are waited for.
    """
    base = active or staged
    if base is None:
        return None
    known = [c for c in (leaving, staged, active) if c is not None]
    mine = _all_ends(active, staged, me) or _ends(leaving, me)
    keys = {name: node.key for c in known for name, node in c.node.items()}
    peers = tuple(
        PeerAt(name, key, _paths(mine, _all_ends(active, staged, name) or _ends(leaving, name)))
        for name, key in sorted(keys.items())
        if name != me
    )
    member = any(me in c.node for c in known)
    return Connect(
        adapters=tuple(LocalAdapter(*end) for end in mine),
        peers=peers if member else (),
        roles=tuple((admin.key, admin.role) for admin in base.admin.values()),
        control_port=base.cluster.control_port,
        heartbeat_port=base.cluster.heartbeat_port,
        admin_port=base.cluster.admin_port,
        event_port=base.cluster.event_port,
    )
