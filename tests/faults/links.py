"""The links between the nodes of a box, in a private network: cut, one-way, lossy, and mended."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.faults import relay
from tui.demo.places import NETWORKS, NODE_NAMES, Places

LIMIT_S = 10.0
NODES_BITS = 27
"""All nodes of a network lie in its first 32 addresses, all service addresses behind them."""
SYSCTLS = {
    "all/rp_filter": 0,
    "all/accept_local": 1,
    f"{relay.DEVICE}/rp_filter": 0,
    f"{relay.DEVICE}/accept_local": 1,
    f"{relay.DEVICE}/route_localnet": 1,
}


def run(*arguments: str) -> None:
    """Run a program of the system; CalledProcessError with its words on failure."""
    subprocess.run(arguments, check=True, capture_output=True, timeout=LIMIT_S)


class Links:
    """Everything that nodes of the box in `places` say to each other goes through the relay."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._lost: dict[str, float] = {}
        relay_path = str(Path(relay.__file__))
        self._relay = subprocess.Popen(
            [sys.executable, "-I", "-S", relay_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._await_ok()
        run("ip", "link", "set", relay.DEVICE, "up", "mtu", "1500")
        for name, value in SYSCTLS.items():
            Path("/proc/sys/net/ipv4/conf", name).write_text(str(value))
        self._lead()

    def _lead(self) -> None:
        """Let what nodes send each other go out through the relay, and come in from it."""
        run("ip", "rule", "add", "pref", "10", "lookup", "local")
        run("ip", "rule", "del", "pref", "0")
        run("ip", "route", "add", "default", "dev", relay.DEVICE, "table", "100")
        for network in NETWORKS:
            nodes = self._places.subnet(network).replace(".0/24", f".0/{NODES_BITS}")
            ours = ("pref", "5", "iif", "lo", "from", nodes, "to", nodes)
            run("ip", "rule", "add", *ours, "lookup", "100")

    def lose(
        self,
        sources: Sequence[str],
        targets: Sequence[str],
        networks: Sequence[str] = NETWORKS,
        share: float = 1.0,
    ) -> None:
        """Lose a share of what these nodes say to those, in this direction."""
        for network in networks:
            for source in sources:
                for target in targets:
                    pair = f"{self._address(network, source)} {self._address(network, target)}"
                    self._lost[pair] = share
        self._tell()

    def mend(self) -> None:
        """Lose nothing any more."""
        self._lost.clear()
        self._tell()

    def close(self) -> None:
        """End the relay."""
        assert self._relay.stdin is not None
        self._relay.stdin.close()
        self._relay.wait(LIMIT_S)

    def _address(self, network: str, node: str) -> str:
        return self._places.node(network, NODE_NAMES.index(node))

    def _tell(self) -> None:
        assert self._relay.stdin is not None
        self._relay.stdin.write(json.dumps(self._lost).encode() + b"\n")
        self._relay.stdin.flush()
        self._await_ok()

    def _await_ok(self) -> None:
        assert self._relay.stdout is not None
        answer = self._relay.stdout.readline()
        assert answer == b"ok\n", f"the relay ended: {answer!r}"
