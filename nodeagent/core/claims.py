"""What only one group of a cluster may use at a time, and which groups ever did.

Decides nothing. A group that is renamed is another one by its name and the same one to clients: its
address, its folder and its disk must be let go under the old name before they are used under the
new one, and the other way round if that is undone. Told every configuration that was decided, and
the one that is staged.
"""

from collections.abc import Iterable, Mapping

import msgspec

from nodeagent.config.instances import is_concurrent
from nodeagent.model.configuration import (
    Configuration,
    DataFolder,
    Group,
    Ocf,
    Resource,
    ServiceAddress,
)

NAMES_MAX = 500
"""So many names, the newest, are asked for at once: who ran an older one has no lease any more."""


class Claims:
    """Which group names ever claimed what, the newest last."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, None]] = {}

    def note(self, configuration: Configuration) -> None:
        """Remember what its groups use."""
        for name, group in configuration.group.items():
            self._add(name, claims_of(group))

    def restore(self, claims: Mapping[str, Iterable[str]]) -> None:
        """Take what an earlier life of the agent knew of DAREs that came to nothing."""
        for name, claimed in claims.items():
            self._add(name, claimed)

    def _add(self, name: str, claimed: Iterable[str]) -> None:
        for claim in claimed:
            names = self._names.setdefault(claim, {})
            names.pop(name, None)
            names[name] = None

    def others(self, name: str, beside: Configuration) -> tuple[str, ...]:
        """Return the groups that claimed something of this one and are not in `beside` with it."""
        claimed = claims_of(beside.group[name]) if name in beside.group else ()
        found = dict.fromkeys(other for one in claimed for other in self._names.get(one, ()))
        return tuple(other for other in found if other not in beside.group)[-NAMES_MAX:]


def claims_of(group: Group) -> tuple[str, ...]:
    """Return what the group uses alone; on all of its nodes at once nothing is used alone."""
    if is_concurrent(group):
        return ()
    return tuple(filter(None, map(_claim, group.resource.values())))


def _claim(resource: Resource) -> str:
    match resource:
        case ServiceAddress():
            return f"address {resource.address}"
        case DataFolder():
            return f"folder {resource.directory}"
        case Ocf() if resource.parameters:
            parameters = msgspec.json.encode(resource.parameters, order="sorted").decode()
            return f"{resource.agent} {parameters}"
        case _:
            return ""
