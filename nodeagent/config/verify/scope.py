"""What a check looks at, and the short way to a report."""

from collections.abc import Iterator

from msgspec import Struct

from nodeagent.config.codes import report
from nodeagent.config.places import Places
from nodeagent.config.values import IpAddress, IpNetwork, parse_address, parse_subnet
from nodeagent.model.configuration import Configuration, Resource, ServiceAddress
from nodeagent.model.reports import Report

Path = tuple[str, ...]


class Host(Struct, frozen=True):
    """An address that somebody has: where it is written, on which network, and in words."""

    path: Path
    network: str
    address: IpAddress
    words: str


class Scope(Struct, frozen=True):
    """A configuration, its places, and what it would replace (`base` with `live` nodes).

    `unix`: the time it is, in seconds; 0 where nobody knows.
    """

    cfg: Configuration
    places: Places
    base: Configuration | None = None
    live: frozenset[str] = frozenset()
    unix: float = 0.0

    def report(self, code: str, path: Path, text: str, hint: str = "", fix: str = "") -> Report:
        """Return a finding at the place of `path`."""
        return report(code, text, place=self.places.find(path), hint=hint, fix=fix)

    def resources(self) -> Iterator[tuple[str, str, Resource]]:
        """Yield (group, name, resource) for every resource."""
        for group, noun in self.cfg.group.items():
            for name, resource in noun.resource.items():
                yield group, name, resource

    def subnets(self) -> dict[str, IpNetwork]:
        """Return the subnet of every network whose subnet can be read."""
        found = ((name, parse_subnet(noun.subnet)) for name, noun in self.cfg.network.items())
        return {name: subnet for name, subnet in found if subnet is not None}

    def hosts(self) -> Iterator[Host]:
        """Yield every address of adapters and services that can be read, adapters first."""
        for node, noun in self.cfg.node.items():
            for name, adapter in noun.adapter.items():
                address = parse_address(adapter.address)
                if address is not None:
                    path = ("node", node, "adapter", name, "address")
                    yield Host(path, adapter.network, address, f"adapter {name} of {node}")
        for group, name, resource in self.resources():
            if not isinstance(resource, ServiceAddress):
                continue
            address = parse_address(resource.address)
            if address is not None:
                path = ("group", group, "resource", name, "address")
                yield Host(path, resource.network, address, f"resource {name} of group {group}")
