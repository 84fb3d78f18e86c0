"""Which sockets a node needs: own adapters, peers and the ways to them, consoles' keys.

While a DARE is open the set is the union of the active and the staged configuration, so that new
parts can answer before anything depends on them (block 144). The whole set is named each time;
the transport works out the difference. A node that a COMMIT took out is still reached from its
old place for a while: it must learn of it, and its answer must arrive.

An adapter is who it is by its node and address. While a DARE is open one that only gets another
name, role or network is called as the active configuration calls it, for so its heartbeats come.
"""

from dataclasses import dataclass

from nodeagent.core.effects import Connect, LocalAdapter, PathTo, PeerAt
from nodeagent.model.configuration import Adapter, Configuration

NAME_MAX = 59
"""Of a longer name there is no room for the ending, for what stands in a heartbeat is bounded."""


@dataclass(frozen=True, slots=True)
class End:
    """An adapter as it is called on the wire, and as its configuration calls it.

    Between two configurations a network is the same by its name or by its `subnet` ("" is none).
    """

    name: str
    network: str
    subnet: str
    address: str
    called: str

    def meets(self, other: "End") -> bool:
        """Return whether both are on one network."""
        return self.network == other.network or "" != self.subnet == other.subnet


@dataclass(frozen=True, slots=True)
class NewPart:
    """An adapter that must be heard; `link` is the name under which its heartbeats come."""

    node: str
    adapter: str
    network: str
    link: str


Ends = list[End]


def _adapters(configuration: Configuration | None, node: str) -> dict[str, Adapter]:
    noun = configuration.node.get(node) if configuration else None
    return noun.adapter if noun else {}


def _ends(configuration: Configuration | None, node: str) -> Ends:
    adapters = _adapters(configuration, node)
    return [
        End(name, one.network, _subnet(configuration, one), one.address, name)
        for name, one in adapters.items()
    ]


def _subnet(configuration: Configuration | None, adapter: Adapter) -> str:
    noun = configuration.network.get(adapter.network) if configuration else None
    return noun.subnet if noun else ""


def _staged_ends(active: Configuration | None, staged: Configuration | None, node: str) -> Ends:
    """Return a node's adapters in the staged configuration, under their names on the wire.

    One whose name is taken by another address stands beside that.
    """
    before = _adapters(active, node)
    named = {one.address: name for name, one in before.items()}
    return [
        End(
            named.get(one.address, f"{name[:NAME_MAX]}.new" if name in before else name),
            one.network,
            _subnet(staged, one),
            one.address,
            name,
        )
        for name, one in _adapters(staged, node).items()
    ]


def _all_ends(active: Configuration | None, staged: Configuration | None, node: str) -> Ends:
    ends = _ends(active, node)
    known = {end.address for end in ends}
    return ends + [e for e in _staged_ends(active, staged, node) if e.address not in known]


def _paths(mine: Ends, theirs: Ends) -> list[tuple[PathTo, End]]:
    """Pair each of their adapters with one of mine on the same network, in order."""
    found = []
    networks: dict[str, int] = {}
    for end in theirs:
        own = [one for one in mine if one.meets(end)]
        if own:
            one = own[min(networks.get(end.network, 0), len(own) - 1)]
            networks[end.network] = networks.get(end.network, 0) + 1
            found.append((PathTo(end.network, one.name, one.address, end.address), end))
    return found


def _paths_now(me: str, active: Configuration | None, node: str) -> list[tuple[PathTo, End]]:
    return _paths(_ends(active, me), _ends(active, node))


def _new_paths(
    me: str, active: Configuration | None, staged: Configuration | None, node: str
) -> list[tuple[PathTo, End]]:
    """Return the ways to addresses of `node` that the active configuration has no way to.

    Theirs is new, or mine, or the network that both are on from now on.
    """
    reached = {path.remote for path, _ in _paths_now(me, active, node)}
    paths = _paths(_staged_ends(active, staged, me), _staged_ends(active, staged, node))
    return [(path, end) for path, end in paths if path.remote not in reached]


def parts_to_greet(old: Configuration | None, new: Configuration, me: str) -> tuple[NewPart, ...]:
    """Return the adapters of other nodes that `me` has a new way to, and must hear on it.

    An adapter that only gets another name or role is not new: it is heard already.
    """
    return tuple(
        NewPart(node, end.called, path.network, end.name)
        for node in new.node
        if node != me
        for path, end in _new_paths(me, old, new, node)
    )


def _ways(
    me: str,
    node: str,
    active: Configuration | None,
    staged: Configuration | None,
    leaving: Configuration | None,
) -> list[tuple[PathTo, End]]:
    """Return all ways to a node: the active ones, the new ones, and those between the two.

    Who comes must ask who goes whether it let go of what it held.
    """
    found = _paths_now(me, active, node) + _new_paths(me, active, staged, node)
    reached = {path.remote for path, _ in found}
    mine, theirs = _all_ends(active, staged, me), _all_ends(active, staged, node)
    between = _paths(mine or _ends(leaving, me), theirs or _ends(leaving, node))
    return found + [(path, end) for path, end in between if path.remote not in reached]


def links_to(
    me: str,
    node: str,
    active: Configuration | None,
    staged: Configuration | None,
    leaving: Configuration | None,
) -> dict[str, str]:
    """Return the ways that `me` has to a node: names in its heartbeats, and its addresses."""
    return {end.name: end.address for _, end in _ways(me, node, active, staged, leaving)}


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
        PeerAt(name, key, tuple(path for path, _ in _ways(me, name, active, staged, leaving)))
        for name, key in sorted(keys.items())
        if name != me
    )
    member = any(me in c.node for c in known)
    return Connect(
        adapters=tuple(LocalAdapter(end.name, end.network, end.address) for end in mine),
        peers=peers if member else (),
        roles=tuple((admin.key, admin.role) for admin in base.admin.values()),
        control_port=base.cluster.control_port,
        heartbeat_port=base.cluster.heartbeat_port,
        admin_port=base.cluster.admin_port,
        event_port=base.cluster.event_port,
    )
