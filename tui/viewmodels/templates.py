"""Templates of groups: pieces of a configuration, filled in with what the draft has free."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui.viewmodels import draft_data as raw
from tui.viewmodels.form_new import Values, free_name, public_network
from tui.viewmodels.form_offer import free_addresses

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """One template: how a list calls it, and the group called `name` with `values`."""

    title: str
    help: str
    name: str
    values: Mapping[str, Any]


def template_of(data: Mapping[str, Any]) -> Template:
    """Return the template in a file's content; ValueError unless it has exactly one group."""
    groups = data.get("group", {})
    if len(groups) != 1:
        raise ValueError(f"a template has one group, not {len(groups)}")
    (name, values) = next(iter(groups.items()))
    return Template(str(data["title"]), str(data["help"]), name, values)


def filled(template: Template, data: raw.Data | None) -> tuple[Path, Values]:
    """Return the group that a template makes of the draft `data`: its path and its values."""
    name = free_name(template.name, raw.names(data, ("group",)), first="")
    network = public_network(data)
    free = free_addresses(data, network, "resource")
    words = {
        "{group}": name,
        "{network}": network,
        "{address}": free[0] if free else "",
        "{subnet}": str(raw.at(data, ("network", network, "subnet")) or ""),
    }
    nodes = [
        node
        for node in raw.names(data, ("node",))
        if raw.at(data, ("node", node, "role")) != "witness"
    ]
    values = {"nodes": nodes, **_replaced(template.values, words)}
    return ("group", name), values


def _replaced(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for word, text in words.items():
            value = value.replace(word, text)
        return value
    if isinstance(value, Mapping):
        return {key: _replaced(item, words) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, words) for item in value]
    return value
