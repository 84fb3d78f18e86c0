"""`clustertui apply FILE`: change the running cluster, step by step."""

from dataclasses import dataclass, replace

from nodeagent.client.client import Client
from nodeagent.config.digest import file_digest
from nodeagent.config.survival import Endurance, Loss
from nodeagent.wire.console import Apply
from tui.cli import exits, files, stale
from tui.cli.access import Way, author
from tui.cli.active import active_of
from tui.cli.asking import snapshot_of, with_client
from tui.cli.dare import Result, Teller, carry_out
from tui.cli.merge import DIGEST
from tui.cli.output import say
from tui.cli.previewing import preview_of
from tui.viewmodels.survives import refusal, waivers, with_waivers


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for beside the file; `waived` are failures that need not be survived."""

    reason: str = ""
    base: str = ""
    waived: tuple[str, ...] = ()


def run(way: Way, file: str, wanted: Wanted, *, as_json: bool) -> int:
    """Change the running cluster to FILE, step by step. Return the exit code."""
    try:
        return _run(way, file, replace(wanted, base=_digest_of(wanted.base)), as_json=as_json)
    except files.FileError as error:
        if as_json:
            result = Result("refused", error.exit_code, text=error.message, reports=error.reports)
            Teller(as_json=True).result(result)
        raise


def _digest_of(base: str) -> str:
    """Return the digest that --base names, or that of the file it names."""
    return base if not base or DIGEST.match(base) else file_digest(files.read(base))


def _run(way: Way, file: str, wanted: Wanted, *, as_json: bool) -> int:
    data = files.read(file)

    async def work(client: Client) -> int:
        snapshot = await snapshot_of(client)
        live = snapshot.cluster.view
        active = active_of(snapshot)
        new = files.usable(file, data, active, live)
        found = preview_of(snapshot, active, new, pairs=False).endurance
        left = found.unwaived(wanted.waived)
        if left:
            return _refused(left, found, Teller(as_json=as_json))
        apply = Apply(
            text=data.decode(),
            base=wanted.base or file_digest(snapshot.active.encode()),
            reason=with_waivers(wanted.reason, wanted.waived, found),
            author=author(),
        )
        code = await carry_out(client, snapshot, apply, Teller(as_json=as_json))
        if code == exits.STALE:
            await stale.tell(client, await snapshot_of(client), file, apply.base)
        return code

    return with_client(way, work)


def _refused(left: tuple[Loss, ...], found: Endurance, teller: Teller) -> int:
    """Say what would not be survived any more, and how it is waived."""
    for loss in left:
        say(f"{loss.failure}: {loss.text}")
    text = f"{refusal(left)}; if that is wanted: {waivers(found)}"
    return teller.result(Result("refused", exits.INVALID, text=text))
