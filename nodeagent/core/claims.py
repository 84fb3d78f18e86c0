"""What only one group of a cluster may use at a time, and which groups ever did.

Decides nothing. A group that is renamed is another one by its name and the same one to clients: its
address, its folder and its disk must be let go under the old name before they are used under the
new one, and the other way round if that is undone. Told every configuration that was decided, and
the one that is staged.
"""

from collections.abc import Collection

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


class Claims:
    """Which group names ever claimed what."""

    def __init__(self) -> None:
        self._names: dict[str, set[str]] = {}
        self._known: set[str] = set()

    def note(self, configuration: Configuration) -> None:
        """Remember what its groups use."""
        self._known |= configuration.group.keys()
        for name, group in configuration.group.items():
            for claim in _claims(group):
                self._names.setdefault(claim, set()).add(name)

    def others(self, name: str, beside: Configuration, holders: Collection[str]) -> tuple[str, ...]:
        """Return the groups that claimed something of this one and are not in `beside` with it.

        Of the groups in `holders` that were told in no configuration, nobody knows what they claim:
        an earlier life of the agent tried them in a DARE that came to nothing.
        """
        claims = _claims(beside.group[name]) if name in beside.group else frozenset()
        if not claims:
            return ()
        found = {other for claim in claims for other in self._names.get(claim, ())}
        found |= set(holders) - self._known
        return tuple(sorted(found - beside.group.keys()))


def _claims(group: Group) -> frozenset[str]:
    """Return what the group uses alone; on all of its nodes at once nothing is used alone."""
    if is_concurrent(group):
        return frozenset()
    return frozenset(filter(None, map(_claim, group.resource.values())))


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
