"""What going from one configuration to another does to each group, and in which order.

The coordinator carries out exactly this plan and the console shows exactly this plan, so the
preview cannot differ from the deed.
"""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from msgspec import Struct

from nodeagent.config.diff import diff, new_adapters, rekeyed
from nodeagent.config.effects import NO_CHANGE, verdict
from nodeagent.config.holds import apart_from_hold, hold_text
from nodeagent.config.instances import expanded, is_instance
from nodeagent.config.placement import in_order, missing_networks, place
from nodeagent.config.why import late_return, moved_by_rule, offline_by_rule
from nodeagent.config.words import join
from nodeagent.model.configuration import Configuration
from nodeagent.model.ownership import NOBODY
from nodeagent.model.plan import GroupEffect, Plan

_NOTHING: Mapping[str, str] = MappingProxyType({})
_LEAVES = frozenset({"moved", "restarted", "stopped"})
_COMES = frozenset({"moved", "restarted", "started"})


class _Case(Struct, frozen=True):
    """One change under one standing. `view` is before, `owners` before, `after` afterwards."""

    old: Configuration
    new: Configuration
    view: frozenset[str]
    owners: Mapping[str, str]
    after: Mapping[str, str]
    asked: Mapping[str, str]
    held: frozenset[str]

    @property
    def present(self) -> frozenset[str]:
        """Return the nodes that are in afterwards."""
        added = {node for node in self.new.node if node not in self.old.node}
        stay = self.view - set(rekeyed(self.old, self.new))
        return frozenset(node for node in stay | added if node in self.new.node)


def plan(
    old: Configuration,
    new: Configuration,
    *,
    view: Collection[str],
    owners: Mapping[str, str],
    asked: Mapping[str, str] = _NOTHING,
    held: Collection[str] = (),
) -> Plan:
    """Return the consequences of going from `old` to `new`, as written or expanded.

    Changes are told of what is written, effects of what runs: instances of concurrent groups.
    `view`: nodes that are in now; added nodes count as in afterwards. `owners`: who owns each
    group now. A node that gets another key leaves until its agent runs with it. `asked`: moves
    that the operator wishes ("" is offline). `held`: groups under a hold (`config.holds`), which
    stay where they are; `holds.forbidden` tells what may not be done.
    """
    changes = diff(old, new)
    old, new = expanded(old), expanded(new)
    added = tuple(node for node in new.node if node not in old.node)
    removed = tuple(node for node in old.node if node not in new.node)
    before = {group: node for group, node in owners.items() if node in old.node}
    leaving = (*removed, *rekeyed(old, new))
    in_after = ({*view, *added} & new.node.keys()) - set(leaving)
    after = place(new, view=in_after, owners=before, asked=asked, leaving=leaving, held=held)
    case = _Case(old, new, frozenset(view), before, after, asked, frozenset(held))
    effects = _with_parents(case, _effects(case))
    return Plan(
        changes=changes,
        effects=tuple(effects.values()),
        owners=after,
        release=tuple(_release(case, effects)),
        acquire=tuple(_acquire(case, effects)),
        topology=any(change.part == "topology" for change in changes),
        resources=any(change.part == "resources" for change in changes),
        added_nodes=added,
        removed_nodes=removed,
        added_adapters=tuple((node, name) for node, name, _ in new_adapters(old, new)),
    )


def kept(asked: Mapping[str, str], old: Configuration, new: Configuration) -> dict[str, str]:
    """Return earlier moves that a change does not speak of: they stay as they were asked."""
    return {
        group: node
        for group, node in asked.items()
        if group in new.group
        and apart_from_hold(new.group[group]) == apart_from_hold(old.group.get(group))
    }


def _effects(case: _Case) -> dict[str, GroupEffect]:
    names = [*case.new.group, *(name for name in case.old.group if name not in case.new.group)]
    return {name: _effect(case, name) for name in names}


def _effect(case: _Case, name: str) -> GroupEffect:
    source, target = case.owners.get(name, NOBODY), case.after.get(name, NOBODY)
    if name not in case.new.group:
        reason = "leaves the configuration"
        return GroupEffect(group=name, kind="stopped", source=source, reason=reason)
    if source == NOBODY:
        return _effect_of_idle(case, name, target)
    if target == NOBODY:
        reason = _why_offline(case, name, source)
        return GroupEffect(group=name, kind="stopped", source=source, reason=reason)
    if source != target:
        reason = _why_moved(case, name, source, target)
        return GroupEffect(group=name, kind="moved", source=source, target=target, reason=reason)
    if name not in case.old.group:
        return GroupEffect(
            group=name, kind="restarted", source=source, target=target, reason="defined anew"
        )
    kind, reason = verdict(case.old, case.new, name, source)
    if reason == NO_CHANGE:
        reason = late_return(case.new, name, source, case.present) or reason
    return GroupEffect(group=name, kind=kind, source=source, target=target, reason=reason)


