"""What the nodes' own words say about the cluster while a DARE's record is not to be had."""

from nodeagent.wire.live import ClusterLive, NodeLive


class Witness:
    """Which nodes were lost since the first word of them, and which groups each has online."""

    def __init__(self) -> None:
        self.lost: set[str] = set()
        self._incarnations: dict[str, int] = {}
        self._online: dict[str, set[str]] = {}

    def note(self, node: NodeLive) -> None:
        """Take a node's word."""
        first = self._incarnations.setdefault(node.node, node.incarnation)
        if node.state == "down" or node.incarnation != first:
            self.lost.add(node.node)
        self._online[node.node] = {g.group for g in node.groups if g.state == "online"}

    def is_put_back(self, base: ClusterLive, now: ClusterLive) -> bool:
        """Return whether the cluster `now` is as it was at `base`, but for the lost nodes.

        The same epoch; each group where it was, or taken over from a lost node; and all online.
        """
        if now.epoch != base.epoch or now.digest != base.digest:
            return False
        stays = all(
            now.owners.get(group) == owner or owner in self.lost
            for group, owner in base.owners.items()
        )
        return stays and all(
            not owner or group in self._online.get(owner, ()) for group, owner in now.owners.items()
        )


def moved_on(base: ClusterLive, now: ClusterLive) -> tuple[str, ...]:
    """Return in words which groups are elsewhere than at `base`."""
    return tuple(
        f"{group} went from {owner} to {now.owners.get(group) or 'nobody'}"
        for group, owner in base.owners.items()
        if now.owners.get(group) != owner
    )
