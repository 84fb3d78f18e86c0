"""Since when nodes are in, and since when the cluster runs, as this node saw it.

Only a voter's own proposals go by it, and time only holds back (`config.times`). A voter whose
agent was started anew counts from then on: it waits longer than the others, who decide without it.
"""

from collections.abc import Collection, Mapping

from nodeagent.config.times import Moment, minute_of_day
from nodeagent.core.events import Now
from nodeagent.model.configuration import Configuration
from nodeagent.model.ownership import NOBODY, Standing


class Presence:
    """Remembers when each life of a node was first seen in the view."""

    def __init__(self, now_ms: int) -> None:
        self._since_ms: dict[tuple[str, int], int] = {}
        self._began_ms = now_ms
        self._waits: tuple[Configuration | None, bool] = (None, False)

    def look(self, view: Mapping[str, int], now: Now) -> None:
        """Take the decreed view of now."""
        known = self._since_ms
        lives = tuple(view.items())
        if lives and not any(life in known for life in lives):
            self._began_ms = now.ms
        self._since_ms = {life: known.get(life, now.ms) for life in lives}

    def moment(
        self, configuration: Configuration, now: Now, ran: Collection[str], *, starts: bool
    ) -> Moment:
        """Return the time for placement; `starts`: the view to be decided starts the cluster."""
        settling_ms = configuration.cluster.settling_seconds * 1000
        since = self._since_ms if self._has_delays(configuration) else {}
        return Moment(
            settling=settling_ms > 0 and (starts or now.ms - self._began_ms < settling_ms),
            in_ms={node: now.ms - began for (node, _), began in since.items()},
            minute=minute_of_day(now.unix),
            ran=frozenset(ran),
        )

    def _has_delays(self, configuration: Configuration) -> bool:
        """Return whether a group asks for how long nodes have been in: most moments are alike."""
        if self._waits[0] is not configuration:
            groups = configuration.group.values()
            self._waits = (configuration, any(group.fallback_delay_seconds for group in groups))
        return self._waits[1]


def starts_anew(standing: Standing, view: Mapping[str, int]) -> bool:
    """Return whether nobody who is in goes on from before: the cluster as a whole was started."""
    return not any(view.get(node) == life for node, life in standing.view.items())


def settled_owners(
    configuration: Configuration, owners: Mapping[str, str], view: Mapping[str, int]
) -> Mapping[str, str]:
    """Return the owners to go on from as the cluster starts.

    While it settles, an owner of before that is not back yet is late, not dead: its group is not
    taken over but starts, by its startup policy.
    """
    if not configuration.cluster.settling_seconds:
        return owners
    late = {
        group: NOBODY
        for group, owner in owners.items()
        if owner not in view
        and group in configuration.group
        and configuration.group[group].startup == "first-available"
    }
    return {**owners, **late}
