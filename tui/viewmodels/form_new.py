"""A new object with what can be known already: a free name, and the likeliest values.

What is put in is a proposal that stands in the form, selected, ready to be typed over; what only
a person can know (a node's key, a device) stays empty, and its field says so.
"""

import re
from collections import Counter
from collections.abc import Mapping

from tui.viewmodels import draft_data as raw
from tui.viewmodels.form_offer import free_addresses, next_subnet

Path = tuple[str, ...]
Values = Mapping[str, object]

RESOURCE_NAMES = {
    "service-address": "address",
    "data-folder": "data",
    "filesystem": "filesystem",
    "application": "server",
    "ocf": "agent",
    "systemd": "unit",
}
_TAIL = re.compile(r"^(.*?)(\d+)$")


def free_name(stem: str, taken: tuple[str, ...], *, first: str = "1") -> str:
    """Return `stem` with the first number that makes a name nobody has."""
    if stem + first not in taken:
        return stem + first
    number = next(n for n in range(2, len(taken) + 3) if f"{stem}{n}" not in taken)
    return f"{stem}{number}"


def new_object(data: raw.Data | None, kind: str) -> list[tuple[Path, Values]]:
    """Return the objects that adding one of `kind` puts into the draft, the main one first."""
    if kind == "network":
        return [(("network", _network_name(data)), _network(data))]
    if kind == "node":
        return _node(data)
    if kind == "admin":
        name = free_name("admin", raw.names(data, ("admin",)))
        return [(("admin", name), {"key": "", "role": "observer"})]
    if kind == "event":
        name = free_name("event", raw.names(data, ("event",)))
        return [(("event", name), {"on": ["group-online"], "seconds": 30, "notify": []})]
    name = free_name("group", raw.names(data, ("group",)))
    return [(("group", name), {"nodes": list(raw.names(data, ("node",)))})]


def new_child(data: raw.Data | None, parent: Path, kind: str) -> tuple[Path, Values]:
    """Return a new adapter or fence device of a node, or a new resource (`kind` is its type)."""
    if kind == "adapter":
        return _adapter(data, parent[1], _missing_network(data, parent[1]))
    if kind == "fence":
        name = free_name("fence", raw.names(data, (*parent, "fence")))
        return (*parent, "fence", name), {"agent": "fence_"}
    taken = raw.names(data, (*parent, "resource"))
    name = free_name(RESOURCE_NAMES.get(kind, kind), taken, first="")
    return (*parent, "resource", name), _resource(data, kind, parent[1])


def adapters_for(data: raw.Data | None, network: str) -> list[tuple[Path, Values]]:
    """Return an adapter on `network` for each node that has none there."""
    found = []
    used: set[str] = set()
    for node in raw.names(data, ("node",)):
        if network not in _networks_of(data, node):
            path, values = _adapter(data, node, network, used)
            found.append((path, values))
            used.add(str(values["address"]))
    return found


def _network_name(data: raw.Data | None) -> str:
    taken = raw.names(data, ("network",))
    match = _TAIL.match(taken[-1]) if taken else None
    return free_name(match[1] if match else "network", taken)


def _network(data: raw.Data | None) -> Values:
    return {"kind": "public", "subnet": next_subnet(data)}


def _node(data: raw.Data | None) -> list[tuple[Path, Values]]:
    name = free_name("node", raw.names(data, ("node",)), first=str(_node_number(data)))
    found: list[tuple[Path, Values]] = [(("node", name), {"key": ""})]
    taken: set[str] = set()
    for network in raw.names(data, ("network",)):
        path, values = _adapter(data, name, network, set(), frozenset(taken))
        taken.add(path[3])
        found.append((path, values))
    return found


def _node_number(data: raw.Data | None) -> int:
    return len(raw.names(data, ("node",))) + 1


def _adapter(
    data: raw.Data | None,
    node: str,
    network: str,
    used: set[str] | None = None,
    taken: frozenset[str] = frozenset(),
) -> tuple[Path, Values]:
    names, roles = _habits(data, network)
    own = (*raw.names(data, ("node", node, "adapter")), *taken)
    name = next((one for one in names if one not in own), None) or free_name("eth", own, first="0")
    free = [one for one in free_addresses(data, network) if one not in (used or set())]
    kind = raw.at(data, ("network", network, "kind"))
    role = roles[0] if roles else "service" if kind == "public" else "private"
    values = {"network": network, "role": role, "address": free[0] if free else ""}
    return ("node", node, "adapter", name), values


def _habits(data: raw.Data | None, network: str) -> tuple[list[str], list[str]]:
    """Return the adapters' names and roles on `network`, the most usual first."""
    names: Counter[str] = Counter()
    roles: Counter[str] = Counter()
    for path in raw.objects(data):
        if len(path) == 4 and path[2] == "adapter":
            table = raw.table(data, path)
            if table.get("network") == network:
                names[path[3]] += 1
                roles[str(table.get("role", ""))] += 1
    return [one for one, _ in names.most_common()], [one for one, _ in roles.most_common()]


def _networks_of(data: raw.Data | None, node: str) -> list[object]:
    return [one.get("network") for one in raw.table(data, ("node", node, "adapter")).values()]


def _missing_network(data: raw.Data | None, node: str) -> str:
    names = raw.names(data, ("network",))
    own = _networks_of(data, node)
    return next((name for name in names if name not in own), names[0] if names else "")


def _resource(data: raw.Data | None, kind: str, group: str) -> Values:
    if kind == "service-address":
        network = _network_of_group(data, group) or public_network(data)
        free = free_addresses(data, network, "resource")
        address = free[0] if free else ""
        return {"type": kind, "network": network, "address": address}
    if kind == "data-folder":
        return {"type": kind, "directory": f"/srv/{group}"}
    if kind == "filesystem":
        return {"type": kind, "device": "", "directory": f"/srv/{group}"}
    if kind == "application":
        return {"type": kind, "start": []}
    return {"type": "ocf:heartbeat:" if kind == "ocf" else f"{kind}:"}


def _network_of_group(data: raw.Data | None, group: str) -> str:
    """Return the network of the group's last address, "" where it has none.

    On another network the group would need both, and fewer failures would leave it a node.
    """
    own = ("group", group, "resource")
    found = [raw.at(data, (*own, name, "network")) for name in raw.names(data, own)]
    return next((name for name in reversed(found) if isinstance(name, str)), "")


def public_network(data: raw.Data | None) -> str:
    """Return the first public network, else the first one, "" where there is none."""
    names = raw.names(data, ("network",))
    public = (name for name in names if raw.at(data, ("network", name, "kind")) == "public")
    return next(public, names[0] if names else "")
