"""`clustertui diff [FILE]`: what is different from the active configuration, or between epochs."""

from nodeagent.client.client import Client
from nodeagent.config.diff import diff
from nodeagent.config.digest import file_digest
from nodeagent.wire.live import Snapshot
from tui.cli import files, ledger
from tui.cli.access import Way
from tui.cli.active import active_of
from tui.cli.asking import ask_snapshot, with_client
from tui.cli.changes import change_line
from tui.cli.history import difference
from tui.cli.output import put, put_json, say
from tui.cli.stale import DROPS_DRAFT, applies_draft


def between(way: Way, old: int, new: int | None, *, as_json: bool) -> int:
    """Compare two epochs, or one with the active configuration. Return the exit code."""

    async def work(client: Client) -> int:
        found = await ledger.changes_of(client)
        first = found[ledger.epoch_in(found, old)]
        second = found[-1] if new is None else found[ledger.epoch_in(found, new)]
        texts = [await ledger.text_of(client, entry) for entry in (first, second)]
        changes = difference(*texts)
        if as_json:
            put_json({"from": first.epoch, "to": second.epoch, "changes": changes})
            return 0
        for change in changes:
            put(change_line(change))
        if not changes:
            say(f"epochs {first.epoch} and {second.epoch} say the same")
        return 0

    return with_client(way, work)


def _is_overtaken(snapshot: Snapshot) -> bool:
    base = snapshot.draft_base
    return bool(base) and base != file_digest(snapshot.active.encode())


def run(way: Way, file: str | None, *, as_json: bool) -> int:
    """Compare FILE, or the draft, with the active configuration. Return the exit code."""
    data = files.read(file) if file is not None else None
    snapshot = ask_snapshot(way)
    active = active_of(snapshot)
    if data is None:
        data = (snapshot.draft or snapshot.active).encode()
    name = file or "draft"
    changes = diff(active, files.usable(name, data))
    if as_json:
        put_json({"of": name, "epoch": snapshot.cluster.epoch, "changes": changes})
        return 0
    for change in changes:
        put(change_line(change))
    if file is None and changes and _is_overtaken(snapshot):
        say("the draft was made from an older epoch; its changes are mixed with those made since.")
        say("To apply it and keep those:")
        for command in applies_draft(snapshot.draft_base):
            say(command)
        say(DROPS_DRAFT)
    elif file is None and changes and not snapshot.draft_base and snapshot.cluster.epoch > 1:
        say("no agent remembers what this draft was made from: look at each change")
        say(DROPS_DRAFT)
    if not changes:
        say(f"{name} says the same as epoch {snapshot.cluster.epoch}")
    return 0