def _effect_of_idle(case: _Case, name: str, target: str) -> GroupEffect:
    new = name not in case.old.group
    if target != NOBODY:
        reason = "new group" if new else "was offline, can start now"
        if case.asked.get(name) == target:
            reason = f"asked to start on {target}"
        return GroupEffect(group=name, kind="started", target=target, reason=reason)
    why = _why_offline(case, name, NOBODY)
    reason = f"new, but stays offline: {why}" if new else f"stays offline: {why}"
    return GroupEffect(group=name, kind="untouched", reason=reason)


def _why_offline(case: _Case, name: str, source: str) -> str:
    group = case.new.group[name]
    if name in case.held and source == NOBODY:
        return hold_text(group) or hold_text(case.old.group[name])
    if case.asked.get(name) == NOBODY:
        return "asked to be offline"
    idle = [parent for parent in group.after if case.after.get(parent, NOBODY) == NOBODY]
    if idle:
        return f"it runs after {join(idle)}, which is offline"
    rule = offline_by_rule(case.new, name, case.after, case.present)
    if rule:
        return rule
    if source != NOBODY and group.fallover == "bring-offline":
        return f"{source} is not in, and its fallover is bring-offline"
    if source == NOBODY and group.startup == "home-node" and group.nodes:
        home = group.nodes[0]
        why = ", which is on standby," if _on_standby(case, home) else ""
        return f"its home node {home}{why} cannot take it"
    why = _why_gone(case, source)
    if why:
        return why if is_instance(name) else f"{why}, and no other of its nodes can take it"
    return "none of its nodes can take it"


def _why_gone(case: _Case, node: str) -> str:
    """Return why a node that is in cannot keep what it has, "" if it stays and serves."""
    if node in case.view and node in case.new.node and node not in case.present:
        return f"{node} gets another key"
    return f"{node} goes to standby" if _on_standby(case, node) else ""


def _on_standby(case: _Case, node: str) -> bool:
    return node in case.new.node and case.new.node[node].standby


def _why_moved(case: _Case, name: str, source: str, target: str) -> str:
    group = case.new.group[name]
    if case.asked.get(name) == target:
        return f"asked to move to {target}"
    if source not in case.new.node:
        return f"{source} leaves the cluster"
    if source not in case.view:
        return f"{source} is not in"
    if source not in group.nodes:
        return f"{source} is no longer one of its nodes"
    gone = _why_gone(case, source)
    if gone:
        return gone
    missing = missing_networks(case.new, group, source)
    if missing:
        return f"{source} has no adapter on {join(missing)}"
    rule = moved_by_rule(case.new, name, case.after, source, case.asked)
    return rule or f"{target} has a higher priority (fallback)"


def _with_parents(case: _Case, effects: dict[str, GroupEffect]) -> dict[str, GroupEffect]:
    """A group that runs after another cannot run while that one is away: it restarts, too."""
    result = dict(effects)
    for name in in_order(case.new):
        effect = result[name]
        if effect.kind not in {"untouched", "reloaded"} or effect.target == NOBODY:
            continue
        away = [p for p in case.new.group[name].after if result[p].kind in {"moved", "restarted"}]
        if away:
            words = join(f"{parent} (which is {result[parent].kind})" for parent in away)
            result[name] = GroupEffect(
                group=name,
                kind="restarted",
                source=effect.source,
                target=effect.target,
                reason=f"runs after {words}",
            )
    return result


def _release(case: _Case, effects: Mapping[str, GroupEffect]) -> Iterator[tuple[str, str]]:
    """Children before parents, as the old configuration says; nobody releases on a dead node."""
    ordered = in_order(case.old)
    rest = tuple(name for name in effects if name not in ordered)
    for name in (*rest, *reversed(ordered)):
        effect = effects[name]
        if effect.kind in _LEAVES and effect.source in case.view:
            yield name, effect.source


def _acquire(case: _Case, effects: Mapping[str, GroupEffect]) -> Iterator[tuple[str, str]]:
    """Parents before children, as the new configuration says."""
    for name in in_order(case.new):
        effect = effects[name]
        if effect.kind in _COMES:
            yield name, effect.target
