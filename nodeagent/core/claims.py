"""What only one group of a cluster may use at a time, and under which names that may run.

Decides nothing. A group that is renamed is another one by its name and the same one to clients: its
address, its folder, its disk and its program must be let go under the old name before they are
used under the new one, and the other way round if that is undone. The same holds for an address
that goes from one group to another. Told every configuration that was decided or is staged.
"""

import hashlib
import posixpath
from collections.abc import Collection
from ipaddress import ip_address

import msgspec

from nodeagent.config.instances import is_concurrent
from nodeagent.model.configuration import (
    Application,
    Configuration,
    DataFolder,
    Filesystem,
    Group,
    Ocf,
    Resource,
    ServiceAddress,
    Systemd,
)

NAMES_MAX = 400
"""So many names, the newest, are asked for at once: who ran an older one has no lease any more."""


class Claims:
    """Which group names ever claimed what, the newest last."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, None]] = {}
        self._known: set[str] = set()

    def note(self, configuration: Configuration) -> None:
        """Remember what its groups use."""
        for name, group in configuration.group.items():
            self._known.add(name)
            for claim in claims_of(group):
                names = self._names.setdefault(claim, {})
                names.pop(name, None)
                names[name] = None

    def others(self, name: str, beside: Configuration, holders: Collection[str]) -> tuple[str, ...]:
        """Return further names under which may run what `name` uses alone in `beside`.

        Of the groups in `holders` that no configuration told nothing is known, so it may be any: a
        DARE tried them that came to nothing and was missed here, or was before this life.
        """
        claims = exclusive(name, beside)
        if not claims:
            return ()
        found = dict.fromkeys(other for one in claims for other in self._names.get(one, ()))
        found |= dict.fromkeys(other for other in holders if other not in self._known)
        found.pop(name, None)
        return tuple(found)[-NAMES_MAX:]


def exclusive(name: str, beside: Configuration) -> frozenset[str]:
    """Return what the group uses in `beside` and no other group there does."""
    if name not in beside.group:
        return frozenset()
    claims = claims_of(beside.group[name])
    for other, group in beside.group.items():
        if claims and other != name:
            claims -= _all(group)
    return claims


def claims_of(group: Group) -> frozenset[str]:
    """Return what the group uses; on all of its nodes at once nothing is used alone."""
    return frozenset() if is_concurrent(group) else _all(group)


def _all(group: Group) -> frozenset[str]:
    return frozenset(map(claim_of, group.resource.values()))


def claim_of(resource: Resource) -> str:
    """Return a short text for what a resource uses, the same for two spellings of the same."""
    kind, _, what = _used(resource).partition(" ")
    return f"{kind} {hashlib.blake2b(what.encode(), digest_size=12).hexdigest()}"


def _used(resource: Resource) -> str:
    match resource:
        case ServiceAddress():
            return f"address {ip_address(resource.address)}"
        case DataFolder():
            return f"folder {posixpath.normpath(resource.directory)}"
        case Filesystem():
            return f"device {posixpath.normpath(resource.device)}"
        case Ocf():
            return f"agent {resource.agent} {_text(resource.parameters)}"
        case Systemd():
            return f"unit {resource.unit}"
        case Application():
            return f"program {_text(resource.start)}"


def _text(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
