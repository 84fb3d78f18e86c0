"""Digests: what two nodes must have in common before they may call a configuration the same.

The file digest is over exact bytes. The other two are over what the configuration means, so that
comments, order of tables and defaults that are written out make no difference; they decide which
kind of DARE a change is (block 98).
"""

import hashlib
import json
from typing import Any

import msgspec

from nodeagent.config.holds import hold_end
from nodeagent.config.nouns import written_type
from nodeagent.model.configuration import Configuration, EventCommands, Group, Resource, Timing


def file_digest(data: bytes) -> str:
    """Return the SHA-256 of the exact bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def topology_digest(cfg: Configuration) -> str:
    """Return the digest of everything but the groups. Voters count as they are in effect."""
    cluster = {**_plain(cfg.cluster), "voters": sorted(cfg.voters())}
    plain = {
        "cluster": cluster,
        "timing": _timing(cfg.timing),
        "network": _plain(cfg.network),
        "node": _plain(cfg.node),
        "admin": _plain(cfg.admin),
    }
    if cfg.event:  # without, a file has the digest that it had before there were events
        plain["event"] = {name: _event(commands) for name, commands in cfg.event.items()}
    return _digest(plain)


def _timing(timing: Timing) -> dict[str, Any]:
    """Without adopt-ms, a file has the digest that it had before there was adopt-ms."""
    plain: dict[str, Any] = _plain(timing)
    if timing.adopt_ms == Timing().adopt_ms:
        del plain["adopt-ms"]
    return plain


def _event(commands: EventCommands) -> dict[str, Any]:
    return {**_plain(commands), "groups": sorted(commands.groups)}


def resources_digest(cfg: Configuration) -> str:
    """Return the digest of the groups; the order of resources inside a group counts."""
    return _digest({name: _group(group) for name, group in cfg.group.items()})


def running_digest(group: Group) -> str:
    """Return the digest of what runs of a group: its resources in their order, no policies."""
    return _digest([[name, _resource(item)] for name, item in group.resource.items()])


def _group(group: Group) -> dict[str, Any]:
    plain = dict(_plain(group))
    plain["resource"] = [[name, _resource(item)] for name, item in group.resource.items()]
    plain |= {key: sorted(plain[key]) for key in ("after", "with", "apart-from")}
    plain["hold-until"] = hold_end(group)  # a moment is one, whatever the offset it is written with
    return plain


def _resource(resource: Resource) -> dict[str, Any]:
    return {**_plain(resource), "type": written_type(resource)}


def _plain(noun: Any) -> Any:
    return msgspec.to_builtins(noun)


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
