"""Configurations for the simulated world, written as text so that digests are those of files."""

from tests.simulation.world import CONSOLE_KEY

NAMES = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india")


def node_key(name: str) -> str:
    """Return a valid-looking public key for a node."""
    return (name * 40)[:40]


def cluster(nodes: int = 3, groups: tuple[str, ...] = ("web", "orders"), extra: str = "") -> str:
    """Return a configuration with `nodes` nodes on two networks and these groups."""
    names = NAMES[:nodes]
    parts = [
        'format = 1\n[cluster]\nname = "box"\n',
        (
            "[timing]\nheartbeat-ms = 100\ndead-after-ms = 1000\nlease-ms = 1500\nrenew-ms = 300\n"
            "watchdog-ms = 1000\nsuspend-ms = 8000\nstep-ms = 3000\n"
        ),
        f'[admin.me]\nkey = "{CONSOLE_KEY}"\n',
        '[network.public]\nkind = "public"\nsubnet = "10.1.0.0/24"\n',
        '[network.private]\nkind = "private"\nsubnet = "10.2.0.0/24"\n',
    ]
    for number, name in enumerate(names, start=11):
        parts.append(
            f'[node.{name}]\nkey = "{node_key(name)}"\n'
            f'[node.{name}.adapter.eth0]\nnetwork = "public"\nrole = "service"\n'
            f'address = "10.1.0.{number}"\n'
            f'[node.{name}.adapter.eth1]\nnetwork = "private"\nrole = "private"\n'
            f'address = "10.2.0.{number}"\n'
        )
    for number, group in enumerate(groups, start=100):
        order = names[(number - 100) % nodes :] + names[: (number - 100) % nodes]
        parts.append(group_text(group, order, number))
    return "\n".join((*parts, extra))


def group_text(name: str, nodes: tuple[str, ...], number: int, start: str = "/bin/true") -> str:
    """Return the tables of one group with an address and an application."""
    listed = ", ".join(f'"{node}"' for node in nodes)
    return (
        f'[group.{name}]\nnodes = [{listed}]\nstartup = "first-available"\n'
        f'[group.{name}.resource.address]\ntype = "service-address"\nnetwork = "public"\n'
        f'address = "10.1.0.{number}"\n'
        f'[group.{name}.resource.server]\ntype = "application"\nprocess = "foreground"\n'
        f'start = ["{start}"]\n'
    )
