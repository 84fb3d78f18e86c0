"""What nodes report, as offers for the fields of a form, and who did not answer.

Pure: the answers are handed in. What no node reports may be typed all the same.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_interface

from nodeagent.config.schema import FieldSpec
from nodeagent.model.inventory import FoundInterface
from nodeagent.wire.inventory import AgentFound, Inventory
from tui.viewmodels import draft_data as raw
from tui.viewmodels.form_kinds import NAME
from tui.viewmodels.form_offer import Offer, subnet_of
from tui.viewmodels.inventory import device_text, having, stable_name, where_text

Path = tuple[str, ...]
NODES_MAX = 16
"""A form asks no more nodes than these: what so many have in common is known well enough."""
USUAL_TYPES = ("ext4", "xfs", "btrfs")


@dataclass(frozen=True, slots=True)
class Known:
    """What nodes answered so far: by node, and OCF agents by name.

    `silent` says why a node did not answer; `asking` are those that may still do.
    """

    inventories: Mapping[str, Inventory] = field(default_factory=dict)
    silent: Mapping[str, str] = field(default_factory=dict)
    asking: frozenset[str] = frozenset()
    agents: Mapping[str, AgentFound] = field(default_factory=dict)

    def of(self, nodes: Iterable[str]) -> dict[str, Inventory]:
        """Return the inventories of those of `nodes` that answered."""
        return {node: self.inventories[node] for node in nodes if node in self.inventories}


NOTHING_KNOWN = Known()


def nodes_for(data: raw.Data | None, path: Path) -> tuple[str, ...]:
    """Return the nodes on which the object at `path` will be: these are asked."""
    if path[0] == "node" and len(path) > 1:
        return (path[1],)
    if path[0] == "network":
        return raw.names(data, ("node",))[:NODES_MAX]
    if path[0] == "group" and len(path) > 1:
        listed = raw.at(data, (*path[:2], "nodes"))
        nodes = raw.names(data, ("node",))
        named = listed if isinstance(listed, list) else []
        return tuple(node for node in nodes if node in named)[:NODES_MAX]
    return ()


def is_offered(kind: str, spec: FieldSpec) -> bool:
    """Return whether nodes know what could stand in a field of an object of this kind."""
    return (kind, spec.key) in _FIELDS and (spec.key != "name" or spec is NAME)


def offers_known(
    data: raw.Data | None, path: Path, spec: FieldSpec, known: Known
) -> tuple[Offer, ...]:
    """Return what the nodes report for the field at `path` (an object's own for its name)."""
    place = path if spec is NAME else path[:-1]
    kind = raw.kind_of(place, data)
    if not is_offered(kind, spec):
        return ()
    nodes = nodes_for(data, place)
    found = known.of(nodes)
    return tuple(_FIELDS[kind, spec.key](data, place, found))


def silence(nodes: Iterable[str], known: Known) -> tuple[str, ...]:
    """Return a line for each of `nodes` that has not answered (yet), or could not tell all."""
    lines = []
    asking = [node for node in nodes if node in known.asking]
    if asking:
        lines.append(f"still asking {', '.join(asking)}")
    lines += [
        f"{node} did not answer: {known.silent[node]}" for node in nodes if node in known.silent
    ]
    return tuple(lines)


Found = Mapping[str, Inventory]


def _names_of_interfaces(data: raw.Data | None, place: Path, found: Found) -> Iterator[Offer]:
    """Those on the adapter's network first, loopback left out unless it is on it."""
    subnet = subnet_of(data, raw.at(data, (*place, "network")))
    near: list[Offer] = []
    far: list[Offer] = []
    for interface in _interfaces(found):
        inside = any(ip_interface(one).ip in subnet for one in interface.addresses if subnet)
        state = "" if interface.up else "no carrier  "
        offer = Offer(interface.name, f"{state}{'  '.join(interface.addresses)}")
        if inside or interface.name != "lo":
            (near if inside else far).append(offer)
    yield from (*near, *far)


def _boot_addresses(data: raw.Data | None, place: Path, found: Found) -> Iterator[Offer]:
    """Those on the adapter's network, or all while it has none; the adapter's own interface first.

    A boot address is there before the agent is, so it cannot be made up.
    """
    subnet = subnet_of(data, raw.at(data, (*place, "network")))
    ordered = sorted(_interfaces(found), key=lambda one: one.name != place[3])
    for interface in ordered:
        for address in (ip_interface(text).ip for text in interface.addresses):
            if subnet is None or address in subnet:
                yield Offer(str(address), f"{interface.name} of {place[1]}")


def _subnets(data: raw.Data | None, place: Path, found: Found) -> Iterator[Offer]:
    """What most nodes are on comes first; what another network of the draft has is left out."""
    taken = {
        str(subnet_of(data, name)) for name in raw.names(data, ("network",)) if name != place[1]
    }
    nodes: dict[str, dict[str, str]] = {}
    for node, inventory in found.items():
        for interface in inventory.interfaces:
            for text in interface.addresses:
                subnet = ip_interface(text).network
                if not subnet.is_loopback and subnet.num_addresses > 1:
                    nodes.setdefault(str(subnet), {})[node] = interface.name
    for subnet_text, where in sorted(nodes.items(), key=lambda item: -len(item[1])):
        if subnet_text not in taken:
            names = ", ".join(dict.fromkeys(where.values()))
            yield Offer(subnet_text, f"{names}  {where_text(where, found)}".rstrip())


def _devices(_data: raw.Data | None, _place: Path, found: Found) -> Iterator[Offer]:
    """Those that most nodes see come first: a group needs its device on each of its nodes.

    After them: what is mounted already, and what has no file system, is seldom meant.
    """
    devices = {stable_name(one): one for each in found.values() for one in each.devices}
    nodes = having(
        {
            node: dict.fromkeys(stable_name(device) for device in one.devices)
            for node, one in found.items()
        }
    )

    def rank(name: str) -> tuple[int, bool, bool, str]:
        device = devices[name]
        return (-len(nodes[name]), bool(device.directory), not device.fstype, name)

    for name in sorted(nodes, key=rank):
        where = where_text(nodes[name], found)
        yield Offer(name, f"{device_text(devices[name])}  {where}".rstrip())


def _types(data: raw.Data | None, place: Path, found: Found) -> Iterator[Offer]:
    device = raw.at(data, (*place, "device"))
    here = {
        one.fstype
        for inventory in found.values()
        for one in inventory.devices
        if device in {one.path, *one.names} and one.fstype
    }
    yield from (Offer(one, f"as {device} is now") for one in sorted(here))
    yield from (Offer(one) for one in USUAL_TYPES if one not in here)


def _agents(_data: raw.Data | None, _place: Path, found: Found) -> Iterator[Offer]:
    nodes = having({node: one.agents for node, one in found.items()})
    yield from (Offer(name, where_text(where, found)) for name, where in nodes.items())


def _units(_data: raw.Data | None, _place: Path, found: Found) -> Iterator[Offer]:
    nodes = having({node: one.units for node, one in found.items()})
    yield from (Offer(name, where_text(where, found)) for name, where in nodes.items())


def _interfaces(found: Found) -> Iterator[FoundInterface]:
    for inventory in found.values():
        yield from inventory.interfaces


_FIELDS = {
    ("adapter", "name"): _names_of_interfaces,
    ("adapter", "address"): _boot_addresses,
    ("network", "subnet"): _subnets,
    ("filesystem", "device"): _devices,
    ("filesystem", "fstype"): _types,
    ("ocf", "agent"): _agents,
    ("systemd", "unit"): _units,
}
