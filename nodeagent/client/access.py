"""The access file of a console: its key pair, and where each agent listens with which key.

    public = "…"
    secret = "…"

    [agent.alpha]
    admin = "tcp://10.10.1.11:7412"
    events = "tcp://10.10.1.11:7413"
    key = "…"

The file holds a secret, so it is written with mode 0600 and refused when others may read it.
"""

import json
import os
import re
import secrets
import shlex
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from nodeagent.client.errors import AccessError
from nodeagent.model.configuration import Configuration
from nodeagent.model.names import KEY_PATTERN, Name, PublicKey
from nodeagent.model.text import clean

ACCESS_BYTES_MAX = 1 << 20
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")
_ENDPOINT = re.compile(r"tcp://(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[\w.-]+):(?P<port>\d{1,5})\Z")


@dataclass(frozen=True, slots=True)
class AgentAddress:
    """Where one agent listens for consoles (requests, live stream), and its public key."""

    name: str
    admin: str
    events: str
    key: str


@dataclass(frozen=True, slots=True)
class Access:
    """A console's key pair and the agents that it may turn to, in the order of preference."""

    public: str
    secret: str = field(repr=False)
    agents: tuple[AgentAddress, ...]
    alone: bool = False
    """Whether no agent is turned to but these, though the configuration names others."""

    def only(self, *names: str) -> "Access":
        """Return the same access with nobody but the agents `names`."""
        return self.to(agent for agent in self.agents if agent.name in names)

    def to(self, agents: Iterable[AgentAddress]) -> "Access":
        """Return the same keys for other `agents`."""
        return replace(self, agents=tuple(agents))


class _Agent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    admin: str
    events: str
    key: PublicKey


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    public: PublicKey
    secret: PublicKey
    agent: dict[Name, _Agent] = {}


def load(path: Path) -> Access:
    """Read an access file. AccessError when it is missing, open to others, or not one."""
    try:
        data, mode = _read(path)
    except OSError as error:
        raise AccessError(f"{path}: {error.strerror}", "name the access file with --key") from None
    parsed = _parsed(data, path)
    if mode & 0o077:  # said of nothing but an access file: `chmod` on another one may do harm
        text = f"{path} holds a secret that others may read (mode {mode:04o})"
        raise AccessError(text, f"chmod 600 {shlex.quote(str(path))}")
    agents = tuple(
        AgentAddress(name, _checked(agent.admin), _checked(agent.events), agent.key)
        for name, agent in parsed.agent.items()
    )
    return Access(parsed.public, parsed.secret, agents)


def _parsed(data: bytes, path: Path) -> _File:
    try:
        return msgspec.toml.decode(data, type=_File)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise AccessError(f"{path} is not an access file: {clean(str(error), 200)}") from None


def _read(path: Path) -> tuple[bytes, int]:
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise AccessError(f"{path} is not a file")
        data = file.read(ACCESS_BYTES_MAX + 1)
    if len(data) > ACCESS_BYTES_MAX:
        raise AccessError(f"{path} is not an access file: larger than 1 MiB")
    return data, status.st_mode & 0o777


def save(access: Access, path: Path) -> None:
    """Write `access` with mode 0600, replacing `path` in one move. AccessError on failure."""
    _write(dumps(access), path)


def rewrite(text: str, path: Path) -> None:
    """Write an access file's new `text` in the place of the old one, whose owner it stays.

    AccessError when the text is none of an access file, or cannot be written.
    """
    _parsed(text.encode(), path)
    owner = path.stat()
    _write(text, path, (owner.st_uid, owner.st_gid))


def _write(text: str, path: Path, owner: tuple[int, int] | None = None) -> None:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(beside, flags, 0o600), "w", encoding="utf-8") as file:
            _hand_over(file.fileno(), owner)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise AccessError(f"{path}: {error.strerror}") from None


def _hand_over(descriptor: int, owner: tuple[int, int] | None) -> None:
    """Let a new file belong to `owner`; its group, which may not even read it, where that works."""
    made = os.fstat(descriptor)
    if owner is None or owner == (made.st_uid, made.st_gid):
        return
    if owner[0] != made.st_uid:
        os.fchown(descriptor, owner[0], -1)
    with suppress(PermissionError):
        os.fchown(descriptor, -1, owner[1])


def dumps(access: Access) -> str:
    """Return the text of an access file."""
    lines = [
        "# Access to a cluster. The secret is this console's identity: keep it private.",
        f"public = {json.dumps(access.public)}",
        f"secret = {json.dumps(access.secret)}",
    ]
    return "\n".join((*lines, *tables(access.agents))) + "\n"


def tables(agents: Iterable[AgentAddress]) -> list[str]:
    """Return the lines of an access file that tell of `agents`."""
    lines = []
    for agent in agents:
        name = agent.name if _BARE_KEY.match(agent.name) else json.dumps(agent.name)
        lines += [
            "",
            f"[agent.{name}]",
            f"admin = {json.dumps(agent.admin)}",
            f"events = {json.dumps(agent.events)}",
            f"key = {json.dumps(agent.key)}",
        ]
    return lines


def parse_endpoint(text: str) -> AgentAddress:
    """Return the agent meant by ``tcp://host:port#SERVERKEY``; AccessError if it is not one.

    `port` is the agent's admin port; the live stream is expected on the port above it, as in the
    defaults 7412 and 7413. The agent is named by its host and port until it tells its name.
    """
    admin, _, key = text.partition("#")
    found = _ENDPOINT.match(admin)
    if found is None or not 0 < int(found["port"]) < 65535 or not re.match(KEY_PATTERN, key):
        raise AccessError(
            f"{clean(text, 100)} is not an endpoint", "write it as tcp://host:port#SERVERKEY"
        )
    events = f"tcp://{found['host']}:{int(found['port']) + 1}"
    return AgentAddress(f"{found['host']}:{found['port']}", admin, events, key)


def ways_to(
    node: str, access: Access, configuration: Configuration | None = None
) -> tuple[AgentAddress, ...]:
    """Return where the agent of `node` may listen: as the access file says, then its adapters.

    Where `configuration` knows the node, its key tells which agent of the file is meant, whatever
    the file calls it. One of that name with a key of nobody's is tried last: it may be of a node
    that was removed and came back with another key.
    """
    noun = configuration.node.get(node) if configuration is not None else None
    named = [agent for agent in access.agents if agent.name == node]
    if configuration is None or noun is None:
        return _by_place(named)
    keys = {known.key for known in configuration.node.values()}
    meant = [agent for agent in access.agents if agent.key == noun.key]
    left = [agent for agent in named if agent.key not in keys]
    return _by_place([*meant, *_adapters_of(node, configuration), *left])


def _adapters_of(node: str, configuration: Configuration) -> list[AgentAddress]:
    noun, cluster = configuration.node[node], configuration.cluster
    found = []
    for adapter in noun.adapter.values():
        host = f"[{adapter.address}]" if ":" in adapter.address else adapter.address
        admin = f"tcp://{host}:{cluster.admin_port}"
        found.append(AgentAddress(node, admin, f"tcp://{host}:{cluster.event_port}", noun.key))
    return found


def _by_place(agents: Iterable[AgentAddress]) -> tuple[AgentAddress, ...]:
    """Return the first of `agents` at each place."""
    found: dict[str, AgentAddress] = {}
    for agent in agents:
        found.setdefault(agent.admin, agent)
    return tuple(found.values())


def _checked(endpoint: str) -> str:
    if not _ENDPOINT.match(endpoint):
        raise AccessError(
            f"{clean(endpoint, 100)} is not an endpoint", "write it as tcp://host:port"
        )
    return endpoint
