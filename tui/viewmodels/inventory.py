"""What nodes report of themselves, as rows that people read; and which nodes lack what."""

from collections.abc import Iterable, Iterator, Mapping

from nodeagent.model.agents import AgentDescription, AgentParameter
from nodeagent.model.inventory import FoundDevice
from nodeagent.wire.inventory import Inventory

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
PREFIX = "ocf:"


def size_text(size: int) -> str:
    """Return a number of bytes in the largest unit that leaves at least 1."""
    value, unit = float(size), 0
    while value >= 1024 and unit < len(UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return (
        f"{value:.0f} {UNITS[unit]}" if unit == 0 or value >= 100 else f"{value:.1f} {UNITS[unit]}"
    )


def stable_name(device: FoundDevice) -> str:
    """Return the path by which a configuration should name the device."""
    return device.names[0] if device.names else device.path


def device_text(device: FoundDevice) -> str:
    """Return what a device is, in a few words."""
    words = [device.fstype or "no file system", size_text(device.size)]
    if device.label and not stable_name(device).endswith(f"/{device.label}"):
        words.append(f"label {device.label}")
    if device.directory:
        words.append(f"mounted at {device.directory}")
    return ", ".join(words)


def where_text(having: Iterable[str], asked: Iterable[str]) -> str:
    """Return on which nodes something is, the shorter way round; "" where all have it."""
    have = list(having)
    lacking = [node for node in asked if node not in have]
    if not lacking:
        return ""
    return f"not on {_some(lacking)}" if len(lacking) < len(have) else f"on {_some(have)} only"


def _some(names: list[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def inventory_rows(found: Inventory, *, whole: bool) -> Iterator[tuple[str, ...]]:
    """Yield the inventory of a node as rows of three; `whole`: units and agents by name."""
    for one in found.interfaces:
        state = "" if one.up else "down"
        yield ("interface", one.name, "  ".join((*one.addresses, state)).strip())
    for device in found.devices:
        yield ("device", stable_name(device), device_text(device))
    for kind, names in (("agent", found.agents), ("unit", found.units)):
        if whole:
            yield from ((kind, name, "") for name in names)
        elif names:
            yield (f"{kind}s", str(len(names)), "")


def having(found: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return for each thing the nodes that have it, things in alphabetical order."""
    nodes: dict[str, list[str]] = {}
    for node, things in found.items():
        for thing in things:
            nodes.setdefault(thing, []).append(node)
    return dict(sorted(nodes.items()))


def parameter_rows(description: AgentDescription) -> Iterator[tuple[str, ...]]:
    """Yield what an agent takes: name, kind, whether it must be given, help."""
    for one in description.parameters:
        yield (one.name, kind_text(one), need_text(one), one.short)


def kind_text(parameter: AgentParameter) -> str:
    """Return what a parameter takes."""
    return " | ".join(parameter.choices) if parameter.choices else parameter.kind


def need_text(parameter: AgentParameter) -> str:
    """Return whether a parameter must be given, its default, and whether it must be unique."""
    words = ["required"] if parameter.required else []
    words += [f"default {parameter.default}"] if parameter.default else []
    words += ["unique"] if parameter.unique or parameter.unique_group else []
    return ", ".join(words)
