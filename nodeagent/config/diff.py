"""What is different between two configurations, object by object, in words of the file.

Topology comes first, then groups, each in the order of the new file with what goes at the end. An
object that comes or goes is one change, and so is each key of one that stays. Two configurations
with equal topology and resources digests have no differences, and the other way round.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from nodeagent.config.nouns import FieldSpec, specs, written_type
from nodeagent.config.roles import role_text, under_role
from nodeagent.config.words import key_text, value_text
from nodeagent.model.configuration import (
    Adapter,
    Admin,
    Application,
    Configuration,
    DataFolder,
    Filesystem,
    Ocf,
    Resource,
    ServiceAddress,
    Systemd,
)
from nodeagent.model.plan import Change, ChangeKind, Part

_RESOURCES = (ServiceAddress, DataFolder, Filesystem, Application, Ocf, Systemd)


def diff(old: Configuration, new: Configuration) -> tuple[Change, ...]:
    """Return every change from `old` to `new`, topology first."""
    return (*_topology(old, new), *_groups(old, new))


def rekeyed(old: Configuration, new: Configuration) -> tuple[str, ...]:
    """Return the nodes that get another key: they are away until their agents run with it."""
    both = (node for node in new.node if node in old.node)
    return tuple(node for node in both if old.node[node].key != new.node[node].key)


def new_adapters(old: Configuration, new: Configuration) -> Iterator[tuple[str, str, Adapter]]:
    """Yield (node, name, adapter) of what nobody heard yet: at an address or network new to it.

    An adapter with another name or role is the same, and so is a network with another name.
    """
    for node, noun in new.node.items():
        before = old.node[node].adapter.values() if node in old.node else ()
        known = {adapter.address: adapter.network for adapter in before}
        for name, adapter in noun.adapter.items():
            network = known.get(adapter.address)
            if network is None or not _same_network(old, network, new, adapter.network):
                yield node, name, adapter


def _same_network(old: Configuration, before: str, new: Configuration, after: str) -> bool:
    one, other = old.network.get(before), new.network.get(after)
    renamed = one is not None and other is not None and one.subnet == other.subnet
    return before == after or renamed


def _topology(old: Configuration, new: Configuration) -> Iterator[Change]:
    yield from _cluster(old, new)
    yield from _fields("topology", "timing", old.timing, new.timing)
    for kind in ("network", "node", "admin", "event"):
        before: Mapping[str, Struct] = getattr(old, kind)
        after: Mapping[str, Struct] = getattr(new, kind)
        yield from _tables("topology", kind, before, after)


def _cluster(old: Configuration, new: Configuration) -> Iterator[Change]:
    for change in _fields("topology", "cluster", old.cluster, new.cluster):
        if change.key != "voters":
            yield change
    if set(old.voters()) != set(new.voters()):
        yield Change(
            kind="change",
            part="topology",
            object="cluster",
            key="voters",
            old=_voters(old),
            new=_voters(new),
        )


def _voters(cfg: Configuration) -> str:
    chosen = value_text(cfg.voters())
    return chosen if cfg.cluster.voters else f"{chosen} (by default)"


def _groups(old: Configuration, new: Configuration) -> Iterator[Change]:
    yield from _tables("resources", "group", old.group, new.group)


def _tables(
    part: Part, parent: str, old: Mapping[str, Struct], new: Mapping[str, Struct]
) -> Iterator[Change]:
    for name, noun in new.items():
        path = f"{parent}.{key_text(name)}"
        if name not in old:
            yield from _whole("add", part, path, noun)
        elif type(old[name]) is not type(noun):
            yield Change(
                kind="change",
                part=part,
                object=path,
                key="type",
                old=_summary(old[name]),
                new=_summary(noun),
            )
        else:
            yield from _object(part, path, old[name], noun)
    for name, noun in old.items():
        if name not in new:
            yield from _whole("remove", part, f"{parent}.{key_text(name)}", noun)


def _object(part: Part, path: str, old: Struct, new: Struct) -> Iterator[Change]:
    yield from _fields(part, path, old, new)
    for spec in _children(new):
        before, after = getattr(old, spec.attribute), getattr(new, spec.attribute)
        yield from _tables(part, f"{path}.{spec.key}", before, after)
        if spec.kind == "resources":
            yield from _order(path, before, after)


def _order(path: str, old: Mapping[str, Resource], new: Mapping[str, Resource]) -> Iterator[Change]:
    before = tuple(name for name in old if name in new)
    after = tuple(name for name in new if name in old)
    appended = tuple(new)[: len(after)] == after
    if before != after or not appended:
        yield Change(
            kind="change",
            part="resources",
            object=path,
            key="resource",
            old=" → ".join(old),
            new=" → ".join(new),
        )


def _fields(part: Part, path: str, old: Struct, new: Struct) -> Iterator[Change]:
    for key, before, after in _differences(old, new):
        told = under_role(role_text(new.role), key, before) if isinstance(new, Admin) else before
        yield Change(kind="change", part=part, object=path, key=key, old=told, new=after)


def _differences(old: Struct, new: Struct) -> Iterator[tuple[str, str, str]]:
    if isinstance(old, _RESOURCES) and isinstance(new, _RESOURCES):
        before, after = written_type(old), written_type(new)
        if before != after:
            yield "type", value_text(before), value_text(after)
    for spec in _values(new):
        if _comparable(spec, old) != _comparable(spec, new):
            yield spec.key, _text(spec, old), _text(spec, new)


def _comparable(spec: FieldSpec, noun: Struct) -> Any:
    value = getattr(noun, spec.attribute)
    return sorted(value) if spec.refers_to == "group" else value


def _text(spec: FieldSpec, noun: Struct) -> str:
    value = getattr(noun, spec.attribute)
    return "" if value is None else value_text(value)


def _whole(kind: ChangeKind, part: Part, path: str, noun: Struct) -> Iterator[Change]:
    text = _summary(noun)
    yield Change(
        kind=kind,
        part=part,
        object=path,
        old=text if kind == "remove" else "",
        new=text if kind == "add" else "",
    )
    for spec in _children(noun):
        for name, child in getattr(noun, spec.attribute).items():
            yield from _whole(kind, part, f"{path}.{spec.key}.{key_text(name)}", child)


def _summary(noun: Struct) -> str:
    """Return the keys of an object that are not left at their defaults, on one line.

    An administrator's role always, and first.
    """
    shown = [f"type = {value_text(written_type(noun))}"] if isinstance(noun, _RESOURCES) else []
    shown += [role_text(noun.role)] if isinstance(noun, Admin) else []
    for spec in _values(noun):
        if isinstance(noun, Admin) and spec.key == "role":
            continue
        value = getattr(noun, spec.attribute)
        if spec.required or value != spec.default:
            shown.append(f"{spec.key} = {value_text(value)}")
    return ", ".join(shown)


def _values(noun: Struct) -> Iterator[FieldSpec]:
    for spec in specs(type(noun)).values():
        if spec.kind not in {"table", "tables", "resources"}:
            yield spec


def _children(noun: Struct) -> Iterator[FieldSpec]:
    for spec in specs(type(noun)).values():
        if spec.kind in {"tables", "resources"}:
            yield spec
