"""`clustertui merge FILE`: a file made from an older epoch, with what came since in it."""

import re
from pathlib import Path

import click

from nodeagent.client.client import Client
from nodeagent.config.digest import file_digest
from nodeagent.config.edit import EditError
from nodeagent.config.merge import Conflict, Merged, Side, Taken, merge
from nodeagent.wire.live import Snapshot
from tui.cli import exits, files
from tui.cli.access import Way
from tui.cli.asking import snapshot_of, with_client
from tui.cli.output import count, put_json, put_text, say
from tui.cli.stale import decided

DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_SIGNS = {"add": "+", "remove": "-", "change": "~"}


def run(
    way: Way, file: str, *, base: str, take: Side | None, output: str | None, as_json: bool
) -> int:
    """Merge FILE with the active configuration. Return the exit code."""
    mine = files.read(file)

    async def work(client: Client) -> int:
        snapshot = await snapshot_of(client)
        old = await _base(client, snapshot, mine, base)
        merged = _merged(file, old, mine, snapshot.active.encode(), take)
        return _tell(snapshot, merged, output, as_json=as_json)

    return with_client(way, work)


async def _base(client: Client, snapshot: Snapshot, mine: bytes, base: str) -> bytes:
    """Return the text that FILE was made from."""
    if base and not DIGEST.match(base):
        return files.read(base)
    digest = base
    if not digest and snapshot.draft.encode() == mine:
        digest = snapshot.draft_base
    if not digest:
        raise click.UsageError("what was FILE made from? --base takes a digest, or that file")
    if digest == file_digest(snapshot.active.encode()):
        return snapshot.active.encode()
    found = await decided(client, digest)
    if found is None:
        who = snapshot.cluster.observer
        raise click.UsageError(f"{who} remembers no configuration {digest[:12]}; give its file")
    return found.text.encode()


def _merged(file: str, base: bytes, mine: bytes, theirs: bytes, take: Side | None) -> Merged:
    try:
        first = merge(base, mine, theirs)
        if take is None or not first.conflicts:
            return first
        return merge(base, mine, theirs, {one.id: take for one in first.conflicts})
    except EditError as error:
        raise files.FileError(f"{file} cannot be merged: {error}") from None


def _tell(snapshot: Snapshot, merged: Merged, output: str | None, *, as_json: bool) -> int:
    undecided = merged.undecided
    if as_json:
        put_json(
            {
                "epoch": snapshot.cluster.epoch,
                "base": file_digest(snapshot.active.encode()),
                "ok": not undecided,
                "taken": merged.taken,
                "conflicts": merged.conflicts,
                "text": merged.text.decode(),
            }
        )
    else:
        _tell_people(snapshot, merged)
    if undecided:
        say("nothing is written; --take mine or --take theirs decides all of them")
        return exits.FAILED
    if output is not None:
        _write(output, merged.text)
    elif not as_json:
        put_text(merged.text.decode())
    return exits.DONE


def _tell_people(snapshot: Snapshot, merged: Merged) -> None:
    theirs = [one for one in merged.taken if one.side == "theirs"]
    say(f"{count(len(theirs), 'change')} taken from epoch {snapshot.cluster.epoch}")
    for one in theirs:
        say(f"  {_taken_line(one)}")
    if merged.conflicts:
        say(f"{count(len(merged.conflicts), 'place')} changed on both sides")
    for conflict in merged.conflicts:
        for line in _conflict_lines(conflict):
            say(f"  {line}")


def _taken_line(one: Taken) -> str:
    head = f"{_SIGNS[one.kind]} {one.object} {one.key}".rstrip()
    if one.kind == "change":
        return f"{head}: {one.old or 'none'} -> {one.new or 'none'}"
    return f"{head}: {one.new or one.old}"


def _conflict_lines(one: Conflict) -> tuple[str, ...]:
    decided_by = f": {one.choice}" if one.choice else ""
    values = (("was", one.base), ("mine", one.mine), ("theirs", one.theirs))
    head = f"! {one.object} {one.key}".rstrip()
    return (f"{head}{decided_by}", *(f"    {side:6} {value or 'none'}" for side, value in values))


def _write(output: str, data: bytes) -> None:
    """Write the result aside, then into its place."""
    path = Path(output)
    aside = path.with_name(f".{path.name}.new")
    try:
        aside.write_bytes(data)
        aside.replace(path)
    except OSError as error:
        raise click.FileError(output, error.strerror or str(error)) from None
    say(f"written to {output}; clustertui diff {output} shows what is left of it")
