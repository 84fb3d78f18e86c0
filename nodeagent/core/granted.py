"""When the voters last granted a lease to a node that is out: what it held ends that much sooner.

A lease has the word of a majority and is counted from the sending of its request. Two majorities
share a voter. So once voters that can decide have said, knowing the decree by which a node is out,
when each of them last granted it a lease, none of its leases began after the newest of these times:
from then on they grant it none. Each voter says so with every acknowledgement that it gives.

Times are told as ages, for no two nodes share a clock. An age is older when it arrives than when it
was told, so it is never taken for more than it was. What an agent granted before its own start it
forgot; it counts as granted at the start.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from nodeagent.wire.peer import Grant, LeaseAck


@dataclass
class Granted:
    """What this voter granted, and what the voters told of theirs. `began_ms`: this life's start.

    `deciders`: who decides, and by which rules; a lease of others before may still run.
    """

    began_ms: int
    deciders: object = ()
    deciders_since_ms: int = 0
    _granted_ms: dict[str, int] = field(default_factory=dict)
    _told: dict[str, tuple[int, dict[str, int]]] = field(default_factory=dict)

    def grant(self, node: str, now_ms: int) -> None:
        """Remember that this voter acknowledged a lease of `node`."""
        self._granted_ms[node] = now_ms

    def ages(self, nodes: Iterable[str], now_ms: int) -> tuple[Grant, ...]:
        """Return how long ago this voter last granted each of `nodes` a lease, at the least."""
        return tuple(
            Grant(node, now_ms - self._granted_ms.get(node, self.began_ms)) for node in nodes
        )

    def told(self, voter: str, m: LeaseAck, now_ms: int) -> None:
        """Take what a voter tells of its grants."""
        self._told[voter] = (m.slot, {one.node: now_ms - one.ms_ago for one in m.granted})

    def decided_by(self, deciders: object, now_ms: int) -> None:
        """Learn who decides from now on."""
        if deciders != self.deciders:
            self.deciders, self.deciders_since_ms = deciders, now_ms

    def newest_ms(
        self, node: str, slot: int, decides: Callable[[Collection[str]], bool]
    ) -> int | None:
        """Return when `node` was last granted a lease, None while too few told at `slot` or later.

        `decides` says whether some voters are enough to decide.
        """
        times = {
            voter: at[node]
            for voter, (known, at) in self._told.items()
            if known >= slot and node in at
        }
        return max(times.values()) if times and decides(times) else None
