"""Ownership leases: a node may hold groups only while a majority of voters acknowledges it.

The holder asks all voters every `renew_ms`, and while it has a lease again after half of that as
long as no majority has acknowledged what it asked last; its lease ends `lease_ms` after the
*sending* of the request that a majority acknowledged, so a slow answer never makes it longer. A
voter acknowledges only nodes that are in by decree under the same incarnation, and none that a
value which it accepted would take out (ARCHITECTURE, Ownership). A lease outlives a change of
voters: what the old voters gave runs out by itself, and none of them renews it once it accepted the
change. It outlives a sleep of this node in the same way: the clock goes on meanwhile, so that what
is left of it when the node wakes is what a majority still grants, and what ended in its sleep is
over.

`takeover_wait_ms` is how long another node waits after the decree before it acquires what a silent
node held: the lease, 2 % for clocks, the watchdog, and one second.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from nodeagent.model.configuration import Timing

CLOCK_SPREAD_PERCENT = 2
MARGIN_MS = 1_000


def takeover_wait_ms(timing: Timing) -> int:
    """Return the takeover wait in milliseconds (ARCHITECTURE, Ownership)."""
    lease = timing.lease_ms * (100 + CLOCK_SPREAD_PERCENT) // 100
    return lease + timing.watchdog_ms + MARGIN_MS


@dataclass
class Lease:
    """This node's own lease."""

    sequence: int = 0
    asked_ms: int = -1_000_000
    sent: dict[int, int] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)
    kept_until_ms: int = -1_000_000_000
    _known: tuple[Collection[str], int, int] | None = None

    def due(self, now_ms: int, until_ms: int, timing: Timing) -> bool:
        """Return whether it is time to ask again for a lease that ends at `until_ms`."""
        unanswered = until_ms < self.asked_ms + timing.lease_ms
        hurries = unanswered and until_ms > now_ms  # without a lease there is nothing to lose
        pause_ms = timing.renew_ms // 2 if hurries else timing.renew_ms
        return now_ms - self.asked_ms >= pause_ms

    def ask(self, now_ms: int) -> int:
        """Return the sequence number of a new request sent now."""
        self.sequence += 1
        self.asked_ms = now_ms
        self.sent[self.sequence] = now_ms
        for old in [s for s in self.sent if s < self.sequence - 64]:
            del self.sent[old]
        return self.sequence

    def acknowledge(self, voter: str, sequence: int) -> None:
        """Take a voter's acknowledgement."""
        sent = self.sent.get(sequence)
        if sent is not None:
            self.acknowledged[voter] = max(sent, self.acknowledged.get(voter, sent))
            self._known = None

    def valid_until_ms(self, voters: Collection[str], timing: Timing, tie_breaker: str = "") -> int:
        """Return when the lease ends; before all time if no majority ever acknowledged it.

        Half of the voters are a majority if the `tie_breaker` is among them.
        """
        known = self._known  # asked after every event, and changes only with an acknowledgement
        if known is not None and known[0] is voters and known[1] == timing.lease_ms:
            return known[2]
        if not voters:
            return -1_000_000_000
        until = max(self.kept_until_ms, self._asked_ms(voters, tie_breaker) + timing.lease_ms)
        self._known = (voters, timing.lease_ms, until)
        return until

    def _asked_ms(self, voters: Collection[str], tie_breaker: str) -> int:
        """Return when the newest requests were sent that a majority acknowledged together."""
        never = -1_000_000_000
        times = sorted((self.acknowledged.get(v, never) for v in voters), reverse=True)
        asked = times[len(voters) // 2]
        if len(voters) % 2 == 0 and tie_breaker in voters:
            half = times[len(voters) // 2 - 1]
            asked = max(asked, min(half, self.acknowledged.get(tie_breaker, never)))
        return asked

    def keep(self, voters: Collection[str], timing: Timing, tie_breaker: str = "") -> None:
        """Keep what `voters` gave until it ends: from now on others decide, and are asked."""
        self.kept_until_ms = self.valid_until_ms(voters, timing, tie_breaker)
        self._known = None
