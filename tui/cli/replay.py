"""`clustertui replay [FILE]`: the recorded past of the cluster in the console, or as lines."""

import re
import sys
import time
from datetime import datetime
from pathlib import Path

import click
import msgspec

from nodeagent.client.client import Client
from nodeagent.client.errors import ClientError
from nodeagent.wire.console import Refused
from nodeagent.wire.recording import GetRecording, Recorded, Recording
from tui.cli import exits
from tui.cli.access import Way
from tui.cli.asking import with_client
from tui.cli.keys import load
from tui.cli.output import complain, put_json, refuse, say
from tui.viewmodels.past import Past, summary

RECORDS_MAX = 500_000
FILE_BYTES_MAX = 256 << 20
_AGO = re.compile(r"(\d{1,5})([smhd])\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def run(way: Way, file: str | None, *, since: str, save: str | None, as_json: bool) -> int:
    """Show the past from `since` on. Return the exit code."""
    start = _start(since, time.time())
    records = _of_file(file) if file is not None else with_client(way, lambda c: _ask(c, start))
    if not records:
        return refuse("nothing is recorded of that time", exits.FAILED, as_json=as_json)
    say(summary(records))
    if save is not None:
        _save(save, records)
        return exits.DONE
    if as_json:
        for record in records:
            put_json(record)
        return exits.DONE
    return _play(Past(tuple(records)), start, way.keys)


def _start(since: str, now: float) -> float:
    """Return Unix seconds for 2h, 07:30 or 2026-11-26 07:30; UsageError for anything else."""
    ago = _AGO.match(since)
    if ago:
        return now - int(ago[1]) * _SECONDS[ago[2]]
    today = datetime.fromtimestamp(now)  # noqa: DTZ006 - people write their own time of day
    for text in (since, f"{today:%Y-%m-%d} {since}"):
        try:
            return datetime.fromisoformat(text).timestamp()
        except ValueError:
            continue
    raise click.UsageError(f'--since {since[:40]}: write 90m, 2h, 1d, 07:30, or "2026-11-26 07:30"')


async def _ask(client: Client, since: float) -> list[Recorded]:
    found: list[Recorded] = []
    cursor, missed = "", 0
    while True:
        answer = await client.ask(GetRecording(since, cursor))
        if not isinstance(answer, Recording):
            text = answer.text if isinstance(answer, Refused) else type(answer).__name__
            raise ClientError(f"{client.agent} shows nothing of the past: {text}")
        found += answer.items
        missed += answer.missed
        cursor = answer.cursor
        if not cursor or len(found) >= RECORDS_MAX:
            break
    if missed:
        say(f"{missed} records of {client.agent} cannot be read; they are left out")
    return found


def _of_file(file: str) -> list[Recorded]:
    decoder = msgspec.json.Decoder(Recorded)
    try:
        with Path(file).open("rb") as opened:
            lines = opened.readlines(FILE_BYTES_MAX)
    except OSError as error:
        raise click.FileError(file, error.strerror or str(error)) from None
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(decoder.decode(line))
        except msgspec.MsgspecError as error:
            text = f"{file}:{number}: no record: {error}; `replay --save FILE` writes such files"
            raise click.UsageError(text) from None
    return found


def _save(file: str, records: list[Recorded]) -> None:
    try:
        with Path(file).open("xb") as new:
            new.writelines(msgspec.json.encode(record) + b"\n" for record in records)
    except OSError as error:
        raise click.FileError(file, error.strerror or str(error)) from None
    say(f"{len(records)} records are in {file}; clustertui replay {file} shows them")


def _play(past: Past, start: float, keys: str | None) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        complain("a replay needs a terminal; --json writes the records, --save keeps them")
        return exits.USAGE
    keymap = load(keys)
    from tui.app import run_console
    from tui.player import Player
    from tui.replay import ReplayApp

    app = ReplayApp(Player(past, time.monotonic, start))
    app.use_keys(keymap)
    return run_console(app)
