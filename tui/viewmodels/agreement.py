"""How many agents say that there is no quorum, where the one that is listened to says so.

An agent that is cut off from the others shows a cluster that is lost, while the others are well.
Decides from what agents told when the others are to be asked, and which of them is a better one.
"""

from collections.abc import Mapping

import msgspec

from nodeagent.wire.live import ClusterLive, Snapshot
from tui.viewmodels.spans import brief

NAMES = 24


class Agreement(msgspec.Struct, frozen=True):
    """What the other agents that are known say while `agent` has no quorum.

    `same` have none, either; `silent` do not answer; `better` is one that has it ("": none).
    """

    agent: str
    same: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    better: str = ""

    @property
    def text(self) -> str:
        """Return who says so, in words."""
        agent = brief(self.agent, NAMES)
        if self.better:
            return f"only {agent} says so; {brief(self.better, NAMES)} has it"
        if self.same:
            count = len(self.same) + 1
            return f"{count} of {count + len(self.silent)} agents say so{self._rest()}"
        if self.silent:
            return f"only {agent} says so{self._rest()}"
        return f"only {agent} says so, and no other agent is known"

    def _rest(self) -> str:
        if not self.silent:
            return ""
        names = brief(", ".join(self.silent), NAMES)
        return f"; no answer from {names}"


class Doubt(msgspec.Struct, frozen=True):
    """An agent that has no quorum ("": there is no doubt), and since when, in seconds."""

    agent: str = ""
    since_s: float = 0.0

    def heard(self, cluster: ClusterLive | None, now_s: float) -> "Doubt":
        """Return what is to be doubted now that an agent told this."""
        if cluster is None or cluster.quorum:
            return Doubt()
        return self if cluster.observer == self.agent else Doubt(cluster.observer, now_s)

    def lasts(self, now_s: float, patience_s: float) -> bool:
        """Return whether the others are to be asked: who just started does not hear them yet."""
        return bool(self.agent) and now_s - self.since_s >= patience_s


def agreement_with(cluster: ClusterLive, told: Mapping[str, Snapshot | None]) -> Agreement:
    """Return how what the other agents `told` agrees with one's `cluster` that has no quorum.

    None is no answer. The better one is who knows most of the agents that have quorum.
    """
    ours = {name: it.cluster for name, it in told.items() if it and _is_other(it.cluster, cluster)}
    able = [name for name, it in ours.items() if it.quorum and it.epoch >= cluster.epoch]
    better = max(able, key=lambda name: (ours[name].epoch, ours[name].slot), default="")
    same = tuple(name for name, it in ours.items() if not it.quorum)
    silent = tuple(name for name, it in told.items() if it is None)
    return Agreement(cluster.observer, same, silent, better)


def _is_other(it: ClusterLive, cluster: ClusterLive) -> bool:
    """Return whether it is of the same cluster and of another agent, whatever that is called."""
    return it.cluster == cluster.cluster and it.observer != cluster.observer
