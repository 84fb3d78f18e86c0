"""`clustertui history [EPOCH]` and `blame [KEY]`: what was decided, by whom, what it changed."""

import click

from nodeagent.client.client import Client
from nodeagent.client.errors import ClientError
from nodeagent.config.blame import blame
from nodeagent.config.diff import diff
from nodeagent.config.edit import EditError
from nodeagent.config.load import load
from nodeagent.config.revert import path_of
from nodeagent.config.words import did_you_mean, dotted
from nodeagent.model.plan import Change
from nodeagent.wire.ledger import LedgerEntry
from tui.cli import exits, ledger
from tui.cli.access import Way
from tui.cli.asking import with_client
from tui.cli.changes import change_line
from tui.cli.output import complain, put, put_json, put_table, say
from tui.viewmodels.ledger import broken_chain, entry_lines, history_rows, when_text


def history(
    way: Way, epoch: int | None, *, limit: int, everything: bool, verify: bool, as_json: bool
) -> int:
    """Show the newest decided values, or one epoch with its difference. Return the exit code."""
    if verify:
        return _verify(way, as_json=as_json)

    async def work(client: Client) -> int:
        if epoch is not None:
            return await _one(client, epoch, as_json=as_json)
        found = await ledger.entries(client, limit=limit, changes=not everything)
        if as_json:
            for entry in found:
                put_json(entry)
            return exits.DONE
        put_table(history_rows(found), indent="")
        return exits.DONE

    return with_client(way, work)


async def _one(client: Client, epoch: int, *, as_json: bool) -> int:
    found = await ledger.changes_of(client)
    place = ledger.epoch_in(found, epoch)
    entry = found[place]
    before = found[place - 1] if place else None
    changes = await _difference(client, before, entry)
    if as_json:
        put_json({"entry": entry, "changes": changes})
        return exits.DONE
    for line in entry_lines(entry, before):
        put(line)
    put("")
    put("changes" if changes else "the configuration is that of the epoch before")
    for change in changes:
        put(f"  {change_line(change)}")
    return exits.DONE


async def _difference(
    client: Client, before: LedgerEntry | None, entry: LedgerEntry
) -> tuple[Change, ...]:
    if before is None or before.file == entry.file:
        return ()
    return difference(await ledger.text_of(client, before), await ledger.text_of(client, entry))


def difference(old: bytes, new: bytes) -> tuple[Change, ...]:
    """Return what differs between two decided texts; ClientError where one cannot be read here."""
    before, after = (load(text, "decided").configuration for text in (old, new))
    if before is None or after is None:
        raise ClientError("a decided configuration cannot be read by this version of clustertui")
    return diff(before, after)


def _verify(way: Way, *, as_json: bool) -> int:
    """Ask every agent, and compare what they say was decided."""
    access = way.access()
    chains: dict[str, list[LedgerEntry]] = {}
    silent: dict[str, str] = {}
    for agent in access.agents:

        async def work(client: Client) -> list[LedgerEntry]:
            return await ledger.entries(client, limit=ledger.CHANGES_MAX)

        try:
            chains[agent.name] = with_client(way, work, only=agent.name)
        except ClientError as error:
            silent[agent.name] = str(error)
    problems = _disagreements(chains)
    last = max((found[0].slot for found in chains.values() if found), default=-1)
    if as_json:
        put_json({"last_slot": last, "agents": sorted(chains), "silent": silent,
                  "problems": problems})  # fmt: skip
    else:
        for name, reason in silent.items():
            say(f"{name} told nothing: {reason}")
        for problem in problems:
            complain(problem)
        if not problems and chains:
            put(f"{', '.join(sorted(chains))}: the same unbroken chain up to slot {last}")
    return exits.FAILED if problems or not chains else exits.DONE


def _disagreements(chains: dict[str, list[LedgerEntry]]) -> list[str]:
    problems = []
    digests: dict[int, tuple[str, str]] = {}
    for name, found in chains.items():
        broken = broken_chain(found)
        if broken:
            problems.append(f"{name}: {broken}")
        for entry in found:
            other, digest = digests.setdefault(entry.slot, (name, entry.digest))
            if digest != entry.digest:
                problems.append(f"slot {entry.slot} is not the same at {other} and {name}")
                break
    return problems


def blame_of(way: Way, key: str, *, as_json: bool) -> int:
    """Show which epoch gave each field its value. Return the exit code."""

    async def work(client: Client) -> int:
        found = await ledger.changes_of(client)
        texts = {}
        for entry in found:
            if entry.file not in texts:
                texts[entry.file] = await ledger.text_of(client, entry)
        blamed = blame([(entry, texts[entry.file]) for entry in found])
        wanted = _below(key, list(blamed))
        rows = [(path, blamed[path]) for path in wanted]
        if as_json:
            for path, entry in rows:
                put_json({"key": dotted(path), "epoch": entry.epoch, "at": entry.at,
                          "author": entry.author, "reason": entry.reason})  # fmt: skip
            return exits.DONE
        put_table(
            ((dotted(path), f"epoch {entry.epoch}", when_text(entry.at), entry.author, entry.reason)
             for path, entry in rows),
            indent="",
        )  # fmt: skip
        return exits.DONE

    return with_client(way, work)


def _below(key: str, paths: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    if not key:
        return paths
    try:
        head = path_of(key)
    except EditError as error:
        raise click.UsageError(str(error)) from None
    found = [path for path in paths if path[: len(head)] == head]
    if not found:
        known = {dotted(path[:size]) for path in paths for size in range(1, len(path) + 1)}
        hint, _ = did_you_mean(key, sorted(known))
        raise click.UsageError(f"the active configuration has no {key}: {hint}")
    return found
