"""Who owns each group, by one rule on every node: same configuration and view, same answer.

A group stays where it is while its owner is in and able to serve it. A group that never ran starts
by its startup policy; one whose owner failed follows its fallover policy. Nothing is moved for the
sake of balance: every move interrupts somebody.
"""

from collections.abc import Collection, Mapping
from heapq import heappop, heappush
from types import MappingProxyType

from msgspec import Struct

from nodeagent.model.configuration import Configuration, Group, ServiceAddress
from nodeagent.model.ownership import NOBODY

_NONE: Mapping[str, frozenset[str]] = MappingProxyType({})
_NOTHING: Mapping[str, str] = MappingProxyType({})


class _Situation(Struct, frozen=True):
    """What placement looks at."""

    cfg: Configuration
    view: frozenset[str]
    owners: Mapping[str, str]
    failed: Mapping[str, frozenset[str]]
    asked: Mapping[str, str]
    leaving: frozenset[str]
    ran: frozenset[str]


def place(
    cfg: Configuration,
    *,
    view: Collection[str],
    owners: Mapping[str, str],
    failed: Mapping[str, frozenset[str]] = _NONE,
    asked: Mapping[str, str] = _NOTHING,
    leaving: Collection[str] = (),
    ran: Collection[str] = (),
) -> dict[str, str]:
    """Return the owner of every group of `cfg` ("" is nobody).

    `view`: nodes that are in. `owners`: before. `failed`: nodes where a group failed. `asked`:
    wishes of the operator, "" for offline; they win where they are possible. `leaving`: nodes
    that go in good order, whose groups move even where the fallover policy would end them.
    `ran`: groups that somebody owned since the cluster was started: they start no more, they only
    come back, and for that any node is good enough.
    """
    inside = frozenset(view)
    gone = frozenset(leaving) - inside
    situation = _Situation(cfg, inside, owners, failed, asked, gone, frozenset(ran))
    placed: dict[str, str] = {}
    for name in in_order(cfg):
        parents = cfg.group[name].after
        waits = any(placed.get(parent, NOBODY) == NOBODY for parent in parents)
        placed[name] = NOBODY if waits else _choose(situation, name)
    return {name: placed.get(name, NOBODY) for name in cfg.group}


def in_order(cfg: Configuration) -> tuple[str, ...]:
    """Return the groups with parents first, else in the order of the file.

    Groups of a circle, and those behind one, are left out: verification refuses them, and
    nobody may start them.
    """
    names = tuple(cfg.group)
    waits = {name: len(set(cfg.group[name].after)) for name in names}
    children: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        for parent in set(cfg.group[name].after):
            children.setdefault(parent, []).append(index)
    ready = [index for index, name in enumerate(names) if not waits[name]]
    ordered = []
    while ready:
        name = names[heappop(ready)]
        ordered.append(name)
        for index in children.get(name, ()):
            waits[names[index]] -= 1
            if not waits[names[index]]:
                heappush(ready, index)
    return tuple(ordered)


def service_networks(group: Group) -> frozenset[str]:
    """Return the networks on which the group offers service addresses."""
    return frozenset(
        item.network for item in group.resource.values() if isinstance(item, ServiceAddress)
    )


def missing_networks(cfg: Configuration, group: Group, node: str) -> tuple[str, ...]:
    """Return the networks of the group's service addresses on which `node` has no adapter."""
    noun = cfg.node.get(node)
    present = {adapter.network for adapter in noun.adapter.values()} if noun else set()
    return tuple(sorted(service_networks(group) - present))


def able(cfg: Configuration, group: Group, node: str) -> bool:
    """Return whether `node` is listed by the group and reaches all its service networks."""
    return node in group.nodes and node in cfg.node and not missing_networks(cfg, group, node)


def _choose(at: _Situation, name: str) -> str:
    group = at.cfg.group[name]
    able_here = tuple(node for node in group.nodes if _can(at, group, node))
    wish = at.asked.get(name)
    if wish is not None and (wish == NOBODY or wish in able_here):
        return wish
    spoiled = at.failed.get(name, frozenset())
    good = tuple(node for node in able_here if node not in spoiled)
    owner = at.owners.get(name, NOBODY)
    if owner in good:
        return good[0] if group.fallback == "higher-priority" else owner
    if owner == NOBODY:
        known = name in at.ran or not spoiled.isdisjoint(group.nodes[:1])
        return _start(group, good, known=known)
    return _fall_over(at, group, owner, good, spoiled)


def _can(at: _Situation, group: Group, node: str) -> bool:
    return node in at.view and able(at.cfg, group, node)


def _start(group: Group, good: tuple[str, ...], *, known: bool) -> str:
    """Start by policy. A group that ran, or failed at home, has to fall over: any node will do."""
    home = group.nodes[:1]
    only_home = group.startup == "home-node" and not (group.fallover == "next-node" and known)
    candidates = tuple(node for node in good if node in home) if only_home else good
    return candidates[0] if candidates else NOBODY


def _fall_over(
    at: _Situation, group: Group, owner: str, good: tuple[str, ...], spoiled: frozenset[str]
) -> str:
    """Find the next node. An owner that is no longer fit by plan did not fail, so it only moves."""
    died = owner not in at.view and owner not in at.leaving
    if group.fallover == "bring-offline" and (died or owner in spoiled):
        return NOBODY
    return good[0] if good else NOBODY
