"""A change of a configuration in one line."""

from nodeagent.model.plan import Change

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
