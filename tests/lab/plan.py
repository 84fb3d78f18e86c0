"""The cluster of the patent's Fig. 1 on paper: hosts, networks, adapters, addresses, groups.

Every network lies in namespaces of the lab alone, so the addresses are the same in each lab.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nodeagent.config import edit
from nodeagent.config.load import load
from tests.lab import power
from tui.demo import service, warden

NETWORKS = {"public1": "10.77.1", "public2": "10.77.2", "private1": "10.77.3"}
CLIENT_PLUGS = {"pub1": "public1", "pub2": "public2"}
CLIENT_NUMBER = 201
HOSTS_MAX = 40
SERVICE_PORT = 8080
CONTROL_PORT, HEARTBEAT_PORT, ADMIN_PORT, EVENT_PORT = range(7410, 7414)
GROUPS = {"web": ("public1", 101), "orders": ("public2", 102), "mail": ("public1", 103)}
GROUPS |= {"ledger": ("public1", 104)}
"""Network and number of each group's service address; *mail* is not there at the start, *ledger*
only in the story of the database."""

ON_DISK = "web"
"""The group whose data are on the shared disk, where there is one."""


@dataclass(frozen=True, slots=True)
class Plug:
    """An adapter that every host has: its interface, and the number of the first host there."""

    name: str
    network: str
    role: str
    first: int


PLUGS = (
    Plug("pub1a", "public1", "service", 11),
    Plug("pub1s", "public1", "standby", 51),
    Plug("pub2a", "public2", "service", 11),
    Plug("pub2s", "public2", "standby", 51),
    Plug("priv1", "private1", "private", 11),
)

CONSOLE_PLUG = PLUGS[2]
"""Consoles come in by public2, so that faults of public1 can be watched."""

SHORT = """\
# Short times, so that a takeover can be watched; a real cluster uses the defaults.
[timing]
heartbeat-ms = 100
dead-after-ms = 1000
lease-ms = 1500
renew-ms = 300
watchdog-ms = 1000
suspend-ms = 8000
step-ms = 3000
"""

CALM = """\
# Times for many agents on few processors.
[timing]
heartbeat-ms = 500
dead-after-ms = 6000
lease-ms = 8000
renew-ms = 1500
watchdog-ms = 2000
suspend-ms = 40000
step-ms = 12000
"""

EQUAL = """\
# What a peer with a token of 1000 ms is compared with: the same time until a node counts as dead.
[timing]
heartbeat-ms = 100
dead-after-ms = 1000
lease-ms = 1200
renew-ms = 200
watchdog-ms = 800
suspend-ms = 8000
step-ms = 3000
"""

TIMES = {"short": SHORT, "calm": CALM, "equal": EQUAL, "default": ""}
"""Times of the configuration by name; the empty text leaves the defaults."""

_HEAD = """\
# A cluster of hosts in namespaces: two public networks, a private one, and a standby adapter beside
# each service adapter.
format = 1

[cluster]
name = "lab"
control-port = {control}
heartbeat-port = {heartbeat}
admin-port = {admin}
event-port = {event}
{fencing}
{timing}"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the texts are made of. `hosts`: all that may be, in order; the order gives addresses.

    `device`: of the shared disk with the data of *web*; where there is none they lie in a folder
    that all hosts see. `restarts`: how often a service may fail before its group goes elsewhere.
    `fenced`: hosts can switch each other off, and must before they take over.
    """

    hosts: tuple[str, ...]
    witnesses: tuple[str, ...]
    folder: Path
    mark: str
    keys: Mapping[str, str]
    console_key: str
    python: str
    timing: str = SHORT
    standby: bool = True
    device: str = ""
    restarts: int = 1
    fenced: bool = False

    def address(self, host: str, plug: Plug) -> str:
        """Return the boot address of an adapter of `host`."""
        return f"{NETWORKS[plug.network]}.{plug.first + self.hosts.index(host)}"

    def plugs(self, host: str) -> tuple[Plug, ...]:
        """Return the adapters of `host`; a witness serves nobody, so it has none to stand by."""
        if host in self.witnesses or not self.standby:
            return tuple(plug for plug in PLUGS if plug.role != "standby")
        return PLUGS

    # -- the configuration

    def base(self, names: Sequence[str], groups: Mapping[str, Sequence[str]]) -> str:
        """Return the first configuration, of the hosts `names`; `groups`: their takeover orders."""
        text = _HEAD.format(
            control=CONTROL_PORT,
            heartbeat=HEARTBEAT_PORT,
            admin=ADMIN_PORT,
            event=EVENT_PORT,
            timing=self.timing,
            fencing="fence-required = true\n" if self.fenced else "",
        )
        for network, prefix in NETWORKS.items():
            kind = "private" if network.startswith("private") else "public"
            text += f'\n[network.{network}]\nkind = "{kind}"\nsubnet = "{prefix}.0/24"\n'
        text = edit.add(text, ("admin", "console"), {"key": self.console_key, "role": "admin"})
        for name in names:
            text = self.with_node(text, name)
        for group, nodes in groups.items():
            text = self.with_group(text, group, nodes)
        return text

    def with_node(self, text: str, name: str, networks: Sequence[str] = tuple(NETWORKS)) -> str:
        """Return `text` with one more host, on the named networks."""
        adapters = {
            plug.name: {
                "network": plug.network,
                "role": plug.role,
                "address": self.address(name, plug),
            }
            for plug in self.plugs(name)
            if plug.network in networks
        }
        role = "witness" if name in self.witnesses else "member"
        noun: dict[str, object] = {"key": self.keys[name], "role": role, "adapter": adapters}
        if self.fenced:
            noun["fence"] = {"power": {"agent": power.AGENT, "parameters": {"plug": name}}}
        return edit.add(text, ("node", name), noun)

    def with_group(self, text: str, group: str, nodes: Sequence[str]) -> str:
        """Return `text` with a group of service address, data folder and HTTP service."""
        network, _ = GROUPS[group]
        address, data = address_of(group), str(self.data(group))
        resources = {
            "address": {"type": "service-address", "network": network, "address": address},
            "data": self._data(group),
            "server": self._program(
                Path(service.__file__), group, address, str(SERVICE_PORT), data
            ),
        }
        return edit.add(text, ("group", group), {"nodes": tuple(nodes), "resource": resources})

    def data(self, group: str) -> Path:
        """Return where the service of `group` finds its data."""
        return self.folder / "shared" / group

    def _data(self, group: str) -> dict[str, str]:
        directory = str(self.data(group))
        if group == ON_DISK and self.device:
            noun = {"type": "filesystem", "device": self.device, "fstype": "ext4"}
            return {**noun, "directory": directory}
        return {"type": "data-folder", "directory": directory}

    def _program(self, path: Path, *words: str) -> dict[str, object]:
        return {
            "type": "application",
            "start": (self.python, "-I", "-S", str(path), *words),
            "process": "foreground",
            "environment": {warden.MARK: self.mark},
            "start-seconds": 5.0,
            "stop-seconds": 3.0,
            "interval-seconds": 1.0,
            "restart-count": self.restarts,
        }


def address_of(group: str) -> str:
    """Return the service address of a group."""
    network, number = GROUPS[group]
    return f"{NETWORKS[network]}.{number}"


def without_network(text: str, network: str) -> str:
    """Return `text` without a network and all adapters on it."""
    configuration = load(text, "lab").configuration
    assert configuration is not None, "what is edited here was verified"
    for node, name, _ in configuration.adapters_on(network):
        text = edit.remove(text, ("node", node, "adapter", name))
    return edit.remove(text, ("network", network))
