"""`clustertui apply FILE`: change the running cluster, step by step."""

from nodeagent.client.client import Client
from nodeagent.config.digest import file_digest
from nodeagent.wire.console import Apply
from tui.cli import exits, files, stale
from tui.cli.access import Way, author
from tui.cli.active import active_of
from tui.cli.asking import snapshot_of, with_client
from tui.cli.dare import Result, Teller, carry_out
from tui.cli.merge import DIGEST


def run(way: Way, file: str, *, reason: str, base: str, as_json: bool) -> int:
    """Change the running cluster to FILE, step by step. Return the exit code."""
    try:
        return _run(way, file, reason=reason, base=_digest_of(base), as_json=as_json)
    except files.FileError as error:
        if as_json:
            result = Result("refused", error.exit_code, text=error.message, reports=error.reports)
            Teller(as_json=True).result(result)
        raise


def _digest_of(base: str) -> str:
    """Return the digest that --base names, or that of the file it names."""
    return base if not base or DIGEST.match(base) else file_digest(files.read(base))


def _run(way: Way, file: str, *, reason: str, base: str, as_json: bool) -> int:
    data = files.read(file)

    async def work(client: Client) -> int:
        snapshot = await snapshot_of(client)
        live = snapshot.cluster.view
        files.usable(file, data, active_of(snapshot), live)
        apply = Apply(
            text=data.decode(),
            base=base or file_digest(snapshot.active.encode()),
            reason=reason[:500],
            author=author(),
        )
        code = await carry_out(client, snapshot, apply, Teller(as_json=as_json))
        if code == exits.STALE:
            await stale.tell(client, await snapshot_of(client), file, apply.base)
        return code

    return with_client(way, work)
