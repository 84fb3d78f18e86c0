"""Placement rules between groups: who must be on one node, and who must not.

Both rules count both ways, whoever names whom. `with` also counts through others: if a is with b
and b with c, all three form a set.
"""

from collections.abc import Collection, Mapping

from nodeagent.model.configuration import Configuration
from nodeagent.model.ownership import NOBODY


def sets_of(cfg: Configuration) -> dict[str, tuple[str, ...]]:
    """Return for each group with a set the groups of that set, itself included, as in the file."""
    sets: dict[str, list[str]] = {}
    for name, group in cfg.group.items():
        for other in group.together:
            if other in cfg.group and other != name:
                _join(sets, name, other)
    ranks = {name: rank for rank, name in enumerate(cfg.group)} if sets else {}
    ordered = {id(one): tuple(sorted(one, key=ranks.__getitem__)) for one in sets.values()}
    return {name: ordered[id(one)] for name, one in sets.items()}


def _join(sets: dict[str, list[str]], one: str, other: str) -> None:
    mine, theirs = sets.setdefault(one, [one]), sets.setdefault(other, [other])
    if mine is not theirs:
        mine += theirs
        sets |= dict.fromkeys(theirs, mine)


def apart_of(cfg: Configuration) -> dict[str, frozenset[str]]:
    """Return for each group with such a rule the groups that it must be apart from."""
    apart: dict[str, set[str]] = {}
    for name, group in cfg.group.items():
        for other in group.apart_from:
            if other in cfg.group and other != name:
                apart.setdefault(name, set()).add(other)
                apart.setdefault(other, set()).add(name)
    return {name: frozenset(others) for name, others in apart.items()}


def broken_rules(cfg: Configuration, owners: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the pairs of groups whose owners break a rule; a group without owner breaks none."""
    found = []
    for name, group in cfg.group.items():
        node = owners.get(name)
        found += [(name, other) for other in group.together if _differ(node, owners.get(other))]
        others = [other for other in group.apart_from if other != name]
        found += [(name, other) for other in others if node and node == owners.get(other)]
    return tuple(found)


def moves_taken_back(
    cfg: Configuration, owners: Mapping[str, str], before: Mapping[str, str], view: Collection[str]
) -> dict[str, str]:
    """Return `owners` without the moves that break a rule; such a group is where it was `before`.

    To nobody where that node is not in `view`. For whoever changes some of the owners that a
    placement gave, so that what stays may be beside what moves.
    """
    kept = dict(owners)
    while pairs := broken_rules(cfg, kept):
        found = {name for pair in pairs for name in pair}
        moved = [n for n in found if kept.get(n, NOBODY) not in (NOBODY, before.get(n, NOBODY))]
        if not moved:
            break  # they were beside each other before, and stay
        for name in moved:
            owner = before.get(name, NOBODY)
            kept[name] = owner if owner in view else NOBODY
    return kept


def _differ(one: str | None, other: str | None) -> bool:
    return bool(one and other and one != other)
