"""The cables of the lab: a bridge for each network, in a room of their own, and their faults.

Hosts and client know nothing of it: what is cut here is silent at their end, as with real cables.
"""

import os
import subprocess
from collections.abc import Iterable, Sequence

from tests.lab.plan import CLIENT_NUMBER, CLIENT_PLUGS, NETWORKS, PLUGS, Plan
from tests.lab.room import LIMIT_S, Room

CLIENT = "client"
TABLE = "lab"
_MENDED = f"""
add table bridge {TABLE}
delete table bridge {TABLE}
"""
_CONFIGURE = """
set -e
for words in "$@"; do
    echo "${words#*=}" > "/proc/sys/net/ipv4/${words%%=*}"
done
exec ip -batch -
"""
_SETTINGS = ("conf/all/rp_filter=0", "conf/all/arp_announce=2", "conf/all/arp_ignore=1")
"""Two adapters on one network: each speaks and answers for its own addresses (ip-sysctl)."""


class Switch:
    """All networks of one lab."""

    def __init__(self) -> None:
        self._room = Room("switch")
        self._plugged: dict[str, tuple[str, ...]] = {}
        lines = [f"link add {network} type bridge forward_delay 0" for network in NETWORKS]
        self._ip([*lines, *(f"link set {network} up" for network in NETWORKS)])

    def connect_client(self) -> None:
        """Give the lab's own program, which is the client, an adapter on each public network."""
        self._plug(CLIENT, os.getpid(), CLIENT_PLUGS)
        lines = ["link set lo up"]
        for name, network in CLIENT_PLUGS.items():
            lines += [
                f"addr add {NETWORKS[network]}.{CLIENT_NUMBER}/24 dev {name}",
                f"link set {name} up",
            ]
        words = "\n".join(lines) + "\n"
        subprocess.run(["ip", "-batch", "-"], input=words, text=True, check=True, timeout=LIMIT_S)

    def connect(self, room: Room, plan: Plan) -> None:
        """Give a host its adapters, with addresses, up."""
        plugs = plan.plugs(room.name)
        self._plug(room.name, room.pid, {plug.name: plug.network for plug in plugs})
        lines = []
        for number, plug in enumerate(plugs):
            address, table = plan.address(room.name, plug), 100 + number
            lines += [
                f"addr add {address}/24 dev {plug.name}",
                f"link set {plug.name} up",
                f"route add {NETWORKS[plug.network]}.0/24 dev {plug.name} table {table}",
                f"rule add from {address} lookup {table}",
            ]
        room.run("sh", "-c", _CONFIGURE, "sh", *_SETTINGS, text="\n".join(lines) + "\n")

    def _plug(self, owner: str, pid: int, plugs: dict[str, str]) -> None:
        lines = []
        for name, network in plugs.items():
            port = f"{owner}-{name}"
            lines += [
                f"link add dev {port} type veth peer name {name} netns {pid}",
                f"link set dev {port} master {network} up",
            ]
        self._ip(lines)
        self._plugged[owner] = tuple(f"{owner}-{name}" for name in plugs)

    # -- faults

    def ports(self, owner: str, plugs: Iterable[str] = ()) -> tuple[str, ...]:
        """Return the ports of a host, or only those of the named adapters."""
        wanted = {f"{owner}-{plug}" for plug in plugs}
        ports = self._plugged.get(owner, ())
        return tuple(port for port in ports if not wanted or port in wanted)

    def turn(self, ports: Sequence[str], *, on: bool) -> None:
        """Switch ports on or off; the adapter at the other end loses its link, or has it again."""
        self._ip([f"link set dev {port} {'up' if on else 'down'}" for port in ports])

    def turn_network(self, network: str, *, on: bool) -> None:
        """Switch a whole network on or off."""
        plugs = [plug.name for plug in PLUGS if plug.network == network]
        known = [f"{owner}-{plug}" for owner in self._plugged for plug in plugs]
        self.turn([p for ports in self._plugged.values() for p in ports if p in known], on=on)

    def part(self, *sides: Sequence[str]) -> None:
        """Let hosts of different sides hear nothing of each other; the client hears all of them."""
        pairs = [
            (one, other)
            for side in sides
            for hosts in sides
            if hosts is not side
            for one in self._ports_of(side)
            for other in self._ports_of(hosts)
        ]
        self._cut(pairs)

    def mute(self, ports: Sequence[str]) -> None:
        """Lose all that comes from or goes to these ports; their links stay up."""
        everybody = [port for owner in self._plugged for port in self.ports(owner)]
        pairs = [(one, other) for one in ports for other in everybody if one != other]
        both = [*pairs, *((other, one) for one, other in pairs)]
        self._cut(both)

    def mend(self) -> None:
        """Let all hear all again: the end of `part` and `mute`."""
        self._room.run("nft", "-f", "-", text=_MENDED)

    def disconnect(self, owner: str) -> None:
        """Take a host's cables away, both ends."""
        self._ip([f"link del dev {port}" for port in self._plugged.pop(owner, ())])

    def close(self) -> None:
        """Take the networks away; the client's end at once, for another lab may follow."""
        self.disconnect(CLIENT)
        self._room.end()

    def _cut(self, pairs: Sequence[tuple[str, str]]) -> None:
        words = [f'"{one}" . "{other}"' for one, other in dict.fromkeys(pairs)]
        self._room.run("nft", "-f", "-", text=_parted(words))

    def _ports_of(self, hosts: Sequence[str]) -> list[str]:
        return [port for host in hosts for port in self._plugged.get(host, ())]

    def _ip(self, lines: Sequence[str]) -> None:
        if lines:
            # Only in its network: `netns PID` counts processes as this program does.
            words = "\n".join(lines) + "\n"
            self._room.run("ip", "-batch", "-", text=words, spaces=("--net",))


def _parted(pairs: Sequence[str]) -> str:
    return f"""{_MENDED}
table bridge {TABLE} {{
    set cut {{
        type ifname . ifname
        elements = {{ {", ".join(pairs)} }}
    }}
    chain forward {{
        type filter hook forward priority 0
        iifname . oifname @cut drop
    }}
}}
"""
