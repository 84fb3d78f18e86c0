"""Addresses: in their subnet, for one owner, for a host; subnets apart; services reachable."""

from collections.abc import Collection, Iterator
from ipaddress import IPv4Address, IPv6Network
from itertools import combinations

from nodeagent.config.placement import missing_networks
from nodeagent.config.values import IpAddress, IpNetwork
from nodeagent.config.verify.scope import Host, Scope
from nodeagent.config.words import join
from nodeagent.model.configuration import ServiceAddress
from nodeagent.model.reports import Report


def subnets_apart(scope: Scope) -> Iterator[Report]:
    """Two networks that share addresses cannot be told apart."""
    subnets = scope.subnets()
    for first, second in combinations(subnets, 2):
        one, two = subnets[first], subnets[second]
        if one.version == two.version and one.overlaps(two):
            text = f"subnet {two} of {second} overlaps {one} of {first}"
            hint = "give each network a subnet of its own"
            yield scope.report("E204", ("network", second, "subnet"), text, hint)


def addresses_in_subnet(scope: Scope) -> Iterator[Report]:
    """Each address lies in the subnet of its network and belongs to a host."""
    subnets, hosts = scope.subnets(), tuple(scope.hosts())
    used = {host.address for host in hosts}
    for host in hosts:
        if host.address.is_multicast or host.address.is_unspecified:
            word = "a multicast address" if host.address.is_multicast else "no address at all"
            text = f"{host.address} of {host.words} is {word}"
            yield scope.report("E207", host.path, text, "use the address of a host")
            continue
        subnet = subnets.get(host.network)
        if subnet is not None:
            inside = host.address in subnet
            told = _no_host(scope, host, subnet) if inside else _outside(scope, host, subnets, used)
            yield from told


def _outside(
    scope: Scope, host: Host, subnets: dict[str, IpNetwork], used: Collection[IpAddress]
) -> Iterator[Report]:
    subnet = subnets[host.network]
    right = next((name for name, other in subnets.items() if host.address in other), "")
    hint = f"it would fit network {right}" if right else f"use an address of {subnet}"
    text = f"{host.address} of {host.words} is not in {subnet} of {host.network}"
    yield scope.report("E201", host.path, text, hint, _alike(host.address, subnet, used))


def _no_host(scope: Scope, host: Host, subnet: IpNetwork) -> Iterator[Report]:
    reserved = _reserved(host.address, subnet)
    if reserved:
        text = f"{host.address} of {host.words} is the {reserved} address of {subnet}"
        hint = f"hosts have {_first_host(subnet)} and the following"
        yield scope.report("E203", host.path, text, hint)


def _reserved(address: IpAddress, subnet: IpNetwork) -> str:
    """Return "network" or "broadcast" for the two addresses that no host may have."""
    if subnet.max_prefixlen - subnet.prefixlen < 2:
        return ""
    if address == subnet.network_address:
        return "network" if isinstance(address, IPv4Address) else "router anycast"
    last = address == subnet.broadcast_address and not isinstance(subnet, IPv6Network)
    return "broadcast" if last else ""


def _first_host(subnet: IpNetwork) -> IpAddress:
    return subnet.network_address + 1


def addresses_once(scope: Scope) -> Iterator[Report]:
    """One address, one owner; loopback and all other ranges alike."""
    seen: dict[IpAddress, Host] = {}
    hosts = tuple(scope.hosts())
    subnets = scope.subnets()
    used = {host.address for host in hosts}
    for host in hosts:
        first = seen.setdefault(host.address, host)
        if first is not host:
            text = f"{host.address} of {host.words} belongs to {first.words} already"
            free = _free(host.address, subnets.get(host.network), used)
            hint = f"{free} is free" if free else "choose another address"
            yield scope.report("E202", host.path, text, hint, free)


def _free(address: IpAddress, subnet: IpNetwork | None, used: Collection[IpAddress]) -> str:
    """Return the next address that this file does not use, or ""."""
    for _ in range(1024):
        if subnet is None or address + 1 not in subnet:
            break
        address += 1
        if address not in used and not _reserved(address, subnet):
            return str(address)
    return ""


def _alike(address: IpAddress, subnet: IpNetwork, used: Collection[IpAddress]) -> str:
    """Return the address of `subnet` with the same number of the host, or the next free one."""
    if address.version != subnet.version:
        return ""
    alike = subnet.network_address + (int(address) & int(subnet.hostmask))
    if alike in used or _reserved(alike, subnet):
        return _free(alike, subnet, used)
    return str(alike)


def services_reachable(scope: Scope) -> Iterator[Report]:
    """A node can serve an address only with an adapter on its network."""
    for name, group in scope.cfg.group.items():
        nodes = [node for node in dict.fromkeys(group.nodes) if node in scope.cfg.node]
        for key, resource in group.resource.items():
            if not isinstance(resource, ServiceAddress):
                continue
            if resource.network not in scope.cfg.network or not nodes:
                continue
            unfit = [
                node
                for node in nodes
                if resource.network in missing_networks(scope.cfg, group, node)
            ]
            if unfit:
                yield _unreachable(scope, name, key, resource, nodes, unfit)


def _unreachable(
    scope: Scope,
    group: str,
    key: str,
    resource: ServiceAddress,
    nodes: list[str],
    unfit: list[str],
) -> Report:
    path = ("group", group, "resource", key, "network")
    network = resource.network
    if len(unfit) == len(nodes):
        text = f"no node of group {group} has an adapter on {network}, so none can offer {key}"
        present = list(dict.fromkeys(node for node, _, _ in scope.cfg.adapters_on(network)))
        hint = f"add an adapter on {network} to {join(nodes, 'or')}"
        if present:
            hint += f", or let {join(present, 'or')} serve the group"
        return scope.report("E205", path, text, hint)
    have = "has" if len(unfit) == 1 else "have"
    text = f"{join(unfit)} {have} no adapter on {network}, so group {group} cannot move there"
    hint = f"add an adapter on {network}, or take {join(unfit)} out of the group's nodes"
    return scope.report("W206", path, text, hint)


def services_public(scope: Scope) -> Iterator[Report]:
    """Clients are on public networks."""
    for group, name, resource in scope.resources():
        if not isinstance(resource, ServiceAddress):
            continue
        network = scope.cfg.network.get(resource.network)
        if network is not None and network.kind != "public":
            path = ("group", group, "resource", name, "network")
            text = f"{name} of group {group} is offered on {resource.network}, a {network.kind} one"
            public = [key for key, noun in scope.cfg.network.items() if noun.kind == "public"]
            hint = f"clients are on {join(public, 'or')}" if public else "make it a public network"
            yield scope.report("W214", path, text, hint, public[0] if len(public) == 1 else "")


CHECKS = (
    subnets_apart,
    addresses_in_subnet,
    addresses_once,
    services_reachable,
    services_public,
)
