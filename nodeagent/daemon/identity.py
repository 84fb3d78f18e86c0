"""A node's state directory: who the node is, and how it is set up.

`node.toml` names the node; `node.key` is its CURVE key; `journal` its memory; `joining.toml` is
there while the node has been invited and has not been decided in yet.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nodeagent.config.load import load
from nodeagent.core import records as rec
from nodeagent.core.log import genesis
from nodeagent.model.configuration import Configuration
from nodeagent.model.names import NAME_PATTERN
from nodeagent.model.reports import Report, has_errors
from nodeagent.store.errors import StoreError
from nodeagent.store.files import StateDirectory
from nodeagent.store.journal import Journal
from nodeagent.transport import keys

JOURNAL = "journal"
NODE_FILE = "node.toml"
KEY_FILE = "node.key"
JOINING_FILE = "joining.toml"


class SetupError(Exception):
    """A state directory cannot be made or used; `reports` are findings of a configuration."""

    def __init__(self, text: str, reports: Sequence[Report] = ()) -> None:
        super().__init__(text)
        self.reports = tuple(reports)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this node is."""

    name: str
    pair: keys.KeyPair
    joining: Configuration | None


def read_configuration(file: Path) -> tuple[bytes, Configuration]:
    """Return a configuration file's bytes and content; SetupError with findings on errors."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SetupError(f"{file}: {error.strerror}") from error
    loaded = load(data, str(file))
    if loaded.configuration is None or has_errors(loaded.reports):
        raise SetupError(f"{file} has errors", loaded.reports)
    return data, loaded.configuration


def initialise(
    state: Path, name: str, configuration: Path, key: Path | None, *, joining: bool
) -> str:
    """Make the state directory of a node; returns the node's public key.

    Without `joining` the configuration becomes decree 0: all first nodes must be given the same
    bytes. SetupError says what is in the way; nothing is overwritten.
    """
    data, parsed = read_configuration(configuration)
    node = parsed.node.get(name)
    if node is None:
        known = ", ".join(parsed.node)
        raise SetupError(f"{configuration} has no node {name!r}; it has {known}")
    if (state / NODE_FILE).exists():
        raise _occupied(state)
    pair = keys.load(key) if key is not None else keys.generate()
    if pair.public != node.key:
        raise SetupError(
            f"{configuration} gives {name} the key {node.key}, but this key file has "
            f"{pair.public}; make a key with 'nodeagent key' and put its public half in the file"
        )
    directory = StateDirectory(state)
    directory.acquire_lock()
    try:
        _fill(directory, name, data, pair, joining=joining)
    finally:
        directory.release_lock()
    return pair.public


def _occupied(state: Path) -> SetupError:
    """Return why this directory can be made no other node's: it holds what this one promised."""
    directory = StateDirectory(state)
    try:
        directory.acquire_lock()
        directory.release_lock()
        runs = ""
    except StoreError as error:
        runs = f"; {error.what}"
    return SetupError(
        f"{state} is set up already{runs}; nothing was changed. Keep it while its node is in a "
        f"cluster, for it holds what that node promised ('nodeagent check --state {state}' looks "
        "at it); another node needs another directory"
    )


def _fill(
    directory: StateDirectory, name: str, data: bytes, pair: keys.KeyPair, *, joining: bool
) -> None:
    state = directory.path
    keys.save(pair, state / KEY_FILE)
    journal, _, _ = Journal.open(state / JOURNAL)
    if joining:
        _write_private(state / JOINING_FILE, data)
    else:
        journal.append(rec.encode(rec.DecidedValue(genesis(data))))
        directory.write("active", data)
        directory.write("default", data)
    journal.close()
    _write_private(state / NODE_FILE, f'name = "{name}"\n'.encode())


