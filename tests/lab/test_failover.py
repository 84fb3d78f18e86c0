"""Real agents on machines of their own, with service and standby adapters, and cables to pull."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.waiting import until
from tests.support import namespaces
from tests.support.namespaces import Host, run

pytestmark = [
    pytest.mark.xdist_group("another-cluster-in-a-box"),
    pytest.mark.skipif(
        bool(namespaces.why_not("ping")),
        reason=namespaces.why_not("ping") or "private places can be made",
    ),
    pytest.mark.timeout(180),
]

NODES = ("alpha", "bravo", "charlie")
SERVICE = "10.88.1.100"
ADAPTERS = {
    "eth0": ("public", "service"),
    "eth1": ("public", "standby"),
    "eth2": ("back", "private"),
}
SUBNETS = {"public": "10.88.1", "back": "10.88.2"}


class Machine(Host):
    """A machine with an agent: three adapters, two of them on one network."""

    def __init__(self, name: str, number: int, folder: Path) -> None:
        super().__init__()
        self.name = name
        self.folder = folder / name
        self.log = folder / f"{name}.log"
        self.agent: subprocess.Popen[bytes] | None = None
        self.run("ip", "link", "set", "lo", "up")
        for place, (adapter, (network, _)) in enumerate(ADAPTERS.items()):
            self.plug(f"{name}{place}", adapter)
            run("ip", "link", "set", f"{name}{place}", "master", network)
            address = f"{SUBNETS[network]}.{10 * (place + 1) + number}/24"
            self.run("ip", "address", "add", address, "dev", adapter)

    def start(self) -> None:
        """Start the agent."""
        words = self.words(sys.executable, "-m", "nodeagent", "run", "--state", str(self.folder))
        with self.log.open("ab") as log:
            self.agent = subprocess.Popen(words, stdout=log, stderr=log)

    def pull(self, adapter: str) -> None:
        """Pull the cable of an adapter."""
        run("ip", "link", "set", f"{self.name}{list(ADAPTERS).index(adapter)}", "down")

    def push(self, adapter: str) -> None:
        """Plug the cable of an adapter in again."""
        run("ip", "link", "set", f"{self.name}{list(ADAPTERS).index(adapter)}", "up")

    def has(self, address: str = SERVICE) -> list[str]:
        """Return the interfaces that have an address."""
        told = json.loads(self.run("ip", "-j", "address"))
        return [one["ifname"] for one in told for a in one["addr_info"] if a["local"] == address]

    def told(self, text: str) -> bool:
        """Return whether the agent logged this."""
        return text in self.log.read_text()

    def close(self) -> None:
        """End the agent, then switch the machine off."""
        if self.agent is not None:
            self.agent.send_signal(signal.SIGKILL)
            self.agent.wait()
        super().close()


class Lab:
    """Three machines and a client, joined by two switches."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in SUBNETS:
            run("ip", "link", "add", name, "type", "bridge")
            run("ip", "link", "set", name, "up")
        run("ip", "address", "add", f"{SUBNETS['public']}.1/24", "dev", "public")
        self.machines = {n: Machine(n, i, folder) for i, n in enumerate(NODES, 1)}
        self.mark = f"{os.getpid()}.{id(self)}"

    def start(self) -> None:
        """Set all nodes up and start their agents."""
        keys = {}
        for name in NODES:
            file = self.folder / f"{name}.key"
            keys[name] = run(sys.executable, "-m", "nodeagent", "key", str(file)).split()[-1]
        config = self.folder / "cluster.toml"
        config.write_text(self._text(keys))
        for name, machine in self.machines.items():
            words = ("init", "--state", str(machine.folder), "--node", name)
            key = str(self.folder / f"{name}.key")
            run(sys.executable, "-m", "nodeagent", *words, "--config", str(config), "--key", key)
            machine.start()

    def _text(self, keys: dict[str, str]) -> str:
        parts = ['format = 1\n[cluster]\nname = "lab"\n']
        for network, start in SUBNETS.items():
            kind = "public" if network == "public" else "private"
            parts.append(f'[network.{network}]\nkind = "{kind}"\nsubnet = "{start}.0/24"\n')
        for number, name in enumerate(NODES, 1):
            parts.append(f'[node.{name}]\nkey = "{keys[name]}"\n')
            for place, (adapter, (network, role)) in enumerate(ADAPTERS.items()):
                address = f"{SUBNETS[network]}.{10 * (place + 1) + number}"
                parts.append(
                    f'[node.{name}.adapter.{adapter}]\nnetwork = "{network}"\nrole = "{role}"\n'
                    f'address = "{address}"\n'
                )
        parts.append(
            '[group.web]\nnodes = ["alpha", "bravo"]\nstartup = "home-node"\n'
            f'[group.web.resource.address]\ntype = "service-address"\nnetwork = "public"\n'
            f'address = "{SERVICE}"\n'
            '[group.web.resource.server]\ntype = "application"\nprocess = "foreground"\n'
            f'start = ["/bin/sleep", "100000"]\nenvironment = {{ LAB = "{self.mark}" }}\n'
        )
        return "\n".join(parts)

    def at(self) -> dict[str, list[str]]:
        """Return where the service address is."""
        found = {name: machine.has() for name, machine in self.machines.items()}
        return {name: interfaces for name, interfaces in found.items() if interfaces}

    def servers(self) -> set[int]:
        """Return the process numbers of the group's server."""
        found = set()
        for place in Path("/proc").iterdir():
            try:
                if place.name.isdigit() and f"LAB={self.mark}" in (place / "environ").read_text():
                    found.add(int(place.name))
            except OSError:
                continue
        return found

    def answers(self) -> bool:
        """Return whether the service address answers the client."""
        words = ("ping", "-c", "1", "-W", "1", SERVICE)
        return subprocess.run(words, capture_output=True).returncode == 0

    def close(self) -> None:
        """Switch all off."""
        for machine in self.machines.values():
            machine.close()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with namespaces.private(namespaces.NET):
        made = Lab(tmp_path)
        try:
            made.start()
            yield made
        finally:
            made.close()


