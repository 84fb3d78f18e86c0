"""What two configurations have in common, and what is new: pure answers for the staged tables.

Blocks 128 and 140 of the patent set states in the *staged* tables: what is in both keeps its
state, what is only in one is offline.
"""

from nodeagent.config.holds import apart_from_hold
from nodeagent.model.configuration import Configuration, Fence


def _objects(configuration: Configuration | None) -> dict[str, object]:
    if configuration is None:
        return {}
    found: dict[str, object] = {f"network {n}": v for n, v in configuration.network.items()}
    found |= {f"node {n}": v.key for n, v in configuration.node.items()}
    found |= {
        f"adapter {n}/{a}": v
        for n, node in configuration.node.items()
        for a, v in node.adapter.items()
    }
    found |= {f"group {n}": v for n, v in configuration.group.items()}
    return found


def kept_lines(old: Configuration | None, new: Configuration) -> list[str]:
    """Return what is alike in both, one line per kind."""
    before, after = _objects(old), _objects(new)
    kept = [name for name, value in after.items() if before.get(name) == value]
    kinds: dict[str, list[str]] = {}
    for name in kept:
        kind, _, rest = name.partition(" ")
        kinds.setdefault(kind, []).append(rest)
    return [f"kept {kind}s: {', '.join(names)}" for kind, names in kinds.items()]


def offline_lines(old: Configuration | None, new: Configuration) -> list[str]:
    """Return what is only in one of the two, or differs: offline in the staged tables."""
    before, after = _objects(old), _objects(new)
    lines = [f"leaves: {name}" for name in before if name not in after]
    lines += [f"comes: {name}" for name in after if name not in before]
    lines += [f"changes: {n}" for n, v in after.items() if n in before and before[n] != v]
    return lines or ["nothing is only in one of the two"]


def changed_groups(old: Configuration | None, new: Configuration) -> tuple[str, ...]:
    """Return the groups of `new` that are not the same in `old`, whether they are held or not."""
    before = old.group if old else {}
    return tuple(
        name
        for name, group in new.group.items()
        if apart_from_hold(before.get(name)) != apart_from_hold(group)
    )


def fences_to_verify(
    old: Configuration | None, new: Configuration, name: str
) -> tuple[tuple[str, str, Fence], ...]:
    """Return (node, name, device) of changed devices that node `name` may have to use.

    A witness owns nothing, so it never has to make sure that another node lets go.
    """
    own = new.node.get(name)
    if own is None or own.role == "witness":
        return ()
    return tuple(
        (node, device, fence)
        for node, noun in new.node.items()
        for device, fence in noun.fence.items()
        if node != name and _fence_before(old, node, device) != fence
    )


def _fence_before(old: Configuration | None, node: str, device: str) -> Fence | None:
    noun = old.node.get(node) if old else None
    return noun.fence.get(device) if noun else None
