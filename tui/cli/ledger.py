"""Reading what was decided: shared by `history`, `why`, `blame`, `diff` and `rollback`."""

import click

from nodeagent.client.client import Client
from nodeagent.client.errors import ClientError
from nodeagent.wire.console import ConfigurationFile, GetConfiguration, Refused
from nodeagent.wire.ledger import GetLedger, Ledger, LedgerEntry

PAGE = 100
CHANGES_MAX = 1_000


async def entries(
    client: Client, *, limit: int, group: str = "", changes: bool = False
) -> list[LedgerEntry]:
    """Return the newest `limit` entries, the newest first; ClientError when nobody tells."""
    found: list[LedgerEntry] = []
    before, more = -1, True
    while more and len(found) < limit:
        size = min(PAGE, limit - len(found))
        answer = await client.ask(GetLedger(before, size, group, changes))
        if not isinstance(answer, Ledger):
            raise ClientError(f"{client.agent} did not show its ledger: {_text(answer)}")
        found += answer.entries
        more = answer.more and bool(answer.entries)
        before = found[-1].slot if found else -1
    return found


async def changes_of(client: Client) -> list[LedgerEntry]:
    """Return every decided configuration that is known, oldest first."""
    found = await entries(client, limit=CHANGES_MAX, changes=True)
    return [entry for entry in reversed(found) if entry.kind == "change"]


async def text_of(client: Client, entry: LedgerEntry) -> bytes:
    """Return the exact text of the configuration that `entry` brought; ClientError without one."""
    answer = await client.ask(GetConfiguration(entry.file))
    if not isinstance(answer, ConfigurationFile):
        raise ClientError(f"{client.agent} has no text of epoch {entry.epoch}: {_text(answer)}")
    return answer.text.encode()


def epoch_in(changes: list[LedgerEntry], epoch: int) -> int:
    """Return the place of an epoch in `changes`; UsageError names those that are known."""
    for index, entry in enumerate(changes):
        if entry.epoch == epoch:
            return index
    known = f"{changes[0].epoch} to {changes[-1].epoch}" if changes else "none"
    raise click.UsageError(f"there is no epoch {epoch}; known: {known} (clustertui history)")


def _text(answer: object) -> str:
    return answer.text if isinstance(answer, Refused) else type(answer).__name__
