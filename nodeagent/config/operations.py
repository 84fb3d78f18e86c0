"""The two keys that operating a cluster changes in its file: standby of nodes, holds of groups.

All else that operators do, such as moving a group, leaves the file as it is.
"""

from datetime import datetime

from nodeagent.config.edit import EditError, set_value
from nodeagent.model.configuration import Configuration


def with_standby(text: str, node: str, *, standby: bool) -> str:
    """Return `text` with the node on standby, or serving again; EditError where it cannot be."""
    return set_value(text, ("node", node, "standby"), True if standby else None)


def with_hold(text: str, group: str, until: datetime | None) -> str:
    """Return `text` with the group held, None: not held; EditError where it cannot be."""
    return set_value(text, ("group", group, "hold-until"), until)


def only_operates(old: str, was: Configuration, new: str, becomes: Configuration) -> bool:
    """Return whether `new` is `old` but for these two keys, to the last byte."""
    try:
        for node, noun in becomes.node.items():
            if node in was.node and noun.standby != was.node[node].standby:
                old = with_standby(old, node, standby=noun.standby)
        for group, held in becomes.group.items():
            if group in was.group and held.hold_until != was.group[group].hold_until:
                old = with_hold(old, group, held.hold_until)
    except EditError:
        return False
    return old == new
