"""What to tell somebody whose change was made from a configuration that is not active any more."""

from nodeagent.client.client import Client
from nodeagent.client.errors import ClientError
from nodeagent.config.diff import diff
from nodeagent.config.load import load
from nodeagent.model.configuration import Configuration
from nodeagent.wire.console import ConfigurationFile, GetConfiguration
from nodeagent.wire.live import Snapshot
from tui.cli.changes import change_line
from tui.cli.output import count, say

CHANGES_MAX = 20
DROPS_DRAFT = "r on the draft page of the console (5) drops the draft"


def applies_draft(base: str) -> tuple[str, ...]:
    """Return the commands that apply the draft, made from the configuration of digest `base`.

    They are right for a draft of an older epoch and for one of this: what came since stays.
    """
    return (
        "  clustertui export configuration --draft draft.toml",
        f"  clustertui merge draft.toml --base {base[:64]} --output merged.toml",
        "  clustertui apply merged.toml",
    )


async def decided(client: Client, digest: str) -> ConfigurationFile | None:
    """Return the decided configuration with this digest, None where the agent has it not."""
    try:
        answer = await client.ask(GetConfiguration(digest))
    except ClientError:
        return None
    return answer if isinstance(answer, ConfigurationFile) else None


async def tell(client: Client, snapshot: Snapshot, file: str, base: str) -> None:
    """Say what was changed since `base`, and how to go on."""
    cluster = snapshot.cluster
    old, new = await decided(client, base), load(snapshot.active).configuration
    before = load(old.text).configuration if old is not None else None
    if old is not None and before is not None and new is not None:
        _tell_changes(before, new, old.epoch, cluster.epoch)
    else:
        say(f"epoch {cluster.epoch} is active; {cluster.observer} does not know the base {base}")
    say(f"merge both: clustertui merge {file} --base {base[:64]} --output merged.toml")


def _tell_changes(old: Configuration, new: Configuration, before: int, now: int) -> None:
    changes = diff(old, new)
    say(f"from epoch {before} to {now}, {count(len(changes), 'change')} came in between:")
    for change in changes[:CHANGES_MAX]:
        say(f"  {change_line(change)}")
    if len(changes) > CHANGES_MAX:
        say(f"  and {len(changes) - CHANGES_MAX} more")