def key_of_guest(state: Path) -> keys.KeyPair:
    """Return the key of a machine that asks to join; made at the first time, the same after it.

    An invitation is good for the key that used it first, so one that was interrupted must come
    back with it. SetupError if this directory is a node's already.
    """
    if (state / NODE_FILE).exists():
        raise _occupied(state)
    directory = StateDirectory(state)
    directory.acquire_lock()
    try:
        if not (state / KEY_FILE).exists():
            keys.save(keys.generate(), state / KEY_FILE)
        return keys.load(state / KEY_FILE)
    finally:
        directory.release_lock()


def take_invitation(state: Path, name: str, data: bytes) -> None:
    """Make the state directory of a machine that was let in with the key that lies there.

    `data` is the configuration that adds it. SetupError if that does not name this machine.
    """
    pair = keys.load(state / KEY_FILE)
    loaded = load(data, "the configuration that was sent")
    node = loaded.configuration.node.get(name) if loaded.configuration else None
    if node is None or node.key != pair.public or has_errors(loaded.reports):
        text = "the configuration that was sent does not add this machine; ask for a new invitation"
        raise SetupError(text, loaded.reports)
    directory = StateDirectory(state)
    directory.acquire_lock()
    try:
        journal, _, _ = Journal.open(state / JOURNAL)
        journal.close()
        _write_private(state / JOINING_FILE, data)
        _write_private(state / NODE_FILE, f'name = "{name}"\n'.encode())
    finally:
        directory.release_lock()


def _write_private(file: Path, data: bytes) -> None:
    file.touch(mode=0o600)
    file.write_bytes(data)


def read_identity(state: Path) -> Identity:
    """Return who the node of this state directory is; SetupError with the remedy if unknown."""
    file = state / NODE_FILE
    try:
        name = tomllib.loads(file.read_text("utf-8")).get("name")
    except FileNotFoundError as error:
        remedy = "use 'nodeagent init' first, with --join if this node ran before"
        raise SetupError(f"{state} is not set up; {remedy}") from error
    except (OSError, ValueError) as error:
        raise SetupError(f"{file}: {error}") from error

    if not isinstance(name, str) or not re.match(NAME_PATTERN, name):
        raise SetupError(f"{file} does not name the node")
    joining = None
    if (state / JOINING_FILE).exists():
        joining = read_configuration(state / JOINING_FILE)[1]
    return Identity(name, keys.load(state / KEY_FILE), joining)


def read_journal(state: Path, name: str) -> tuple[Journal, tuple[rec.Record, ...], str]:
    """Open the journal; returns it, its records, and how it was found ("" when all is well).

    SetupError if a record in the middle is damaged: promises may be lost, so the node must not
    vote from this directory. SetupError, too, if it is the journal of a node not called `name`.
    """
    journal, raw, found = Journal.open(state / JOURNAL)
    if found.kind == "damaged":
        journal.close()
        raise SetupError(
            f"{state / JOURNAL} is damaged: {found.text}; promises may be lost, so this node must "
            "be removed from the cluster and added again with a new state directory"
        )
    try:
        records = tuple(rec.decode(data) for data in raw)
    except ValueError as error:
        journal.close()
        raise SetupError(
            f"{state / JOURNAL}: a record is not one of ours: {error}; use the version that wrote "
            "it, or remove this node from the cluster and add it again with a new state directory"
        ) from error
    whose = rec.replay(list(records)).node
    if whose not in {"", name}:
        journal.close()
        raise SetupError(
            f"{state / JOURNAL} is the journal of node {whose}, and this is node {name}: it would "
            f"give away the promises of {whose}. Put the own journal back; if it is lost, remove "
            f"{name} from the cluster and add it again with a new state directory"
        )
    return journal, records, found.text if found.kind == "torn" else ""


def end_joining(state: Path) -> None:
    """Forget the invitation: the node was decided in."""
    (state / JOINING_FILE).unlink(missing_ok=True)


__all__ = ["Identity", "SetupError", "StoreError", "initialise", "read_identity", "read_journal"]
