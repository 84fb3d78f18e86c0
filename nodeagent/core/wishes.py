"""What administrators asked for that the configuration does not say: groups moved or offline.

A move leaves no rule behind in the configuration, but the next view must not undo it: the group
stays where it was put until that node leaves the view or the group fails there. A group that was
taken offline, or that its `bring-offline` policy brought down, stays offline until somebody acts or
the cluster is started anew. All of it follows from the decrees, so every node remembers the same.

Nobody asks for what only follows: a group that left a node because that may not have it any more,
or that went offline with a group it runs after or by a rule, comes back by its policies.
"""

from collections.abc import Mapping

from msgspec import UNSET

from nodeagent.config.holds import apart_from_hold
from nodeagent.config.placement import able
from nodeagent.config.why import offline_by_rule
from nodeagent.model.configuration import Configuration
from nodeagent.model.ownership import NOBODY, Standing
from nodeagent.wire.peer import Commit, Value, ViewChange


class Wishes:
    """Groups that are not placed by policy alone: group to node, or to NOBODY for offline."""

    def __init__(self) -> None:
        self._asked: dict[str, str] = {}
        self._lost: dict[str, str] = {}

    def placed(self) -> Mapping[str, str]:
        """Return the wishes in force, as `placement.place` takes them."""
        return dict(self._asked)

    def owners(self, owners: Mapping[str, str]) -> dict[str, str]:
        """Return `owners` with the lost owner of each group that nobody has while it is held.

        From there its policies go on when the hold ends.
        """
        return {**owners, **{g: n for g, n in self._lost.items() if not owners.get(g)}}

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
        for group in tuple(self._lost):
            if _changed(group, old, new) or value.owners.get(group):
                del self._lost[group]
        if value.asked is UNSET:
            self._infer(before, value, old, new)
        else:
            self._asked = dict(value.asked)

    def _infer(
        self, before: Standing, value: Commit, old: Configuration | None, new: Configuration
    ) -> None:
        """Take from the owners what was asked for: a forced decree and older ones do not say it."""
        for group in tuple(self._asked):
            if _changed(group, old, new) or value.owners.get(group) != self._asked[group]:
                del self._asked[group]
        for group, owner in value.owners.items():
            was = before.owners.get(group, NOBODY)
            if was == owner or _changed(group, old, new):
                continue
            if able(new, new.group[group], was) and (owner or not _follows(group, value, new)):
                self._asked[group] = owner

    def _viewed(self, before: Standing, value: ViewChange, new: Configuration) -> None:
        if not any(value.view.get(node) == life for node, life in before.view.items()):
            self._asked.clear()  # nobody of before is left: the cluster is started anew
            self._keep_lost(before, value, new)
            return
        for group, owner in tuple(self._asked.items()):
            if owner != NOBODY and (owner not in value.view or value.owners.get(group) != owner):
                del self._asked[group]
        for group, owner in value.owners.items():
            was = before.owners.get(group, NOBODY)
            noun = new.group.get(group)
            if owner:
                self._lost.pop(group, None)
            elif was and noun and noun.fallover == "bring-offline":
                self._asked[group] = NOBODY
            elif was and noun and noun.hold_until is not None:
                self._lost[group] = was

    def _keep_lost(self, before: Standing, value: ViewChange, new: Configuration) -> None:
        """Remember where held groups were, also when the whole cluster was away."""
        for group, owner in value.owners.items():
            was, noun = before.owners.get(group, NOBODY), new.group.get(group)
            if not owner and was and noun and noun.hold_until is not None:
                self._lost[group] = was


def _follows(group: str, value: Commit, new: Configuration) -> bool:
    """Return whether a group is offline because of another one: its parent, or by a rule."""
    idle = any(not value.owners.get(parent) for parent in new.group[group].after)
    return idle or bool(offline_by_rule(new, group, value.owners, value.view))


def _changed(group: str, old: Configuration | None, new: Configuration) -> bool:
    """Return whether a group is new, or another one; holding it does not make it another one."""
    if old is None or group not in old.group or group not in new.group:
        return True
    return apart_from_hold(old.group[group]) != apart_from_hold(new.group[group])
