"""`clustertui rollback EPOCH`: back to a decided configuration, or without one of its changes."""

import sys

import click
from msgspec.structs import replace

from nodeagent.client.client import Client
from nodeagent.client.errors import ClientError
from nodeagent.config.digest import file_digest
from nodeagent.config.edit import EditError
from nodeagent.config.revert import path_of, revert
from nodeagent.wire.console import Apply
from nodeagent.wire.live import Snapshot
from tui.cli import exits, files, ledger
from tui.cli.access import Way, author
from tui.cli.active import active_of
from tui.cli.asking import snapshot_of, with_client
from tui.cli.changes import change_line, effect_row
from tui.cli.dare import Result, Teller, carry_out
from tui.cli.history import difference
from tui.cli.output import say
from tui.cli.plan import planned_of


def run(
    way: Way, epoch: int, *, only: str, undo: bool, reason: str, yes: bool, as_json: bool
) -> int:
    """Run the DARE back. Return the exit code."""
    teller = Teller(as_json=as_json)

    async def work(client: Client) -> int:
        snapshot = await snapshot_of(client)
        text = await _target(client, snapshot, epoch, only=only, undo=undo)
        if text == snapshot.active.encode():
            done = Result("done", exits.DONE, text="nothing to change: that is in force already")
            return teller.result(done)
        _show(snapshot, text)
        if not (yes or _agreed()):
            return teller.result(Result("refused", exits.USAGE, text="not confirmed; --yes does"))
        what = f"rollback of {only or 'what changed'} in" if only or undo else "rollback to"
        apply = Apply(
            text=text.decode(),
            base=file_digest(snapshot.active.encode()),
            reason=(reason or f"{what} epoch {epoch}")[:500],
            author=author(),
        )
        return await carry_out(client, snapshot, replace(apply), teller)

    return with_client(way, work)


async def _target(
    client: Client, snapshot: Snapshot, epoch: int, *, only: str, undo: bool
) -> bytes:
    """Return the text to go to; UsageError or ClientError says why there is none."""
    changes = await ledger.changes_of(client)
    place = ledger.epoch_in(changes, epoch)
    after = await ledger.text_of(client, changes[place])
    if not (only or undo):
        return after
    if not place:
        raise click.UsageError(f"epoch {epoch} is the first one known: there is nothing before it")
    before = await ledger.text_of(client, changes[place - 1])
    try:
        path = path_of(only) if only else ()
        merged = revert(before, after, snapshot.active.encode(), path)
    except EditError as error:
        raise click.UsageError(f"epoch {epoch}: {error} (clustertui history {epoch})") from None
    if merged.undecided:
        for one in merged.undecided:
            place_of = f"{one.object} {one.key}".rstrip()
            say(f"  {place_of}: {one.theirs or 'none'} -> {one.base or 'none'} then, "
                f"{one.mine or 'none'} now")  # fmt: skip
        raise ClientError(
            f"what epoch {epoch} changed was changed again since",
            "edit it by hand: clustertui export configuration FILE, then clustertui apply FILE",
        )
    return merged.text


def _show(snapshot: Snapshot, text: bytes) -> None:
    """Say what will change and who will be interrupted; end where it may not be."""
    active = active_of(snapshot)
    new = files.usable("the configuration gone back to", text, active, snapshot.cluster.view)
    for change in difference(snapshot.active.encode(), text):
        say(change_line(change))
    for effect in planned_of(snapshot, active, new)[0].effects:
        if effect.kind != "untouched":
            say("  " + "  ".join(filter(None, effect_row(effect))))


def _agreed() -> bool:
    """Return whether a person at a terminal says yes; without one nobody is asked."""
    return sys.stdin.isatty() and click.confirm("Go back?", err=True)
