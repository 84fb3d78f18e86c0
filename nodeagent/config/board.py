"""Where the groups are while they are placed one after the other."""

from collections import Counter
from collections.abc import Collection, Mapping

from nodeagent.model.configuration import Configuration
from nodeagent.model.ownership import NOBODY


class Board:
    """Where the groups are as far as is known: those placed, and the others where they run now.

    `load` is the weight of what each node owns so far.
    """

    def __init__(
        self, cfg: Configuration, owners: Mapping[str, str], view: Collection[str]
    ) -> None:
        self.placed: dict[str, str] = {}
        self.where: dict[str, str] = {}
        self.load = Counter[str]()
        self._groups = cfg.group
        for name, group in cfg.group.items():
            owner = owners.get(name, NOBODY)
            if owner != NOBODY and owner in view:
                self.where[name] = owner
                self.load[owner] += group.weight

    def put(self, name: str, node: str) -> None:
        """Place a group; "" is nowhere."""
        self.take_off(name)
        self.placed[name] = node
        if node != NOBODY:
            self.where[name] = node
            self.load[node] += self._groups[name].weight

    def take_off(self, name: str) -> None:
        """Count the group nowhere, while a place for it is looked for."""
        before = self.where.pop(name, NOBODY)
        if before != NOBODY:
            self.load[before] -= self._groups[name].weight

    def nodes_of(self, names: Collection[str]) -> frozenset[str]:
        """Return the nodes on which groups were placed."""
        return frozenset(self.placed.get(name, NOBODY) for name in names) - {NOBODY}
