"""Heartbeat paths: every node can be heard, over more than one way."""

from collections.abc import Iterator
from itertools import combinations

from nodeagent.config.verify.scope import Scope
from nodeagent.config.words import join
from nodeagent.model.configuration import Node
from nodeagent.model.reports import Report


def _networks(scope: Scope, node: Node) -> set[str]:
    """Return the networks of this file that the node is on."""
    return {a.network for a in node.adapter.values() if a.network in scope.cfg.network}


def nodes_exist(scope: Scope) -> Iterator[Report]:
    """A cluster has nodes; with one, nobody takes over."""
    count = len(scope.cfg.node)
    if count == 0:
        hint = "add [node.NAME] with the key that `nodeagent key` prints there"
        yield scope.report("E113", ("node",), "the cluster has no nodes", hint)
    elif count == 1:
        (name,) = scope.cfg.node
        text = f"{name} is the only node, so nothing can be taken over"
        yield scope.report("N303", ("node", name), text, "add a second node when there is one")


def heartbeat_paths(scope: Scope) -> Iterator[Report]:
    """Every node has adapters, on two networks, one of them private."""
    single = len(scope.cfg.node) < 2
    public_only = not _private(scope, list(scope.cfg.network))
    for name, node in scope.cfg.node.items():
        path = ("node", name)
        networks = sorted(_networks(scope, node))
        if not node.adapter:
            hint = f"add [node.{name}.adapter.eth0] with network, role and address"
            yield scope.report("E208", path, f"{name} has no adapter", hint)
        elif len(networks) == 1 and not single:
            text = f"{name} is heard on {networks[0]} only; when that fails, it looks dead"
            yield scope.report("W209", path, text, "add an adapter on a second network")
        elif networks and not (single or public_only) and not _private(scope, networks):
            text = f"{name} has no private path, so heartbeats share the clients' networks"
            yield scope.report("W210", path, text, "add an adapter on a private network")


def private_network_exists(scope: Scope) -> Iterator[Report]:
    """A cluster keeps one network to itself."""
    used = {a.network for node in scope.cfg.node.values() for a in node.adapter.values()}
    present = [name for name in scope.cfg.network if name in used]
    if len(scope.cfg.node) > 1 and present and not _private(scope, list(scope.cfg.network)):
        text = "no network is private, so heartbeats share the networks of the clients"
        hint = "add one that only the nodes use, on other cables and switches"
        yield scope.report("W210", ("network", present[0]), text, hint)


def _private(scope: Scope, networks: list[str]) -> bool:
    return any(scope.cfg.network[name].kind != "public" for name in networks)


def nodes_meet(scope: Scope) -> Iterator[Report]:
    """Any two nodes have a network in common, or they could never hear each other."""
    nodes = _one_of_each(scope)
    for (first, one), (second, two) in combinations(nodes, 2):
        if one and two and not one & two:
            text = f"{first} and {second} have no network in common"
            hint = f"put an adapter of {second} on {join(sorted(one), 'or')}"
            yield scope.report("E215", ("node", second), text, hint)


def _one_of_each(scope: Scope) -> list[tuple[str, frozenset[str]]]:
    """Return one node for each set of networks; others with the same set meet the same nodes."""
    found: dict[frozenset[str], str] = {}
    for name, node in scope.cfg.node.items():
        found.setdefault(frozenset(_networks(scope, node)), name)
    return [(name, networks) for networks, name in found.items()]


def networks_used(scope: Scope) -> Iterator[Report]:
    """A network without adapters does nothing; point-to-point joins two nodes."""
    for name, network in scope.cfg.network.items():
        nodes = list(dict.fromkeys(node for node, _, _ in scope.cfg.adapters_on(name)))
        path = ("network", name)
        if not nodes:
            text = f"no adapter is on network {name}"
            yield scope.report("N211", path, text, "remove it, or put adapters on it")
        if network.kind == "point-to-point" and len(nodes) > 2:
            text = f"{name} is point-to-point, but joins {join(nodes)}"
            yield scope.report("E213", path, text, 'use kind = "private"', "private")


def roles_fit(scope: Scope) -> Iterator[Report]:
    """Service and standby adapters are on public networks, private ones on the others."""
    for node, noun in scope.cfg.node.items():
        for name, adapter in noun.adapter.items():
            network = scope.cfg.network.get(adapter.network)
            if network is None:
                continue
            public = network.kind == "public"
            if public == (adapter.role != "private"):
                continue
            path = ("node", node, "adapter", name, "role")
            text = (
                f"adapter {name} of {node} has the role {adapter.role}, "
                f"but {adapter.network} is a {network.kind} network"
            )
            right = "service" if public else "private"
            yield scope.report("W212", path, text, f'use role = "{right}"', right)


CHECKS = (
    nodes_exist,
    heartbeat_paths,
    private_network_exists,
    nodes_meet,
    networks_used,
    roles_fit,
)
