"""Why a change touches a group that stays on its node: restarted, reloaded or not at all."""

from collections.abc import Iterator

from msgspec import Struct

from nodeagent.config.nouns import specs, written_type
from nodeagent.config.placement import service_networks
from nodeagent.config.words import join
from nodeagent.model.configuration import (
    Application,
    Configuration,
    DataFolder,
    Group,
    Ocf,
    Resource,
    Systemd,
)
from nodeagent.model.health import GroupEffectKind
from nodeagent.model.operations import Operations

_OPERATIONS = frozenset(Operations.__struct_fields__)
_LEARNED: dict[type[Struct], frozenset[str]] = {
    Application: _OPERATIONS
    | {"stop", "monitor", "startup_monitor", "stabilization_seconds", "failures_tolerated"},
    DataFolder: frozenset({"create"}),
    Ocf: _OPERATIONS | {"check_level", "reloadable"},
    Systemd: _OPERATIONS,
}
"""Values that a running resource learns without being started anew."""

NO_CHANGE = "no change"
Verdict = tuple[GroupEffectKind, str]


def verdict(old: Configuration, new: Configuration, name: str, owner: str) -> Verdict:
    """Return what the change does to group `name`, which stays on `owner`, and why."""
    before, after = old.group[name], new.group[name]
    restart = (*_resource_restarts(before, after), *_network_restarts(old, new, after, owner))
    if restart:
        return "restarted", join(restart)
    reload = tuple(_reloads(before, after))
    if reload:
        return "reloaded", join(reload)
    policies = tuple(_policies(before, after))
    if policies:
        return "untouched", f"only {join(policies)} changed"
    return "untouched", NO_CHANGE


def _resource_restarts(old: Group, new: Group) -> Iterator[str]:
    for name, resource in new.resource.items():
        if name not in old.resource:
            yield f"resource {name} added"
        else:
            yield from _restart_reasons(name, old.resource[name], resource)
    for name in old.resource:
        if name not in new.resource:
            yield f"resource {name} removed"


def _restart_reasons(name: str, old: Resource, new: Resource) -> Iterator[str]:
    if written_type(old) != written_type(new):
        yield f"type of {name} changed"
        return
    for key in _changed(old, new, learned=False):
        yield f"{key} of {name} changed"


def _reloads(old: Group, new: Group) -> Iterator[str]:
    for name, resource in new.resource.items():
        for key in _changed(old.resource[name], resource, learned=True):
            yield f"{key} of {name} changed"
    if tuple(old.resource) != tuple(new.resource):
        yield "order of resources changed"


def _changed(old: Resource, new: Resource, *, learned: bool) -> Iterator[str]:
    for spec in specs(type(new)).values():
        differs = getattr(old, spec.attribute) != getattr(new, spec.attribute)
        if differs and _is_learned(spec.attribute, old, new) == learned:
            yield spec.key


def _is_learned(attribute: str, old: Resource, new: Resource) -> bool:
    if attribute == "parameters" and isinstance(old, Ocf) and isinstance(new, Ocf):
        changed = dict(old.parameters.items() ^ new.parameters.items())
        return set(changed) <= set(new.reloadable)
    return attribute in _LEARNED.get(type(new), frozenset())


def is_told(old: Resource, new: Resource) -> bool:
    """Return whether a running resource must be told what changed: its driver's reload."""
    return isinstance(old, Ocf) and isinstance(new, Ocf) and old.parameters != new.parameters


def _policies(old: Group, new: Group) -> Iterator[str]:
    words = {
        "nodes": "takeover order",
        "after": "parents",
        "together": "with",
        "hold_until": "the hold",
    }
    for spec in specs(Group).values():
        if spec.kind == "resources":
            continue
        if getattr(old, spec.attribute) != getattr(new, spec.attribute):
            yield words.get(spec.attribute, f"{spec.key} policy")


def _network_restarts(
    old: Configuration, new: Configuration, group: Group, owner: str
) -> Iterator[str]:
    """A service address sits on an adapter: what changes under it interrupts it."""
    for network in sorted(service_networks(group)):
        before, after = old.network.get(network), new.network.get(network)
        if before is not None and after is not None and before.subnet != after.subnet:
            yield f"subnet of {network} changed"
        yield from _adapter_restarts(old, new, network, owner)


def _adapter_restarts(
    old: Configuration, new: Configuration, network: str, owner: str
) -> Iterator[str]:
    noun = new.node.get(owner)
    for node, name, adapter in old.adapters_on(network):
        if node != owner or noun is None:
            continue
        now = noun.adapter.get(name)
        if now is None or now.network != network:
            yield f"{owner} loses adapter {name} on {network}"
        elif now.address != adapter.address:
            yield f"address of adapter {name} of {owner} changed"
