"""Timed holds: groups that the cluster watches, but neither restarts, moves nor starts.

A hold protects what a person does to a group by hand. So it also stands when the group's node is
lost, as in other cluster managers: nobody knows how far that person came, and to start half of an
upgrade on another node may do more harm than the group being away. It ends by itself.
"""

from collections.abc import Iterator, Mapping

import msgspec

from nodeagent.config.instances import expanded
from nodeagent.config.words import time_text
from nodeagent.model.configuration import Configuration, Group
from nodeagent.model.plan import Plan

_TOUCHES = frozenset({"moved", "restarted", "stopped", "started"})


def is_held(group: Group | None, unix: float) -> bool:
    """Return whether the group is held at `unix` (seconds)."""
    return group is not None and group.hold_until is not None and unix < hold_end(group)


def hold_end(group: Group) -> float:
    """Return when the group's hold ends, in Unix seconds; 0 where it has none."""
    return group.hold_until.timestamp() if group.hold_until is not None else 0.0


def hold_text(group: Group) -> str:
    """Return "held until" with the time as the file has it."""
    return f"held until {time_text(group.hold_until)}" if group.hold_until is not None else ""


def held_groups(unix: float, *configurations: Configuration | None) -> frozenset[str]:
    """Return the groups that one of the configurations holds at `unix` (seconds).

    A change is judged by both sides: a hold that it takes away ends with the change and not in its
    middle, where an abort would have to bring the group back.
    """
    return frozenset(
        name
        for configuration in configurations
        if configuration is not None and any(one.hold_until for one in configuration.group.values())
        for name, group in expanded(configuration).group.items()
        if is_held(group, unix)
    )


def apart_from_hold(group: Group | None) -> Group | None:
    """Return what a group is but for its hold, to compare two by."""
    if group is None or group.hold_until is None:
        return group
    return msgspec.structs.replace(group, hold_until=None)


def forbidden(
    plan: Plan, held: frozenset[str], groups: Mapping[str, Group], asked: Mapping[str, str]
) -> str:
    """Return why holds forbid a change, naming the groups, "" where they do not.

    `groups` are those of the new configuration, `asked` the moves that the request names.
    """
    found = dict(_touched(plan, held, groups))
    now = {effect.group: effect.source for effect in plan.effects}
    for name, node in asked.items():
        if name in held and now.get(name, "") != node:
            found.setdefault(name, "it would be moved" if node else "it would be taken offline")
    if not found:
        return ""
    words = "; ".join(f"{name} is held ({why})" for name, why in found.items())
    return (
        f"{words}; wait until the hold ends, or end it: clustertui group unhold {next(iter(found))}"
    )


def _touched(
    plan: Plan, held: frozenset[str], groups: Mapping[str, Group]
) -> Iterator[tuple[str, str]]:
    kinds = {effect.group: effect.kind for effect in plan.effects}
    for effect in plan.effects:
        if effect.group not in held:
            continue
        group = groups.get(effect.group)
        parents = group.after if group and effect.source else ()
        away = [name for name in parents if kinds.get(name) in _TOUCHES - {"started"}]
        if effect.kind in _TOUCHES:
            yield effect.group, f"it would be {effect.kind}: {effect.reason}"
        elif away:
            yield effect.group, f"{away[0]}, which it runs after, would be {kinds[away[0]]}"
