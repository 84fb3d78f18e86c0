"""Network interfaces and OCF agents of this machine. Both block, for a moment."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from nodeagent.drivers import netlink
from nodeagent.drivers.ocf.find import FOLDER
from nodeagent.model.inventory import FoundInterface
from nodeagent.model.names import AGENT_PATTERN
from nodeagent.model.text import clean

ADDRESSES_MAX = 64
_AGENT = re.compile(AGENT_PATTERN)
_LINK_LOCAL = "fe80:"
"""An address that is good on one link only can be no boot address."""


def interfaces() -> tuple[FoundInterface, ...]:
    """Return the interfaces with their addresses; OSError when the kernel does not tell."""
    held: dict[int, list[str]] = {}
    for one in netlink.addresses():
        if not one.address.startswith(_LINK_LOCAL):
            held.setdefault(one.index, []).append(f"{one.address}/{one.prefix}")
    return tuple(
        FoundInterface(
            clean(name, 63), tuple(held.get(found.index, ())[:ADDRESSES_MAX]), found.working
        )
        for name, found in sorted(netlink.interfaces().items())
    )


def agents(root: Path) -> tuple[str, ...]:
    """Return the OCF agents below the OCF folder `root`, as PROVIDER:NAME; none is no error."""
    return tuple(sorted(_agents(root / FOLDER)))


def _agents(folder: Path) -> Iterator[str]:
    for provider in _entries(folder):
        for name in _entries(folder / provider):
            agent = f"{provider}:{name}"
            if _AGENT.match(agent) and _is_program(folder / provider / name):
                yield agent


def _is_program(file: Path) -> bool:
    return file.is_file() and os.access(file, os.X_OK)


def _entries(folder: Path) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]  # noqa: PTH208
    except OSError:
        return []
