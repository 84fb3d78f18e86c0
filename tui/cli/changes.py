"""Changes and their effects as lines."""

from nodeagent.model.plan import Change, GroupEffect, Plan

_SIGNS = {"add": "+", "remove": "-", "change": "~"}


def change_line(change: Change) -> str:
    """Return a change as ``~ group.web nodes: alpha, bravo -> bravo``."""
    head = f"{_SIGNS[change.kind]} {change.object}"
    if change.key:
        head = f"{head} {change.key}"
    if change.kind == "change":
        return f"{head}: {change.old or 'none'} -> {change.new or 'none'}"
    detail = change.new or change.old
    return f"{head}: {detail}" if detail else head


def effect_row(effect: GroupEffect) -> tuple[str, str, str, str]:
    """Return (group, what happens to it, where, why)."""
    where = effect.target or effect.source
    if effect.kind == "moved":
        where = f"{effect.source} -> {effect.target}"
    return effect.group, effect.kind, where, effect.reason


def kind_line(plan: Plan) -> str:
    """Return what kind of DARE a plan is, in words."""
    return {
        "topology": "a change of the topology: no resource group moves",
        "resources": "a change of the resources",
        "both": "a change of topology and resources in one",
        "none": "nothing to change",
    }[plan.kind]
