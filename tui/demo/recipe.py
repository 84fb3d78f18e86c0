"""The configurations of the cluster in a box, as a person would write them."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nodeagent.config import edit
from tui.demo import service, warden
from tui.demo.places import FEW, NETWORKS, NODE_NAMES, Places

ADAPTERS = {"eth0": "public1", "eth1": "public2", "eth2": "private"}
GROUPS = ("web", "orders")
"""Both are there from the start; the tour touches *web* and leaves *orders* alone."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the texts are made of: where it is, whose mark it carries, who has which key."""

    places: Places
    folder: Path
    mark: str
    keys: Mapping[str, str]
    console_key: str

    def address_of(self, group: str) -> str:
        """Return the service address that belongs to a group of the demonstration."""
        return self.places.service(*SERVICES[group])


SERVICES = {
    "web": ("public1", 0),
    "orders": ("public2", 1),
    "reports": ("public1", 2),
    "archive": ("public2", 3),
    "mail": ("public1", 4),
    "batch": ("public2", 5),
}
"""Network and number of each group's service address; more than are there at the start."""

_HEAD = """\
# A cluster in a box: every node is an agent on this machine, every address is on loopback.
# Change a copy of it and try `clustertui --key console.toml plan FILE`, then `apply FILE`; the key
# file lies beside this one.
format = 1

[cluster]
name = "box"
control-port = {control}
heartbeat-port = {heartbeat}
admin-port = {admin}
event-port = {event}
"""

_SHORT_TIMES = """
# Short times, so that a takeover can be watched; a real cluster uses the defaults.
[timing]
heartbeat-ms = 150
dead-after-ms = 1000
lease-ms = 1500
renew-ms = 300
watchdog-ms = 1000
suspend-ms = 8000
step-ms = 3000
"""

_LONG_TIMES = """
# Times for {nodes} agents that share one machine: together they send no more heartbeats a second
# than sixteen with the usual ones. Nodes with machines of their own use the defaults.
[timing]
heartbeat-ms = {heartbeat}
dead-after-ms = {dead}
lease-ms = {lease}
renew-ms = {renew}
watchdog-ms = {watchdog}
suspend-ms = {suspend}
step-ms = {step}
"""
EASY = 16
"""So many agents on one machine can have the heartbeats of a real cluster."""


def base_text(recipe: Recipe, names: Sequence[str]) -> str:
    """Return the configuration that the demonstration starts with, for the nodes `names`."""
    control, heartbeat, admin, event = recipe.places.ports
    parts = [_HEAD.format(control=control, heartbeat=heartbeat, admin=admin, event=event)]
    parts.append(_SHORT_TIMES if len(names) <= FEW else long_times(len(names)))
    for network in NETWORKS:
        kind = "private" if network == "private" else "public"
        subnet = recipe.places.subnet(network)
        parts.append(f'\n[network.{network}]\nkind = "{kind}"\nsubnet = "{subnet}"\n')
    text = "".join(parts)
    text = edit.add(text, ("admin", "console"), {"key": recipe.console_key, "role": "admin"})
    for name in names:
        text = with_node(text, recipe, name)
    first, second, *rest = names
    text = with_group(text, recipe, "web", (first, second, *rest))
    return with_group(text, recipe, "orders", (*rest, second, first))


def long_times(nodes: int) -> str:
    """Return the times of many agents on one machine.

    Heartbeats grow in number with the square of the nodes, so their interval does, too; the rest
    follows as verification asks for it.
    """
    heartbeat = 200 * max(nodes, EASY) ** 2 // EASY**2
    dead = 10 * heartbeat + 50 * (nodes - FEW)
    lease = dead * 3 // 2
    renew = lease // 6
    return _LONG_TIMES.format(
        nodes=nodes,
        heartbeat=heartbeat,
        dead=dead,
        lease=lease,
        renew=renew,
        watchdog=max(3_000, 2 * renew),
        suspend=lease * 10 // 3,
        step=max(4_000, 250 * nodes),
    )


def with_node(text: str, recipe: Recipe, name: str, adapters: Sequence[str] = ()) -> str:
    """Return `text` with a node on the named adapters (default: all)."""
    index = NODE_NAMES.index(name)
    nouns = {adapter: adapter_of(recipe, adapter, index) for adapter in adapters or tuple(ADAPTERS)}
    return edit.add(text, ("node", name), {"key": recipe.keys[name], "adapter": nouns})


def with_adapter(text: str, recipe: Recipe, node: str, adapter: str) -> str:
    """Return `text` with one more adapter on `node`."""
    noun = adapter_of(recipe, adapter, NODE_NAMES.index(node))
    return edit.add(text, ("node", node, "adapter", adapter), noun)


def adapter_of(recipe: Recipe, adapter: str, index: int) -> dict[str, str]:
    """Return the table of one adapter of the node number `index`."""
    network = ADAPTERS[adapter]
    role = "private" if network == "private" else "service"
    return {"network": network, "role": role, "address": recipe.places.node(network, index)}


def start_of(recipe: Recipe, group: str) -> tuple[str, ...]:
    """Return the words that start the HTTP service of a group."""
    program = (sys.executable, "-I", "-S", str(Path(service.__file__)))
    data = str(recipe.folder / "shared" / group)
    return (*program, group, recipe.address_of(group), str(recipe.places.service_port), data)


def with_group(text: str, recipe: Recipe, group: str, nodes: Sequence[str]) -> str:
    """Return `text` with a group of service address, data folder and HTTP service."""
    network, _ = SERVICES[group]
    address = recipe.address_of(group)
    data = str(recipe.folder / "shared" / group)
    return edit.add(
        text,
        ("group", group),
        {
            "nodes": tuple(nodes),
            "startup": "home-node",
            "fallover": "next-node",
            "resource": {
                "address": {"type": "service-address", "network": network, "address": address},
                "data": {"type": "data-folder", "directory": data},
                "server": {
                    "type": "application",
                    "start": start_of(recipe, group),
                    "process": "foreground",
                    "environment": {warden.MARK: recipe.mark},
                    "start-seconds": 5.0,
                    "stop-seconds": 3.0,
                    "interval-seconds": 1.0,
                },
            },
        },
    )
