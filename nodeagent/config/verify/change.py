"""A change against the cluster that runs: it can be decided, and all stay heard."""

from collections.abc import Collection, Iterator
from itertools import combinations

from nodeagent.config.diff import new_adapters, rekeyed
from nodeagent.config.quorum import majority
from nodeagent.config.verify.scope import Scope
from nodeagent.config.words import join
from nodeagent.model.configuration import Configuration
from nodeagent.model.reports import Report

_PORTS = ("control_port", "heartbeat_port", "admin_port", "event_port")


def _base(scope: Scope) -> Configuration:
    assert scope.base is not None, "checks of a change run only with the active configuration"
    return scope.base


def _staying(scope: Scope) -> tuple[str, ...]:
    """Return the live nodes that are in both configurations."""
    base = _base(scope)
    return tuple(name for name in base.node if name in scope.cfg.node and name in scope.live)


def quorum(voters: tuple[str, ...]) -> int:
    """Return how many of the voters are a majority."""
    return len(voters) // 2 + 1


def _decide(cfg: Configuration, voters: tuple[str, ...], present: Collection[str]) -> bool:
    """Return whether those of a configuration's voters that are there could decide."""
    return not voters or majority(voters, present, cfg.cluster.tie_breaker)


def old_voters_live(scope: Scope) -> Iterator[Report]:
    """A majority of the present voters must decide the change."""
    voters = _base(scope).voters()
    present = [name for name in voters if name in scope.live]
    if not _decide(_base(scope), voters, present):
        away = [name for name in voters if name not in scope.live]
        text = f"only {len(present)} of the {len(voters)} present voters are in"
        hint = f"bring {join(away, 'or')} back first; {quorum(voters)} are needed"
        yield scope.report("E503", ("cluster", "voters"), text, hint)


def new_voters_live(scope: Scope) -> Iterator[Report]:
    """A majority of the new voters must decide the change; added nodes can vote for it."""
    base, voters = _base(scope), scope.cfg.voters()
    added = {name for name in scope.cfg.node if name not in base.node}
    away = [name for name in voters if name not in scope.live and name not in added]
    present = [name for name in voters if name not in away]
    if not _decide(scope.cfg, voters, present):
        text = f"only {len(present)} of the {len(voters)} new voters are in"
        hint = f"{join(away)} cannot vote now: leave them out of the voters, or bring them back"
        yield scope.report("E502", ("cluster", "voters"), text, hint)


def heartbeats_go_on(scope: Scope) -> Iterator[Report]:
    """Two live nodes that stay keep a path: both of its addresses, whatever they are called."""
    base = _base(scope)
    for first, second in combinations(_staying(scope), 2):
        before = _pairs(base, first, second)
        kept = before & _pairs(scope.cfg, first, second)
        if before and not kept:
            text = f"all heartbeat paths between {first} and {second} are replaced at once"
            hint = "do it in two changes: add the new network first, then remove the old one"
            yield scope.report("E501", ("node", second, "adapter"), text, hint)


def _pairs(cfg: Configuration, first: str, second: str) -> set[tuple[str, str]]:
    """Return both addresses of every heartbeat path between two nodes."""
    return {
        (one.address, two.address)
        for one in cfg.node[first].adapter.values()
        for two in cfg.node[second].adapter.values()
        if one.network == two.network
    }


def name_stays(scope: Scope) -> Iterator[Report]:
    """The cluster's name is part of what its members prove to each other."""
    before, after = _base(scope).cluster.name, scope.cfg.cluster.name
    if before != after:
        text = f"the cluster's name cannot change from {before} to {after} while it runs"
        hint = f"keep {before}; a new name is a new cluster"
        yield scope.report("E504", ("cluster", "name"), text, hint, before)


def ports_stay(scope: Scope) -> Iterator[Report]:
    """Agents hold their ports as long as they run."""
    for port in _PORTS:
        before, after = getattr(_base(scope).cluster, port), getattr(scope.cfg.cluster, port)
        if before != after:
            key = port.replace("_", "-")
            text = f"{key} cannot change from {before} to {after} while the agents run"
            hint = f"keep {before}; other ports need all agents stopped"
            yield scope.report("E505", ("cluster", key), text, hint, str(before))


def keys_stay(scope: Scope) -> Iterator[Report]:
    """A live node with another key is gone until its agent runs with it."""
    changed = rekeyed(_base(scope), scope.cfg)
    for name in changed:
        text = f"{name} gets another key and leaves, with its groups, until its agent runs with it"
        hint = f"restart the agent of {name} with the new key afterwards"
        yield scope.report("W506", ("node", name, "key"), text, hint)
    voters = scope.cfg.voters()
    present = [name for name in voters if name in scope.live and name not in changed]
    if any(name in voters for name in changed) and not _decide(scope.cfg, voters, present):
        text = f"with new keys for {join(changed)}, too few voters could go on deciding"
        hint = "change one key after the other"
        yield scope.report("E507", ("node", changed[-1], "key"), text, hint)


def new_adapters_answer(scope: Scope) -> Iterator[Report]:
    """What is new answers a heartbeat before it counts, so its node must be there."""
    base = _base(scope)
    for node, name, adapter in new_adapters(base, scope.cfg):
        if node in base.node and node not in scope.live:
            text = f"{node} is not in, so its new adapter {name} cannot answer on {adapter.network}"
            hint = f"bring {node} back first, or change it in a second DARE once it is in"
            yield scope.report("E508", ("node", node, "adapter", name), text, hint)


CHECKS = (
    old_voters_live,
    new_voters_live,
    heartbeats_go_on,
    name_stays,
    ports_stay,
    keys_stay,
    new_adapters_answer,
)
