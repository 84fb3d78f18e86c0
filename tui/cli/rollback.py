"""`clustertui rollback EPOCH`: back to a decided configuration, or without one of its changes."""

from dataclasses import dataclass

import click

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
from tui.cli.apply import refused_as_lost
from tui.cli.asking import snapshot_of, with_client
from tui.cli.changes import change_line, effect_row
from tui.cli.dare import Result, Teller, carry_out
from tui.cli.history import difference
from tui.cli.output import say
from tui.cli.previewing import preview_of
from tui.cli.prompts import agreed, may_ask
from tui.viewmodels.preview import Preview, forecast_text
from tui.viewmodels.survives import with_waivers


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for beside the epoch."""

    only: str = ""
    undo: bool = False
    reason: str = ""
    waived: tuple[str, ...] = ()
    yes: bool = False


def run(way: Way, epoch: int, wanted: Wanted, *, as_json: bool) -> int:
    """Run the DARE back. Return the exit code."""
    teller = Teller(as_json=as_json)

    async def work(client: Client) -> int:
        snapshot = await snapshot_of(client)
        text = await _target(client, snapshot, epoch, wanted)
        if text == snapshot.active.encode():
            done = Result("done", exits.DONE, text="nothing to change: that is in force already")
            return teller.result(done)
        found = _show(snapshot, text).endurance
        left = found.unwaived(wanted.waived)
        if left:
            return refused_as_lost(left, found, teller)
        if not (wanted.yes or (may_ask() and agreed("Go back?"))):
            return teller.result(Result("refused", exits.USAGE, text="not confirmed; --yes does"))
        apply = Apply(
            text=text.decode(),
            base=file_digest(snapshot.active.encode()),
            reason=with_waivers(_reason(epoch, wanted), wanted.waived, found),
            author=author(),
        )
        return await carry_out(client, snapshot, apply, teller)

    return with_client(way, work)


def _reason(epoch: int, wanted: Wanted) -> str:
    if wanted.reason:
        return wanted.reason[:500]
    if wanted.only or wanted.undo:
        return f"rollback of {wanted.only or 'what changed'} in epoch {epoch}"[:500]
    return f"rollback to epoch {epoch}"


async def _target(client: Client, snapshot: Snapshot, epoch: int, wanted: Wanted) -> bytes:
    """Return the text to go to; UsageError or ClientError says why there is none."""
    changes = await ledger.changes_of(client)
    place = ledger.epoch_in(changes, epoch)
    after = await ledger.text_of(client, changes[place])
    if not (wanted.only or wanted.undo):
        return after
    if not place:
        raise click.UsageError(f"epoch {epoch} is the first one known: there is nothing before it")
    before = await ledger.text_of(client, changes[place - 1])
    try:
        path = path_of(wanted.only) if wanted.only else ()
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


def _show(snapshot: Snapshot, text: bytes) -> Preview:
    """Say what will change and who will be interrupted; end where it may not be."""
    active = active_of(snapshot)
    new = files.usable("the configuration gone back to", text, active, snapshot.cluster.view)
    found = preview_of(snapshot, active, new, pairs=False)
    for change in difference(snapshot.active.encode(), text):
        say(change_line(change))
    for effect in found.plan.effects:
        if effect.kind != "untouched":
            told = (*effect_row(effect), forecast_text(found.forecast(effect.group)))
            say("  " + "  ".join(filter(None, told)))
    return found
