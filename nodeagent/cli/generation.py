"""`nodeagent force-generation`: an operator decides what a lost majority cannot decide any more.

Works on the state directory of a survivor whose agent is stopped. First it shows what would be;
only the cluster's name, typed or given, lets it write. The decree goes into the journal; the
file that the other survivors adopt is a journal, too, for its checksums.
"""

import json
import os
import pwd
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from nodeagent.core import records as rec
from nodeagent.core.generation import GenerationError, adopt, force, is_forced
from nodeagent.core.log import DecreeError, DecreeLog
from nodeagent.daemon.identity import SetupError, read_identity, read_journal
from nodeagent.model.text import clean
from nodeagent.store.disk import naming, read, replace, sync_folder
from nodeagent.store.errors import StoreError
from nodeagent.store.files import StateDirectory
from nodeagent.store.journal import (
    FOREIGN_BYTES_MAX,
    MAGIC,
    Journal,
    foreign,
    pack_journal,
    replay_bytes,
)
from nodeagent.wire.peer import Commit, Decree

AUDIT_FILE = "audit.jsonl"
REASON_MAX = 300


@dataclass(frozen=True, slots=True)
class Survivor:
    """A stopped node whose state directory is locked by this process."""

    name: str
    path: Path
    journal: Journal
    durable: rec.Durable
    log: DecreeLog

    @property
    def cluster(self) -> str:
        """Return the cluster's name, as an operator has to type it."""
        assert self.log.configuration is not None, "looked at by `opened`"
        return self.log.configuration.cluster.name


@contextmanager
def opened(state: Path) -> Iterator[Survivor]:
    """Lock a state directory and read it; SetupError or StoreError where that cannot be."""
    identity = read_identity(state)
    directory = StateDirectory(state)
    directory.acquire_lock()
    try:
        journal, records, _ = read_journal(state, identity.name)
        try:
            durable = rec.replay(list(records))
            yield Survivor(identity.name, state, journal, durable, _log(state, durable))
        finally:
            journal.close()
    finally:
        directory.release_lock()


def _log(state: Path, durable: rec.Durable) -> DecreeLog:
    log = DecreeLog()
    try:
        for decree in durable.decrees:
            log.extend(decree)
    except DecreeError as error:
        raise SetupError(f"{state}: {error}; see 'nodeagent check --state {state}'") from error
    if log.configuration is None:
        raise SetupError(f"{state}: nothing was decided here; choose a survivor with a history")
    log.suspect(durable.tried)
    return log


# -- the two ways


def open_generation(state: Path, survivors: Sequence[str], reason: str, confirm: str) -> int:
    """Open the next generation on this node; returns the exit code.

    GenerationError says why it cannot be.
    """
    with opened(state) as node:
        if _in_force(node, survivors):
            file = _hand_out(node)
            click.echo(f"this generation is in force here already; {file} was written again")
            return 0
        if node.name not in survivors:
            raise GenerationError(f"{node.name} must be among the survivors to decide for them")
        accepted = node.durable.accepted
        value = accepted.value if accepted is not None else None
        decree = force(node.log, survivors, _author(), clean(reason, REASON_MAX), value)
        for line in [*_effects(node, decree), *_losses(node, survivors)]:
            click.echo(clean(line))
        if not confirmed(node.cluster, confirm):
            return 1
        old = node.log.standing.digest
        node.log.extend(decree)
        node.journal.append(rec.encode(rec.DecidedValue(decree)))
        file = _hand_out(node)
        _audit(node, "forced", old, decree)
        click.echo(f"generation {node.log.standing.generation} is in force on {node.name}.")
        for other in sorted(set(survivors) - {node.name}):
            click.echo(f"On {other}: nodeagent force-generation --state DIR --adopt {file.name}")
        return 0


def adopt_generation(state: Path, file: Path, confirm: str) -> int:
    """Take over what another survivor opened; returns the exit code."""
    with opened(state) as node:
        before, cluster = node.log.standing, node.cluster
        missing = adopt(node.log, read_decrees(file), node.name)
        click.echo(
            f"{node.name} takes over {len(missing)} decrees of {clean(str(file))}: generation "
            f"{before.generation} becomes {node.log.standing.generation}, epoch {before.epoch} "
            f"becomes {node.log.standing.epoch}; it votes with {', '.join(node.log.voters)}"
        )
        if not confirmed(cluster, confirm):
            return 1
        for decree in missing:
            node.journal.append(rec.encode(rec.DecidedValue(decree)))
        _audit(node, "adopted", before.digest, missing[-1])
        click.echo(f"generation {node.log.standing.generation} is in force on {node.name}")
        return 0


