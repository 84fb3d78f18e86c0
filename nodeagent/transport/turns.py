"""How many handshakes are under way at one time, in which order, and how long one may take.

A handshake costs both ends together about two milliseconds of a processor. With many nodes that
start at once, all of them would be begun together and none be finished in time, and each that
failed would be begun anew: the same work again and again. So each node takes only its share of
them at once, and each begins with another peer.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

HANDSHAKES_MAX = 256
"""So many may be under way in the whole cluster; a small one begins all of them at once."""
AT_ONCE_MIN = 4
HANDSHAKE_SECONDS = (3.0, 20.0)
"""How long a handshake may take with few peers, and at most."""
EASY_PEERS = 8
TURN_PART = 4
"""A handshake that has taken this part of its time is waited for, but holds up no other."""
SILENCE_SECONDS = 1.5
SILENCE_BEATS = 5


@dataclass(slots=True)
class Turns:
    """What all links of a node go by: how many peers there are, and seconds between heartbeats."""

    peers: int = 0
    beat_s: float = 0.0
    first_s: float = HANDSHAKE_SECONDS[0]

    def at_once_for(self, *, there: bool) -> int:
        """Return with how many handshakes under way one more may begin.

        Peers that hang must not hold up one that is known to be `there`.
        """
        share = max(AT_ONCE_MIN, HANDSHAKES_MAX // (self.peers + 1))
        return 2 * share if there else share

    @property
    def handshake_s(self) -> float:
        """Return how long a first handshake may take."""
        return min(self.first_s * max(1.0, self.peers / EASY_PEERS), HANDSHAKE_SECONDS[1])

    @property
    def turn_s(self) -> float:
        """Return for how long a handshake holds up others."""
        return self.handshake_s / TURN_PART

    @property
    def silence_s(self) -> float:
        """Return after which silence a connected peer is listened to anew."""
        return max(SILENCE_SECONDS, self.handshake_s / 2, SILENCE_BEATS * self.beat_s)


def places_in_line(own: str, peers: Mapping[str, str]) -> dict[str, int]:
    """Return the place of each peer in this node's line; both are told by their keys.

    All nodes stand in one ring, and each begins with its next: in each round of the line a node
    is dialled by one other only.
    """
    ring: Collection[str] = sorted({own, *peers.values()})
    place = {key: index for index, key in enumerate(ring)}
    return {name: (place[key] - place[own]) % len(ring) for name, key in peers.items()}
