"""Changes and their effects as lines."""

from nodeagent.model.plan import GroupEffect, Plan
from tui.viewmodels.changes import change_line

__all__ = ["change_line", "effect_row", "kind_line"]


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