async def settled(lab: Lab) -> None:
    await until(lambda: lab.at() == {"alpha": ["eth0"]}, "alpha has the address")
    await until(lab.servers)
    await until(lab.answers)


async def test_a_pulled_cable_moves_the_address_and_nothing_else(lab: Lab) -> None:
    await settled(lab)
    servers = lab.servers()

    lab.machines["alpha"].pull("eth0")

    await until(lambda: lab.at() == {"alpha": ["eth1"]}, "it moves to the standby adapter")
    await until(lab.answers)
    assert lab.servers() == servers, "the application goes on"
    assert lab.machines["alpha"].told("adapter eth0 on public failed")
    lab.machines["alpha"].push("eth0")
    await until(lambda: lab.machines["alpha"].told("adapter eth0 on public works again"))
    assert lab.at() == {"alpha": ["eth1"]}, "no needless interruption"

    lab.machines["alpha"].pull("eth1")
    await until(lambda: lab.at() == {"alpha": ["eth0"]}, "it returns when it must")
    await until(lab.answers)


async def test_without_a_good_adapter_the_group_leaves(lab: Lab) -> None:
    await settled(lab)

    lab.machines["alpha"].pull("eth0")
    lab.machines["alpha"].pull("eth1")

    await until(lambda: lab.at() == {"bravo": ["eth0"]}, "bravo takes the group over")
    await until(lab.answers)
    assert lab.machines["alpha"].agent is not None
    assert lab.machines["alpha"].agent.poll() is None


async def test_a_killed_agent_leaves_no_address(lab: Lab) -> None:
    await settled(lab)
    agent = lab.machines["alpha"].agent
    assert agent is not None

    agent.kill()

    await until(lambda: lab.machines["alpha"].has() == [], "its deadman takes it off")
    await until(lambda: lab.at() == {"bravo": ["eth0"]}, "bravo takes the group over")
    await until(lab.answers)
