"""The candidates for a group's place, with what speaks for and against each.

Told after the fact, from what `place` was told and what it returned; it decides nothing. It is
written down with the decree, so that "why is it here?" is answered from what was known then.
"""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from msgspec import Struct

from nodeagent.config.instances import is_instance, written_name
from nodeagent.config.placement import missing_networks, service_networks
from nodeagent.config.rules import apart_of, sets_of
from nodeagent.config.why import moved_by_rule, offline_by_rule
from nodeagent.config.words import join
from nodeagent.model.choice import CANDIDATES_MAX, Candidate, Choice
from nodeagent.model.configuration import Configuration, Group
from nodeagent.model.ownership import NOBODY

_NONE: Mapping[str, frozenset[str]] = MappingProxyType({})
_NOTHING: Mapping[str, str] = MappingProxyType({})
_REASON_MAX = 200


class Facts(Struct, frozen=True):
    """What a placement was told; the names and meanings are those of `placement.place`."""

    view: Collection[str]
    owners: Mapping[str, str]
    failed: Mapping[str, frozenset[str]] = _NONE
    asked: Mapping[str, str] = _NOTHING
    leaving: Collection[str] = ()
    cut: Mapping[str, frozenset[str]] = _NONE
    ran: Collection[str] = ()


def choices(cfg: Configuration, facts: Facts, after: Mapping[str, str]) -> tuple[Choice, ...]:
    """Return a choice for each group whose owner changes, as many as a decree has room for."""
    found, left = [], CANDIDATES_MAX
    for name in cfg.group:
        source, target = facts.owners.get(name, NOBODY), after.get(name, NOBODY)
        if source == target:
            continue
        candidates = tuple(_candidates(cfg, facts, after, name))[:left]
        left -= len(candidates)
        rule = _rule(cfg, facts, after, name)[:_REASON_MAX]
        found.append(Choice(name, source, target, rule, candidates))
        if left <= 0:
            break
    return tuple(found)


def _candidates(
    cfg: Configuration, facts: Facts, after: Mapping[str, str], name: str
) -> Iterator[Candidate]:
    group, target = cfg.group[name], after.get(name, NOBODY)
    for node in group.nodes:
        if node == target:
            yield Candidate(node, "chosen", _why_chosen(cfg, facts, after, name)[:_REASON_MAX])
            continue
        against = _against(cfg, facts, after, name, node)
        if against:
            yield Candidate(node, "out", against[:_REASON_MAX])
        else:
            yield Candidate(node, "possible", _why_not(group, node, target))


def _against(
    cfg: Configuration, facts: Facts, after: Mapping[str, str], name: str, node: str
) -> str:
    """Return what keeps a node from serving the group, "" if nothing does."""
    group = cfg.group[name]
    if node not in cfg.node:
        return "is not in the configuration"
    if node in facts.leaving:
        return "leaves in good order"
    if node not in facts.view:
        return "is not in"
    if cfg.node[node].standby:
        return "is on standby"
    missing = missing_networks(cfg, group, node)
    if missing:
        return f"has no adapter on {join(missing)}"
    if node in facts.failed.get(name, frozenset()):
        return "the group failed there"
    cut = sorted(service_networks(group) & facts.cut.get(node, frozenset()))
    if cut:
        return f"does not reach {join(cut)}"
    return _against_by_rule(cfg, after, name, node)


def _against_by_rule(cfg: Configuration, after: Mapping[str, str], name: str, node: str) -> str:
    apart = sorted(o for o in apart_of(cfg).get(name, ()) if after.get(o, NOBODY) == node)
    if apart:
        return f"must be apart from {join(apart)}, which is there"
    mates = [mate for mate in sets_of(cfg).get(name, ()) if mate != name]
    elsewhere = sorted(m for m in mates if after.get(m, NOBODY) not in {NOBODY, node})
    if elsewhere:
        return f"must be with {join(elsewhere)}, on {after[elsewhere[0]]}"
    return ""


def _why_chosen(cfg: Configuration, facts: Facts, after: Mapping[str, str], name: str) -> str:
    group, target = cfg.group[name], after[name]
    if facts.asked.get(name) == target:
        return "asked for by an administrator"
    mates = [m for m in sets_of(cfg).get(name, ()) if m != name and after.get(m) == target]
    if mates:
        return f"must be with {join(sorted(mates))}, which is there"
    if group.nodes[:1] == (target,):
        return "its home node, first in its takeover order"
    fell = facts.owners.get(name, NOBODY) != NOBODY or name in facts.ran
    if fell and group.fallover == "least-loaded":
        return "owns the least of those that can take it"
    return "first in its takeover order of those that can take it"


def _why_not(group: Group, node: str, target: str) -> str:
    if target == NOBODY:
        if group.startup == "home-node" and group.nodes[:1] != (node,):
            return "could serve it; by its startup policy it starts on its home node only"
        return "could serve it; by its policies it stays offline"
    if target in group.nodes and group.nodes.index(node) > group.nodes.index(target):
        return "could serve it; comes later in its takeover order"
    if group.fallover == "least-loaded":
        return "could serve it; owns more, or was not where it was asked for"
    return "could serve it; another one was asked for or is tied to it"


def _rule(cfg: Configuration, facts: Facts, after: Mapping[str, str], name: str) -> str:
    """Return what made the group leave its owner, or start, in the words of its policies."""
    group = cfg.group[name]
    source, target = facts.owners.get(name, NOBODY), after.get(name, NOBODY)
    if name in facts.asked and facts.asked[name] == target:
        return "an administrator asked for it" if target else "an administrator took it offline"
    if target == NOBODY:
        return _rule_of_end(cfg, facts, after, name)
    if source == NOBODY:
        if name in facts.ran and not is_instance(name):
            return f"it ran before and comes back, fallover {group.fallover}"
        return f"it starts, startup {group.startup}"
    against = _against(cfg, facts, {**after, name: source}, name, source)
    if against:
        return f"{source} {against}; fallover {group.fallover}"
    rule = moved_by_rule(cfg, name, after, source, facts.asked)
    return rule or f"{target} is better than {source}, fallback {group.fallback}"


def _rule_of_end(cfg: Configuration, facts: Facts, after: Mapping[str, str], name: str) -> str:
    group, source = cfg.group[name], facts.owners.get(name, NOBODY)
    idle = [parent for parent in group.after if after.get(parent, NOBODY) == NOBODY]
    if idle:
        return f"it runs after {join(idle)}, which is offline"
    rule = offline_by_rule(cfg, name, after, facts.view)
    if rule:
        return rule
    against = _against(cfg, facts, after, name, source) or "cannot keep it"
    if is_instance(name):
        return f"{source} {against}; {written_name(name)} runs on all of its nodes that can take it"
    return f"{source} {against}; fallover {group.fallover}, and no other of its nodes takes it"
