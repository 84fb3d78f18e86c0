"""`clustertui apply FILE`: change the running cluster, step by step."""

import shlex
from dataclasses import dataclass

import click
from msgspec.structs import replace

from nodeagent.client.client import Client
from nodeagent.config.digest import file_digest
from nodeagent.config.survival import Endurance, Loss
from nodeagent.model.text import clean
from nodeagent.wire.console import Apply
from nodeagent.wire.limits import PROBATION_SECONDS_MAX
from tui.cli import exits, files, stale
from tui.cli.access import Way, author
from tui.cli.active import active_of
from tui.cli.asking import snapshot_of, with_client
from tui.cli.changes import preview_lines
from tui.cli.dare import Result, Teller, carry_out
from tui.cli.merge import DIGEST
from tui.cli.output import say
from tui.cli.previewing import preview_of
from tui.cli.prompts import agreed, at_terminal
from tui.viewmodels.draft_review import INTERRUPTING
from tui.viewmodels.operations import length_of
from tui.viewmodels.preview import Preview
from tui.viewmodels.probation import GOES_BACK, KEEPS
from tui.viewmodels.survives import refusal, waivers, with_waivers

WORDS_MAX = 32
WORD_LENGTH_MAX = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for beside the file, as it was written there.

    `waived` are failures that need not be survived any more; `yes`: nobody is asked.
    """

    reason: str = ""
    base: str = ""
    probation: str = ""
    health: str = ""
    rehearsed: str = ""
    waived: tuple[str, ...] = ()
    yes: bool = False


def run(way: Way, file: str, asked: Wanted, *, as_json: bool) -> int:
    """Change the running cluster to FILE, step by step. Return the exit code."""
    wanted, waived = _request(asked), asked.waived
    data = files.read(file)

    async def work(client: Client) -> int:
        snapshot = await snapshot_of(client)
        live, active = snapshot.cluster, active_of(snapshot)
        new = files.usable(file, data, active, live.view)
        seen = preview_of(snapshot, active, new, pairs=False)
        found, teller = seen.endurance, Teller(as_json=as_json)
        left = found.unwaived(waived)
        if left:
            return refused_as_lost(left, found, teller)
        if not (as_json or _agreed(seen, live.epoch, yes=asked.yes)):
            return teller.result(Result("refused", exits.USAGE, text="not confirmed; --yes does"))
        apply = replace(
            wanted,
            text=data.decode(),
            base=wanted.base or file_digest(snapshot.active.encode()),
            reason=with_waivers(wanted.reason, waived, found),
        )
        code = await carry_out(client, snapshot, apply, teller)
        if code == exits.DONE and apply.probation_seconds:
            await _tell_probation(client)
        if code == exits.STALE and apply.base != (await snapshot_of(client)).cluster.digest:
            await stale.tell(client, await snapshot_of(client), file, apply.base)
        return code

    return with_client(way, work)


def _request(wanted: Wanted) -> Apply:
    """Return the request without its text; UsageError where something is written wrongly."""
    return Apply(
        text="",
        base=_digest_of(wanted.base),
        reason=wanted.reason[:500],
        author=author(),
        probation_seconds=_seconds_of(wanted.probation),
        rehearsed=_rehearsal_of(wanted.rehearsed),
        check=_words_of(wanted.health, wanted.probation),
    )


def _digest_of(base: str) -> str:
    """Return the digest that --base names, or that of the file it names."""
    return base if not base or DIGEST.match(base) else file_digest(files.read(base))


async def _tell_probation(client: Client) -> None:
    """Say how long it is on probation; nothing where there was nothing to change."""
    probation = (await snapshot_of(client)).cluster.probation
    if probation is not None:
        left = probation.left_ms // 1000
        say(f"on probation for {left} s more: {KEEPS} keeps it, {GOES_BACK} ends it")


def _words_of(health: str, probation: str) -> tuple[str, ...]:
    """Return the argument list that --health names; UsageError where it is none."""
    try:
        words = tuple(shlex.split(health))
    except ValueError as error:
        raise click.UsageError(f"--health: {error}") from None
    if words and not probation:
        raise click.UsageError("--health goes with --probation")
    if words and not words[0].startswith("/"):
        raise click.UsageError(f"--health: {clean(words[0], 80)}: write the program's whole path")
    if len(words) > WORDS_MAX or any(len(word) > WORD_LENGTH_MAX for word in words):
        raise click.UsageError(f"--health: at most {WORDS_MAX} words of {WORD_LENGTH_MAX} letters")
    return words


def _rehearsal_of(digest: str) -> str:
    """Return the digest that --rehearsed names; UsageError where it is none."""
    if digest and not DIGEST.match(digest):
        text = f"--rehearsed {clean(digest, 80)}: no digest; `clustertui rehearse` prints it"
        raise click.UsageError(text)
    return digest


def _seconds_of(length: str) -> int:
    """Return the length of the probation, 0 for none; UsageError where it is no length of time."""
    if not length:
        return 0
    found = length_of(length)
    seconds = int(found.total_seconds()) if found else 0
    if not 0 < seconds <= PROBATION_SECONDS_MAX:
        raise click.UsageError(
            f"--probation {clean(length, 40)}: no length of time; write 90s, 10m or 1h30m, "
            "at most 1d"
        )
    return seconds


def _agreed(seen: Preview, epoch: int, *, yes: bool) -> bool:
    """Show a person what will happen; return whether it may.

    Only what takes a service or an object away asks. A script has looked at `plan`, and goes on.
    """
    if not at_terminal() or seen.plan.kind == "none":
        return True
    for line in preview_lines(seen, epoch):
        say(line)
    takes = any(effect.kind in INTERRUPTING for effect in seen.plan.effects) or any(
        change.kind == "remove" for change in seen.plan.changes
    )
    return yes or not takes or agreed("Apply it?")


def refused_as_lost(left: tuple[Loss, ...], found: Endurance, teller: Teller) -> int:
    """Say what would not be survived any more, and how it is waived."""
    for loss in left:
        say(f"{loss.failure}: {loss.text}")
    text = f"{refusal(left)}; if that is wanted: {waivers(found)}"
    return teller.result(Result("refused", exits.INVALID, text=text))
