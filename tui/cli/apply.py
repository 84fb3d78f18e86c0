"""`clustertui apply FILE`: change the running cluster, step by step."""

from nodeagent.client.client import Client
from nodeagent.config.digest import file_digest
from nodeagent.wire.console import Apply
from tui.cli import exits, files, stale
from tui.cli.access import Way, author
from tui.cli.active import active_of
from tui.cli.asking import snapshot_of, with_client
from tui.cli.dare import Teller, carry_out


def run(way: Way, file: str, *, reason: str, base: str, as_json: bool) -> int:
    """Change the running cluster to FILE, step by step. Return the exit code."""
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
