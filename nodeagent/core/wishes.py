"""What administrators asked for that the configuration does not say: groups moved or offline.

A move leaves no rule behind in the configuration, but the next view must not undo it: the group
stays where it was put until that node leaves the view or the group fails there. A group that was
taken offline, or that its `bring-offline` policy brought down, stays offline until somebody acts or
the cluster is started anew. All of it follows from the decrees, so every node remembers the same.
"""

from collections.abc import Mapping

from nodeagent.model.configuration import Configuration
from nodeagent.model.ownership import NOBODY, Standing
from nodeagent.wire.peer import Commit, Value, ViewChange


class Wishes:
    """Groups that are not placed by policy alone: group to node, or to NOBODY for offline."""

    def __init__(self) -> None:
        self._asked: dict[str, str] = {}

    def placed(self) -> Mapping[str, str]:
        """Return the wishes in force, as `placement.place` takes them."""
        return dict(self._asked)

    def learn(
        self, before: Standing, value: Value, old: Configuration | None, new: Configuration
    ) -> None:
        """Take the next decree; `old` and `new` are the configurations before and after it."""
        if isinstance(value, Commit):
            self._committed(before, value, old, new)
        elif isinstance(value, ViewChange):
            self._viewed(before, value, new)

    def _committed(
        self, before: Standing, value: Commit, old: Configuration | None, new: Configuration
    ) -> None:
        for group in tuple(self._asked):
            changed = old is None or old.group.get(group) != new.group.get(group)
            if changed or value.owners.get(group) != self._asked[group]:
                del self._asked[group]
        for group, owner in value.owners.items():
            was = before.owners.get(group, NOBODY)
            if was == owner or old is None or old.group.get(group) != new.group.get(group):
                continue
            if (was and was in new.node) or owner == NOBODY:
                self._asked[group] = owner

    def _viewed(self, before: Standing, value: ViewChange, new: Configuration) -> None:
        if not any(value.view.get(node) == life for node, life in before.view.items()):
            self._asked.clear()  # nobody of before is left: the cluster is started anew
            return
        for group, owner in tuple(self._asked.items()):
            if owner != NOBODY and (owner not in value.view or value.owners.get(group) != owner):
                del self._asked[group]
        for group, owner in value.owners.items():
            was = before.owners.get(group, NOBODY)
            noun = new.group.get(group)
            if was and owner == NOBODY and noun and noun.fallover == "bring-offline":
                self._asked[group] = NOBODY
