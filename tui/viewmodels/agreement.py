"""How many agents say that there is no quorum, where the one that is listened to says so.

An agent that is cut off from the others shows a cluster that is lost, while the others are well.
Decides from what agents told when the others are to be asked, and which of them is a better one.
"""

from collections.abc import Collection, Mapping

import msgspec

from nodeagent.wire.live import ClusterLive, Snapshot
from tui.viewmodels.spans import brief

NAMES = 24


class Agreement(msgspec.Struct, frozen=True):
    """What the other agents that are known say while `agent` has no quorum.

    `same` have none, either; `able` have it; `silent` do not answer, though they are of the
    cluster; `better` is one of the able that knows as much as `agent` does ("": none).
    """

    agent: str
    same: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    better: str = ""
    able: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Return who says so, in words."""
        count = len(self.same) + 1
        asked = count + len(self.able) + len(self.silent)
        if asked == 1:
            return f"only {brief(self.agent, NAMES)} says so, and no other agent is known"
        only = f"only {brief(self.agent, NAMES)} says"
        who = f"{count} of {asked} agents say" if self.same else only
        return f"{who} so{self._able()}{self._silent()}"

    def _able(self) -> str:
        if self.better:
            return f"; {brief(self.better, NAMES)} has it"
        if not self.able:
            return ""
        names = brief(", ".join(self.able), NAMES)
        has, knows = ("have", "know") if len(self.able) > 1 else ("has", "knows")
        return f"; {names} {has} it, but {knows} an older epoch only"

    def _silent(self) -> str:
        if self.better or not self.silent:
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


def agreement_with(
    cluster: ClusterLive,
    told: Mapping[str, Snapshot | None],
    nodes: Collection[str] | None = None,
) -> Agreement:
    """Return how what the other agents `told` agrees with one's `cluster` that has no quorum.

    None is no answer; it counts where the agent is of one of the `nodes`, if these are known.
    Agents have the names that they tell. The better one is who knows most of the able.
    """
    ours = _others(told, cluster)
    able = {name: it for name, it in ours.items() if it.quorum}
    level = [name for name, it in able.items() if it.epoch >= cluster.epoch]
    better = max(level, key=lambda name: (able[name].epoch, able[name].slot), default="")
    same = tuple(name for name, it in ours.items() if not it.quorum)
    silent = tuple(name for name, it in told.items() if it is None)
    meant = tuple(name for name in silent if nodes is None or name in nodes)
    return Agreement(cluster.observer, same, meant, better, tuple(able))


def asked_as(told: Mapping[str, Snapshot | None], observer: str) -> str:
    """Return by which name the agent was asked that tells of itself as `observer`, "" if none."""
    names = (name for name, it in told.items() if it and it.cluster.observer == observer)
    return next(names, "")


def _others(told: Mapping[str, Snapshot | None], cluster: ClusterLive) -> dict[str, ClusterLive]:
    answers = (it.cluster for it in told.values() if it is not None)
    return {it.observer: it for it in answers if _is_other(it, cluster)}


def _is_other(it: ClusterLive, cluster: ClusterLive) -> bool:
    """Return whether it is of the same cluster and of another agent, whatever that is called."""
    return it.cluster == cluster.cluster and it.observer != cluster.observer
