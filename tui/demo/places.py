"""Where the cluster in a box lives: three networks of loopback that nobody else uses."""

import random
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

NETWORKS = ("public1", "public2", "private")
_SPOKEN = (
    *("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india"),
    *("juliett", "kilo", "lima", "mike", "november", "oscar", "papa", "quebec", "romeo"),
    *("sierra", "tango", "uniform", "victor", "whiskey", "xray", "yankee", "zulu"),
)
NODE_NAMES = (*_SPOKEN, *(f"node{number}" for number in range(len(_SPOKEN) + 1, 66)))
FEW = 8
"""So many nodes a place holds unless more are asked for."""
FIRST_HOST = 11
FIRST_SERVICE_HOST = 101
SERVICES_MAX = 8
USUAL_PORTS = (7410, 8080)
CLAIM_OFFSET = 4
"""Agents claim a service address on the port after their own four."""
TRIES = 40


class NoPlace(Exception):  # noqa: N818 - reads as a sentence
    """No free networks could be found on this machine."""


@dataclass(frozen=True, slots=True)
class Places:
    """The first two numbers of the networks' addresses, and the ports on them."""

    second: int
    third: int
    first_port: int = USUAL_PORTS[0]
    service_port: int = USUAL_PORTS[1]
    nodes: int = FEW

    def subnet(self, network: str) -> str:
        """Return a network in CIDR form."""
        return f"{self._prefix(network)}.0/24"

    def node(self, network: str, index: int) -> str:
        """Return the address of the node number `index` (from 0) on `network`."""
        return f"{self._prefix(network)}.{FIRST_HOST + index}"

    def service(self, network: str, index: int) -> str:
        """Return the service address number `index` (from 0) on `network`."""
        return f"{self._prefix(network)}.{FIRST_SERVICE_HOST + index}"

    @property
    def ports(self) -> tuple[int, ...]:
        """Return the agents' ports: control, heartbeat, admin, event."""
        return tuple(range(self.first_port, self.first_port + 4))

    def _prefix(self, network: str) -> str:
        return f"127.{self.second}.{self.third + NETWORKS.index(network)}"

    def uses(self) -> Iterator[tuple[str, int]]:
        """Yield every address and port that a demonstration may want."""
        for network in NETWORKS:
            for index in range(self.nodes):
                for port in self.ports:
                    yield self.node(network, index), port
            for index in range(SERVICES_MAX):
                yield self.service(network, index), self.service_port
                yield self.service(network, index), self.first_port + CLAIM_OFFSET


def find_places(
    chance: random.Random | None = None,
    judge: Callable[[Places], str] | None = None,
    nodes: int = FEW,
) -> Places:
    """Return places for `nodes` agents, with every address and port free now; NoPlace if none are.

    Drawn at random, so that two demonstrations that start at once do not meet. The usual ports
    are left when they are taken everywhere, as a real agent on this machine would do. `judge`
    says what is taken of a place, "" when nothing is (default: a look at this machine).
    """
    judge = judge or taken
    draw = chance or random.SystemRandom()
    problem = ""
    for number in range(TRIES):
        ports = USUAL_PORTS if number < TRIES // 2 else _other_ports(draw)
        places = Places(draw.randrange(10, 250), draw.randrange(0, 250), *ports, nodes)
        problem = judge(places)
        if not problem:
            return places
    raise NoPlace(f"no three free networks in 127.0.0.0/8 ({problem}); the demo needs Linux")


def _other_ports(draw: random.Random) -> tuple[int, int]:
    first = draw.randrange(20_000, 30_000)
    return first, first + 10


def taken(places: Places) -> str:
    """Return which address cannot be had and why, "" when all are free."""
    for address, port in places.uses():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                return f"{address}:{port}: {error.strerror}"
    return ""
