"""The kinds of objects that have forms: their nouns, their titles, and keys that hide in others.

An OCF agent and a systemd unit are written into the resource's type (``ocf:heartbeat:pgsql``);
their forms show the part behind the first colon as a field of its own.
"""

from typing import Any

from msgspec import Struct

from nodeagent.config.schema import RESOURCE_TYPES, FieldSpec, fields
from nodeagent.model.configuration import (
    Adapter,
    Admin,
    Cluster,
    EventCommands,
    Fence,
    Group,
    Network,
    Node,
    Timing,
)
from tui.viewmodels import draft_data as raw

Path = tuple[str, ...]

NOUNS: dict[str, type[Struct]] = {
    "cluster": Cluster,
    "timing": Timing,
    "network": Network,
    "node": Node,
    "adapter": Adapter,
    "fence": Fence,
    "group": Group,
    "admin": Admin,
    "event": EventCommands,
}

NAME = FieldSpec(
    key="name",
    attribute="name",
    label="Name",
    kind="text",
    required=True,
    help="letters, digits, - . and _; what refers to it is changed with it",
)

HIDDEN = {
    "ocf": FieldSpec(
        key="agent",
        attribute="agent",
        label="Agent",
        kind="text",
        required=True,
        help="PROVIDER:NAME, as heartbeat:pgsql",
    ),
    "systemd": FieldSpec(
        key="unit",
        attribute="unit",
        label="Unit",
        kind="text",
        required=True,
        help="name of the unit, as nginx.service",
    ),
}
"""Kind of resource to the field that is written behind the colon of its type."""

TITLES = {
    "service-address": "service address",
    "data-folder": "data folder",
    "filesystem": "file system",
    "application": "application",
    "ocf": "OCF agent",
    "systemd": "systemd unit",
    "admin": "administrator",
    "fence": "fence device",
    "event": "event commands",
}

LABELS = {
    "nodes": "Nodes in order",
    "startup": "Startup policy",
    "fallover": "Fallover policy",
    "fallback": "Fallback policy",
    "after": "After groups",
    "with": "With groups",
    "apart-from": "Apart from groups",
    "fallback-delay-seconds": "Fallback delay",
    "failure-expires-seconds": "Failures expire",
    "stabilization-seconds": "Stable for",
    "settling-seconds": "Settling time",
    "fstype": "Type",
    "start-seconds": "Start within",
    "stop-seconds": "Stop within",
    "monitor-seconds": "Monitor within",
    "interval-seconds": "Monitor every",
    "delay-seconds": "Wait before",
    "fence-required": "Fencing required",
    "on": "On events",
    "groups": "Only of groups",
}


def label_of(spec: FieldSpec) -> str:
    """Return a field's label; the unit stands behind the field, not in it."""
    ordered = spec.key != "nodes" or spec.required  # only a group's nodes have an order
    label = LABELS.get(spec.key, spec.label) if ordered else spec.label
    return label.removesuffix(" ms").removesuffix(" seconds")


def specs_of(kind: str) -> tuple[FieldSpec, ...]:
    """Return the fields of a kind of object without its name, none for an unknown kind."""
    noun = NOUNS.get(kind) or RESOURCE_TYPES.get(kind)
    hidden = (HIDDEN[kind],) if kind in HIDDEN else ()
    return (*hidden, *fields(noun)) if noun else ()


def title_of_kind(kind: str) -> str:
    """Return a kind as people call it."""
    return TITLES.get(kind, kind)


def title_of(path: Path, data: raw.Data | None) -> str:
    """Return an object as a title names it, such as "group web" or "web / server (application)"."""
    kind = title_of_kind(raw.kind_of(path, data))
    if len(path) == 4:
        return f"{path[1]} / {path[3]} ({kind})"
    return f"{kind} {path[1]}" if len(path) == 2 else kind


def value_at(data: raw.Data | None, path: Path, key: str) -> Any:
    """Return the value that a field shows, None where the file has none."""
    if _is_hidden(raw.kind_of(path, data), path, key):
        return str(raw.at(data, (*path, "type"))).partition(":")[2]
    return raw.at(data, (*path, key))


def written(path: Path, key: str, value: object, kind: str) -> tuple[Path, object]:
    """Return where in the file a field's value goes, and as what."""
    if _is_hidden(kind, path, key):
        return (*path, "type"), f"{kind}:{value}"
    return (*path, key), value


def _is_hidden(kind: str, path: Path, key: str) -> bool:
    return len(path) == 4 and kind in HIDDEN and HIDDEN[kind].key == key
