"""Concurrent groups: one group of the file that runs on all of its nodes at once.

The file says `startup = "all-available"`. What places, runs and counts groups reads the expanded
configuration, in which such a group stands as one ordinary group for each of its nodes: `web` on
alpha and bravo becomes `web@alpha` and `web@bravo`, each with one node. Names in a file have no @,
so an instance is called as no group can be. What edits or shows the file reads it as written.
"""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from nodeagent.model.configuration import Configuration, Group

CONCURRENT = "all-available"
MARK = "@"


def is_concurrent(group: Group) -> bool:
    """Return whether the group runs on all of its nodes at once; true for an instance, too."""
    return group.startup == CONCURRENT


def instance_name(group: str, node: str) -> str:
    """Return how the instance of a concurrent group on a node is called."""
    return f"{group}{MARK}{node}"


def is_instance(name: str) -> bool:
    """Return whether this is the name of an instance."""
    return MARK in name


def written_name(name: str) -> str:
    """Return the name by which the file knows a group or the group of an instance."""
    return name.partition(MARK)[0]


def node_of(name: str) -> str:
    """Return the node of an instance, "" for a group that is none."""
    return name.partition(MARK)[2]


def expanded(cfg: Configuration) -> Configuration:
    """Return `cfg` with an instance for each node of a concurrent group, in the group's place.

    The same object comes back where there is no concurrent group, or all are expanded already.
    """
    if not any(is_concurrent(group) and not is_instance(name) for name, group in cfg.group.items()):
        return cfg
    found = (part for name, group in cfg.group.items() for part in _parts(name, group))
    return replace(cfg, group=dict(found))


def instances(name: str, group: Group) -> tuple[str, ...]:
    """Return what a written group is called where it runs: its instances, or its own name."""
    return tuple(part for part, _ in _parts(name, group))


def meant(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the groups of an expanded configuration that a person means by `name`."""
    listed = tuple(known)
    if name in listed:
        return (name,)
    return tuple(one for one in listed if is_instance(one) and written_name(one) == name)


def _parts(name: str, group: Group) -> Iterator[tuple[str, Group]]:
    """Yield the group, or one for each of its nodes; policies of takeover mean nothing there."""
    if not is_concurrent(group) or is_instance(name):
        yield name, group
        return
    for node in dict.fromkeys(group.nodes):
        yield (
            instance_name(name, node),
            replace(
                group,
                nodes=(node,),
                fallover="next-node",
                fallback="never",
                fallback_delay_seconds=0.0,
                fallback_at="",
            ),
        )
