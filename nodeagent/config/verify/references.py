"""Names that point at other objects: they exist, stand once, and never run in circles."""

from collections import defaultdict, deque
from collections.abc import Collection, Iterator

from nodeagent.config.placement import in_order
from nodeagent.config.verify.scope import Path, Scope
from nodeagent.config.words import did_you_mean
from nodeagent.model.configuration import ServiceAddress
from nodeagent.model.reports import Report


def dangling(
    scope: Scope, code: str, path: Path, text: str, name: str, known: Collection[str]
) -> Iterator[Report]:
    """Yield a finding where `name` is not among those that are known, with the nearest one."""
    if name in known:
        return
    otherwise = "" if known else "nothing of that kind is defined yet"
    hint, fix = did_you_mean(name, known, otherwise)
    yield scope.report(code, path, text, hint, fix)


class _Seen:
    """Tells whether a name was there before."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def __call__(self, name: str) -> bool:
        before = name in self._names
        self._names.add(name)
        return before


def networks_exist(scope: Scope) -> Iterator[Report]:
    """Adapters and service addresses name networks of this file."""
    known = scope.cfg.network
    for node, noun in scope.cfg.node.items():
        for name, adapter in noun.adapter.items():
            path = ("node", node, "adapter", name, "network")
            text = f"adapter {name} of {node} is on network {adapter.network}, which is not defined"
            yield from dangling(scope, "E101", path, text, adapter.network, known)
    for group, name, resource in scope.resources():
        if isinstance(resource, ServiceAddress):
            path = ("group", group, "resource", name, "network")
            text = f"{name} is offered on network {resource.network}, which is not defined"
            yield from dangling(scope, "E101", path, text, resource.network, known)


def group_nodes_exist(scope: Scope) -> Iterator[Report]:
    """Groups list nodes of this file, each once."""
    for group, noun in scope.cfg.group.items():
        seen = _Seen()
        for index, node in enumerate(noun.nodes):
            path = ("group", group, "nodes", str(index))
            text = f"group {group} lists node {node}, which is not defined"
            yield from dangling(scope, "E102", path, text, node, scope.cfg.node)
            if seen(node):
                hint = "keep the place in the takeover order that you mean"
                yield scope.report("E105", path, f"group {group} lists {node} twice", hint)


def parents_exist(scope: Scope) -> Iterator[Report]:
    """Groups wait for other groups of this file, each named once."""
    for group, noun in scope.cfg.group.items():
        seen = _Seen()
        for index, parent in enumerate(noun.after):
            path = ("group", group, "after", str(index))
            if parent == group:
                text = f"group {group} waits for itself"
                yield scope.report("E108", path, text, f"remove {group} from its after")
                continue
            text = f"group {group} runs after {parent}, which is not defined"
            yield from dangling(scope, "E103", path, text, parent, scope.cfg.group)
            if seen(parent):
                text = f"group {group} names {parent} twice in after"
                yield scope.report("E107", path, text, "once is enough")


def no_circles(scope: Scope) -> Iterator[Report]:
    """Waiting for each other never ends; every circle is named once, from its first group."""
    ordered = set(in_order(scope.cfg))
    told: set[str] = set()
    for group in scope.cfg.group:
        circle = () if group in ordered or group in told else _circle(scope, group)
        if len(circle) < 2:
            continue
        told.update(circle)
        ring = " → ".join((*circle, circle[0]))
        text = f"these groups wait for each other: {ring}"
        hint = f"remove {circle[1]} from the after of {circle[0]}, or open the circle elsewhere"
        yield scope.report("E109", ("group", circle[0], "after"), text, hint)


def _circle(scope: Scope, start: str) -> tuple[str, ...]:
    """Return the shortest way from `start` back to itself over `after`, or ()."""
    came: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        group = waiting.popleft()
        for parent in scope.cfg.group[group].after:
            if parent == start and group != start:
                return _way(came, start, group)
            if parent in scope.cfg.group and parent not in came and parent != start:
                came[parent] = group
                waiting.append(parent)
    return ()


def _way(came: dict[str, str], start: str, end: str) -> tuple[str, ...]:
    way = [end]
    while way[-1] != start:
        way.append(came[way[-1]])
    return tuple(reversed(way))


def voters_exist(scope: Scope) -> Iterator[Report]:
    """Voters are nodes of this file, each once."""
    seen = _Seen()
    for index, voter in enumerate(scope.cfg.cluster.voters):
        path = ("cluster", "voters", str(index))
        text = f"voter {voter} is not a node of this cluster"
        yield from dangling(scope, "E104", path, text, voter, scope.cfg.node)
        if seen(voter):
            yield scope.report("E106", path, f"{voter} votes twice", "name each voter once")


def tie_breaker_votes(scope: Scope) -> Iterator[Report]:
    """The tie-breaker is one of the voters."""
    name, voters = scope.cfg.cluster.tie_breaker, scope.cfg.voters()
    if name:
        text = f"tie-breaker {name} is not one of the voters"
        yield from dangling(scope, "E115", ("cluster", "tie-breaker"), text, name, voters)


def keys_differ(scope: Scope) -> Iterator[Report]:
    """A key is an identity: nodes and consoles each have their own."""
    owners: dict[str, list[tuple[Path, str]]] = defaultdict(list)
    for name, node in scope.cfg.node.items():
        owners[node.key].append((("node", name, "key"), f"node {name}"))
    for name, admin in scope.cfg.admin.items():
        owners[admin.key].append((("admin", name, "key"), f"admin {name}"))
    for (_, first), *others in owners.values():
        for path, words in others:
            text = f"{words} has the same key as {first}"
            yield scope.report("E110", path, text, "run `nodeagent key` there and copy its key")


CHECKS = (
    networks_exist,
    group_nodes_exist,
    parents_exist,
    no_circles,
    voters_exist,
    tie_breaker_votes,
    keys_differ,
)
