"""Changes and their effects as lines."""

from nodeagent.model.plan import GroupEffect, Plan
from tui.cli.output import table_lines
from tui.viewmodels.changes import change_line
from tui.viewmodels.newcomers import must_answer
from tui.viewmodels.preview import Preview, forecast_text
from tui.viewmodels.survives import loss_lines, survival_lines, waivers

__all__ = ["change_line", "effect_row", "kind_line", "preview_lines"]


def preview_lines(found: Preview, epoch: int) -> list[str]:
    """Return what a change of `epoch` would do: changes, groups, failures, and who forbids it."""
    planned, lost = found.plan, waivers(found.endurance)
    rows = [(*effect_row(one), forecast_text(found.forecast(one.group))) for one in planned.effects]
    return [
        f"{kind_line(planned)}; epoch {epoch} is active",
        "changes",
        *(f"  {change_line(change)}" for change in planned.changes),
        "groups",
        *table_lines(rows),
        "failures",
        *(f"  {line}" for line in survival_lines(found.endurance)[:1]),
        *(f"  not survived any more: {line}" for line in loss_lines(found.endurance)),
        *([f"apply wants these waived: {lost}"] if lost else ()),
        *(must_answer(node) for node in planned.added_nodes),
        *([f"it would be refused: {found.forbidden}"] if found.forbidden else ()),
    ]


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