def _in_force(node: Survivor, survivors: Sequence[str]) -> bool:
    """Return whether just this was forced before, and its end was perhaps not seen."""
    return is_forced(node.log.decrees[-1]) and set(node.log.voters) == set(survivors)


# -- what an operator is shown


def _effects(node: Survivor, decree: Decree) -> Iterator[str]:
    value, standing = decree.value, node.log.standing
    assert isinstance(value, Commit), "only a COMMIT is forced"
    yield f"cluster {node.cluster}, seen from {node.name}, whose history has {decree.slot} decrees."
    yield "A survivor with a longer one (nodeagent check) would lose less."
    yield (
        f"slot {decree.slot}, epoch {standing.epoch} -> {value.epoch}, generation "
        f"{standing.generation} -> {value.generation}; it cannot be taken back."
    )
    accepted = node.durable.accepted
    if accepted is not None:
        kind = type(accepted.value).__name__
        yield f"DROPPED: a {kind} was accepted here, and may have been decided by the lost nodes."


def _losses(node: Survivor, survivors: Sequence[str]) -> Iterator[str]:
    configuration = node.log.configuration
    nodes = configuration.node if configuration else {}
    yield f"survive and vote: {', '.join(survivors)}"
    for lost in (name for name in nodes if name not in survivors):
        groups = [g for g, holders in sorted(node.log.holders.items()) if lost in holders]
        owned = [g for g in groups if node.log.standing.owners.get(g) == lost]
        what = f"owns {', '.join(owned)}" if owned else "owns nothing"
        more = sorted(set(groups) - set(owned))
        what += f", may hold {', '.join(more)}" if more else ""
        yield f"lost: {lost} ({what}): POWER IT OFF NOW and keep it off until it is set up anew"


def confirmed(cluster: str, given: str) -> bool:
    """Return whether the operator named the cluster; asks only where there is a terminal.

    UsageError where nobody can be asked and nothing was given.
    """
    if not given:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise click.UsageError(f"nothing was changed; to do it, add --confirm {cluster}")
        given = click.prompt("Type the cluster's name to do it", default="", show_default=False)
    if given.strip() == cluster:
        return True
    click.echo("that is not the name of this cluster; nothing was changed", err=True)
    return False


# -- what is written


def _hand_out(node: Survivor) -> Path:
    """Write the file for the other survivors; returns it."""
    file = node.path / f"generation-{node.log.standing.generation}.decrees"
    decrees = (rec.encode(rec.DecidedValue(decree)) for decree in node.log.decrees)
    replace(file, pack_journal(decrees))
    return file


def read_decrees(file: Path) -> list[Decree]:
    """Return the decrees that a survivor handed out; StoreError if the file is not whole."""
    data = read(file, FOREIGN_BYTES_MAX, MAGIC)
    if data is None:
        raise StoreError(file, "does not exist", "copy it from the survivor that made it")
    problem = foreign(data)
    raw, state = replay_bytes(data)
    if problem is not None or state.kind != "clean":
        what = problem or f"is not whole: {state.text}"
        raise StoreError(file, what, "copy it again from the survivor that made it")
    try:
        records = [rec.decode(record) for record in raw]
    except ValueError as error:
        raise StoreError(file, f"holds no decrees: {error}", "copy it again") from error
    return [record.decree for record in records if isinstance(record, rec.DecidedValue)]


def _author() -> str:
    """Return who does this, where and when: it stays in the decree on all survivors."""
    user = _user()
    behind = os.environ.get("SUDO_USER", "")
    who = f"{behind} as {user}" if behind else user
    came = os.environ.get("SSH_CONNECTION", "").partition(" ")[0] or "its console"
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return clean(f"{who} on {socket.gethostname()} from {came} at {when}", REASON_MAX)


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"


def _audit(node: Survivor, what: str, old: str, decree: Decree) -> None:
    """Append what was done to the audit file: one JSON object a line, on disk on return."""
    value = decree.value
    assert isinstance(value, Commit), "only a COMMIT is forced"
    entry = {
        "what": what,
        "generation": value.generation,
        "slot": decree.slot,
        "epoch": value.epoch,
        "node": node.name,
        "by": _author(),
        "forced_by": value.author,
        "reason": value.reason,
        "voters": list(node.log.voters),
        "old_digest": old,
        "new_digest": value.digest,
    }
    file = node.path / AUDIT_FILE
    with naming(file):
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(file, flags, 0o600), "wb") as audit:
            audit.write(json.dumps(entry, ensure_ascii=True).encode("ascii") + b"\n")
            audit.flush()
            os.fsync(audit.fileno())
        sync_folder(node.path)
