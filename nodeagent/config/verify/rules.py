"""Rules between groups that can be kept, and times that have an effect."""

from collections.abc import Iterator

from nodeagent.config.placement import able
from nodeagent.config.rules import apart_of, sets_of
from nodeagent.config.times import minute_of
from nodeagent.config.verify.scope import Scope
from nodeagent.config.words import did_you_mean, join, value_text
from nodeagent.model.configuration import Application, Group
from nodeagent.model.reports import Report


def _rules(group: Group) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (("with", group.together), ("apart-from", group.apart_from))


def rules_name_groups(scope: Scope) -> Iterator[Report]:
    """Rules name other groups of this file."""
    for name, group in scope.cfg.group.items():
        for key, others in _rules(group):
            for index, other in enumerate(others):
                path = ("group", name, key, str(index))
                if other == name:
                    text = f"group {name} names itself in {key}"
                    yield scope.report("E331", path, text, f"remove {name} from its {key}")
                elif other not in scope.cfg.group:
                    hint, fix = did_you_mean(other, scope.cfg.group, "no other group is defined")
                    text = f"{key} of group {name} names {other}, which is not defined"
                    yield scope.report("E330", path, text, hint, fix)


def rules_said_once(scope: Scope) -> Iterator[Report]:
    """Both rules count both ways, and `with` through others, so saying more adds nothing."""
    sets: dict[str, str] = {}
    pairs: set[frozenset[str]] = set()
    for name, key, index, other in _known(scope):
        path = ("group", name, key, str(index))
        if key == "with":
            known = _root(sets, name) == _root(sets, other)
            sets[_root(sets, name)] = _root(sets, other)
        else:
            known = frozenset((name, other)) in pairs
            pairs.add(frozenset((name, other)))
        if known:
            text = f"{key} of group {name} names {other}, which other rules say already"
            yield scope.report("N335", path, text, "leave it away: rules count both ways")


def _known(scope: Scope) -> Iterator[tuple[str, str, int, str]]:
    for name, group in scope.cfg.group.items():
        for key, others in _rules(group):
            for index, other in enumerate(others):
                if other in scope.cfg.group and other != name:
                    yield name, key, index, other


def _root(sets: dict[str, str], name: str) -> str:
    while sets.get(name, name) != name:
        name = sets[name]
    return name


def rules_agree(scope: Scope) -> Iterator[Report]:
    """Groups that must be together are not also to be apart."""
    sets = sets_of(scope.cfg)
    for name, key, index, other in _known(scope):
        if key == "apart-from" and other in sets.get(name, ()):
            whole = join(sets[name])
            text = f"group {name} is to be apart from {other}, and {whole} are to be together"
            hint = "remove one of the two rules"
            yield scope.report("E332", ("group", name, key, str(index)), text, hint)


def sets_have_a_node(scope: Scope) -> Iterator[Report]:
    """Groups that must be together have a node that can take all of them."""
    told: set[str] = set()
    for name, whole in sets_of(scope.cfg).items():
        if name in told or any(not scope.cfg.group[one].nodes for one in whole):
            continue
        told.update(whole)
        if not any(_takes_all(scope, whole, node) for node in scope.cfg.group[name].nodes):
            namer = next(one for one in whole if scope.cfg.group[one].together)
            text = f"{join(whole)} must be together, and no node can take all of them"
            hint = "list one node in all of them that is on their networks, or remove the rule"
            yield scope.report("E333", ("group", namer, "with"), text, hint)


def _takes_all(scope: Scope, whole: tuple[str, ...], node: str) -> bool:
    """A node that lacks a network is told elsewhere, if it can serve none of them at all."""
    return all(able(scope.cfg, scope.cfg.group[one], node) for one in whole)


def apart_groups_have_nodes(scope: Scope) -> Iterator[Report]:
    """Two groups that must be apart need two nodes."""
    apart = apart_of(scope.cfg)
    for name, key, index, other in _known(scope):
        if key != "apart-from" or other not in apart.get(name, ()):
            continue
        nodes = set(scope.cfg.group[name].nodes) | set(scope.cfg.group[other].nodes)
        if len(nodes) == 1:
            text = f"{name} and {other} must be apart, and both may run on {join(nodes)} only"
            hint = "list another node in one of them"
            yield scope.report("W334", ("group", name, key, str(index)), text, hint)


def times_have_effect(scope: Scope) -> Iterator[Report]:
    """Times of the fallback belong to groups that return, and can be read."""
    for name, group in scope.cfg.group.items():
        if group.fallback_at and minute_of(group.fallback_at) < 0:
            text = f"fallback-at of group {name} is {value_text(group.fallback_at)}"
            hint = 'write hour and minute in UTC, as "02:00"'
            yield scope.report("E338", ("group", name, "fallback-at"), text, hint)
        for key in ("fallback-delay-seconds", "fallback-at"):
            if getattr(group, key.replace("-", "_")) and group.fallback == "never":
                text = f"{key} of group {name} has no effect, for it never returns"
                hint = 'add fallback = "higher-priority", or leave it away'
                yield scope.report("W337", ("group", name, key), text, hint)


def settling_has_effect(scope: Scope) -> Iterator[Report]:
    """Only a group that may start on a second choice has something to wait for."""
    groups = scope.cfg.group.values()
    waits = any(g.startup == "first-available" and len(g.nodes) > 1 for g in groups)
    if scope.cfg.cluster.settling_seconds and not waits:
        text = "settling-seconds has no effect: no group is first-available with several nodes"
        hint = 'use startup = "first-available", or leave it away'
        yield scope.report("N339", ("cluster", "settling-seconds"), text, hint)


def monitors_fit(scope: Scope) -> Iterator[Report]:
    """An application can become stable before its start has to end, and be judged by a monitor."""
    for group, name, resource in scope.resources():
        if not isinstance(resource, Application):
            continue
        path = ("group", group, "resource", name)
        if resource.stabilization_seconds >= resource.start_seconds:
            text = (
                f"{name} must be well for {resource.stabilization_seconds:g} s "
                f"within a start of {resource.start_seconds:g} s"
            )
            hint = "use a longer start-seconds, or a shorter stabilization-seconds"
            yield scope.report("E340", (*path, "stabilization-seconds"), text, hint)
        if resource.failures_tolerated and not resource.monitor:
            text = f"failures-tolerated of {name} has no effect without a monitor command"
            hint = "add monitor, or leave it away"
            yield scope.report("W341", (*path, "failures-tolerated"), text, hint)


CHECKS = (
    rules_name_groups,
    rules_said_once,
    rules_agree,
    sets_have_a_node,
    apart_groups_have_nodes,
    times_have_effect,
    settling_has_effect,
    monitors_fit,
)
