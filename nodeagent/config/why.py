"""Why rules between groups and times keep a group where it is, move it, or keep it offline."""

from collections.abc import Collection, Mapping

from nodeagent.config.placement import able, in_order
from nodeagent.config.rules import apart_of, sets_of
from nodeagent.config.times import is_delayed, waiting_text
from nodeagent.config.words import join
from nodeagent.model.configuration import Configuration
from nodeagent.model.ownership import NOBODY


def offline_by_rule(
    cfg: Configuration, name: str, after: Mapping[str, str], present: Collection[str]
) -> str:
    """Return which rule keeps the group offline, "" if none does.

    `after`: owners as they are planned. `present`: nodes that are in then.
    """
    group = cfg.group[name]
    fit = [node for node in group.nodes if node in present and able(cfg, group, node)]
    mates = _owned(_mates(cfg, name), after)
    if mates:
        place = after[mates[0]]
        if place not in fit:
            return f"it must be with {join(mates)}, on {place}, where it cannot run"
        fit = [place]
    apart = _owned(apart_of(cfg).get(name, ()), after)
    taken = [other for other in apart if after[other] in fit]
    if taken and {after[other] for other in taken} >= set(fit):
        return f"it must be apart from {join(taken)}, on {join(sorted(set(fit)))}"
    return ""


def moved_by_rule(
    cfg: Configuration, name: str, after: Mapping[str, str], source: str, asked: Mapping[str, str]
) -> str:
    """Return which rule moves the group away from `source`, which could serve it; "" if none."""
    target = after[name]
    mates = [mate for mate in _mates(cfg, name) if after.get(mate) == target]
    wanted = [mate for mate in mates if asked.get(mate) == target]
    if wanted:
        return f"it must be with {join(wanted)}, which is asked to move to {target}"
    driven = [other for other in apart_of(cfg).get(name, ()) if after.get(other) == source]
    if driven:
        return f"it must be apart from {join(sorted(driven))}, on {source}"
    first = bool(mates) and min((name, *mates), key=in_order(cfg).index) == name
    if not mates or (first and _returns(cfg, name, source, target)):
        return ""
    return f"it must be with {join(mates)}, on {target}"


def unkept_move(cfg: Configuration, name: str, node: str, after: Mapping[str, str]) -> str:
    """Return why the group does not go to `node` although somebody asks for it."""
    idle = [parent for parent in cfg.group[name].after if after.get(parent, NOBODY) == NOBODY]
    if idle:
        return f"it runs after {join(idle)}, which is offline"
    apart = [other for other in apart_of(cfg).get(name, ()) if after.get(other) == node]
    if apart:
        return f"it must be apart from {join(sorted(apart))}, on {node}"
    mates = [mate for mate in _owned(_mates(cfg, name), after) if after[mate] != node]
    if mates:
        return f"it must be with {join(mates)}, on {after[mates[0]]}"
    return "that node cannot take it now"


def late_return(cfg: Configuration, name: str, owner: str, present: Collection[str]) -> str:
    """Return where the group will return and when, "" if it waits for no time."""
    group = cfg.group[name]
    if group.fallback == "never" or not is_delayed(group) or owner not in group.nodes:
        return ""
    better = group.nodes[: group.nodes.index(owner)]
    best = [node for node in better if node in present and able(cfg, group, node)]
    return f"stays for now, returns to {best[0]} {waiting_text(group)}" if best else ""


def _returns(cfg: Configuration, name: str, source: str, target: str) -> bool:
    group = cfg.group[name]
    nodes = group.nodes
    return group.fallback == "higher-priority" and nodes.index(target) < nodes.index(source)


def _mates(cfg: Configuration, name: str) -> tuple[str, ...]:
    return tuple(mate for mate in sets_of(cfg).get(name, ()) if mate != name)


def _owned(names: Collection[str], after: Mapping[str, str]) -> list[str]:
    return sorted(name for name in names if after.get(name, NOBODY) != NOBODY)
