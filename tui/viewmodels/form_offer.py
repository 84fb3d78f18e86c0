"""What a field offers on F4: what the cluster knows, so that nobody has to type it from memory.

Networks, nodes and groups by name, addresses that are still free in the network's subnet, a
subnet that touches no other, and for everything else what the same key holds elsewhere.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import chain, islice

from nodeagent.config.schema import FieldSpec
from tui.viewmodels import draft_data as raw
from tui.viewmodels.form_text import NO, YES, shown

Path = tuple[str, ...]
FREE_MAX = 12
PREFIX = {4: 24, 6: 64}
ONCE = frozenset({"directory", "device"})
"""Keys whose values belong to one object; what another one holds is taken."""

Subnet = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing to choose, and a word on it."""

    value: str
    note: str = ""


def offers(data: raw.Data | None, path: Path, spec: FieldSpec, fix: str = "") -> list[Offer]:
    """Return what can be chosen for the field at `path`; a finding's `fix` comes first."""
    found = [Offer(fix, "what would be right")] if fix else []
    found += _by_kind(data, path, spec)
    return unique(found)


def unique(found: Iterable[Offer]) -> list[Offer]:
    """Return `found` with each value once, as it came first."""
    kept: dict[str, Offer] = {}
    for one in found:
        kept.setdefault(one.value, one)
    return list(kept.values())


def names_offered(data: raw.Data | None, spec: FieldSpec) -> tuple[str, ...]:
    """Return the names that a field which refers to objects can hold."""
    return raw.names(data, (spec.refers_to,)) if spec.refers_to else tuple(spec.choices)


def subnet_of(data: raw.Data | None, network: object) -> Subnet | None:
    """Return a network's subnet, None where it has no good one."""
    text = raw.at(data, ("network", str(network), "subnet"))
    try:
        return ip_network(str(text), strict=False)
    except ValueError:
        return None


def free_addresses(data: raw.Data | None, network: object, like: str = "adapter") -> list[str]:
    """Return addresses of the network that nobody has, beginning after the last one in use.

    `like`: after the boot addresses ("adapter") or after the service addresses ("resource").
    """
    subnet = subnet_of(data, network)
    if subnet is None:
        return []
    used = set(_addresses(data))
    first, last = int(subnet.network_address) + 1, int(subnet.broadcast_address) - 1
    start = max(_numbers(data, network, like), default=first - 1) + 1
    if not first <= start <= last:
        start = first
    candidates = chain(range(start, last + 1), range(first, start))
    make = type(subnet.network_address)
    free = (str(make(number)) for number in candidates if str(make(number)) not in used)
    return list(islice(free, FREE_MAX))


def _numbers(data: raw.Data | None, network: object, like: str) -> Iterator[int]:
    """Return the addresses of the adapters or resources on the network, as numbers."""
    for place in raw.objects(data):
        table = raw.table(data, place)
        if len(place) == 4 and place[2] == like and table.get("network") == network:
            with suppress(ValueError):
                yield int(ip_address(str(table.get("address"))))


def next_subnet(data: raw.Data | None) -> str:
    """Return a subnet that overlaps no network of the draft, beside the last one; "" for none."""
    taken = [one for name in raw.names(data, ("network",)) if (one := subnet_of(data, name))]
    if not taken:
        return ""
    last = taken[-1]
    size = 1 << (last.max_prefixlen - last.prefixlen)
    start = int(last.network_address)
    for step in range(1, 256):
        try:
            place = ip_address((start + step * size) & ((1 << last.max_prefixlen) - 1))
            wanted = ip_network(f"{place}/{last.prefixlen}")
        except ValueError:
            continue
        if not any(one.version == wanted.version and one.overlaps(wanted) for one in taken):
            return str(wanted)
    return ""


def _by_kind(data: raw.Data | None, path: Path, spec: FieldSpec) -> list[Offer]:
    if spec.choices:
        return [Offer(choice) for choice in spec.choices]
    if spec.refers_to:
        return [
            Offer(name, _note(data, spec.refers_to, name)) for name in names_offered(data, spec)
        ]
    if spec.kind == "flag":
        return [Offer(YES), Offer(NO)]
    if spec.kind == "address":
        network = raw.at(data, (*path[:-1], "network"))
        like = path[2] if len(path) == 5 else "adapter"
        return [Offer(one, f"free on {network}") for one in free_addresses(data, network, like)]
    if spec.kind == "subnet":
        return [Offer(one, "free") for one in (next_subnet(data),) if one]
    return _elsewhere(data, path, spec)


def _note(data: raw.Data | None, kind: str, name: str) -> str:
    table = raw.table(data, (kind, name))
    if kind == "network":
        return f"{table.get('kind', '')} {table.get('subnet', '')}"
    if kind == "group":
        return shown("names", table.get("nodes"))
    networks = [str(one.get("network", "")) for one in raw.table(table, ("adapter",)).values()]
    return " ".join(networks)


def _elsewhere(data: raw.Data | None, path: Path, spec: FieldSpec) -> list[Offer]:
    """Return what objects of the same shape hold under the same key."""
    if spec.kind in {"key", "number"} or spec.key in ONCE:
        return []
    kind = raw.kind_of(path[:-1], data)
    found = []
    for place in raw.objects(data):
        value = raw.at(data, (*place, spec.key))
        if place != path[:-1] and value not in (None, "", []) and raw.kind_of(place, data) == kind:
            found.append(Offer(shown(spec.kind, value), f"as {raw.dotted(place)}"))
    return found[:FREE_MAX]


def _addresses(data: raw.Data | None) -> Iterator[str]:
    for place in raw.objects(data):
        address = raw.at(data, (*place, "address"))
        if isinstance(address, str):
            yield address
