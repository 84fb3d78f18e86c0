"""`clustertui support-bundle [FILE]`: what all agents know, in one archive, without secrets."""

import asyncio
import io
import os
import platform
import subprocess
import sys
import tarfile
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import click

from nodeagent.client.access import Access
from nodeagent.client.client import Client
from nodeagent.client.errors import ClientError
from nodeagent.wire.live import Snapshot
from tui.cli.access import Way
from tui.cli.asking import run_until_interrupted, snapshot_of
from tui.cli.output import count, put_json, say
from tui.viewmodels.bundle import files_of

EACH_S = 10.0
"""How long an agent may take; one that hangs must not keep the others' knowledge back."""
EXAMINE_S = 60.0
LOG_BYTES = 2 * 1024 * 1024
"""From the end of a log; older lines are left out."""


def run(
    way: Way, file: str | None, *, state: str | None, logs: Sequence[str], as_json: bool
) -> int:
    """Write the archive. Return the exit code."""
    access = way.access()
    target = Path(file or time.strftime("clustertui-support-%Y%m%d-%H%M%S.tar.gz"))
    local = {f"log-{number}.txt": _tail(Path(log)) for number, log in enumerate(logs, 1)}
    if state is not None:
        local["check.json"] = _examined(state)
    told = run_until_interrupted(_ask_all(access))
    _write(target, files_of(told, _versions(), local))
    silent = {name: answer for name, answer in told.items() if isinstance(answer, str)}
    if as_json:
        put_json({"file": str(target), "agents": sorted(set(told) - set(silent)), "silent": silent})
    else:
        for name, reason in silent.items():
            say(f"{name} told nothing: {reason}")
        answered = count(len(told) - len(silent), "agent")
        say(f"{target} holds what {answered} told; look through it before you hand it on")
    return 0


async def _ask_all(access: Access) -> dict[str, Snapshot | str]:
    answers = await asyncio.gather(*(_ask(access.to([agent])) for agent in access.agents))
    names = [agent.name for agent in access.agents]
    return dict(zip(names, answers, strict=True))


async def _ask(access: Access) -> Snapshot | str:
    client = Client(access)
    try:
        async with asyncio.timeout(EACH_S):
            return await snapshot_of(client)
    except ClientError as error:
        return str(error)
    except TimeoutError:
        return f"no answer within {EACH_S:.0f} s"
    finally:
        await client.close()


def _versions() -> dict[str, str]:
    names = ("clustertui", "pyzmq", "msgspec", "textual")
    return {
        **{name: version(name) for name in names},
        "python": platform.python_version(),
        "system": platform.platform(),
        "terminal": os.environ.get("TERM", ""),
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _tail(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - LOG_BYTES))
            return file.read(LOG_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise click.FileError(str(log), error.strerror or str(error)) from None


def _examined(state: str) -> str:
    command = [sys.executable, "-m", "nodeagent", "check", "--state", state, "--json"]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=EXAMINE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"`nodeagent check --state {state}` took longer than {EXAMINE_S:.0f} s\n"
    return done.stdout + done.stderr


def _write(target: Path, files: Mapping[str, str]) -> None:
    """Write the archive with mode 0600; it must be new, and half of it is taken away again."""
    root = target.name.removesuffix(".gz").removesuffix(".tar")
    try:
        opened = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise click.FileError(str(target), error.strerror or str(error)) from None
    try:
        with (
            os.fdopen(opened, "wb") as raw,
            tarfile.open(fileobj=raw, mode="w:gz") as archive,
        ):
            for name, text in files.items():
                _add(archive, f"{root}/{name}", text)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise click.FileError(str(target), error.strerror or str(error)) from None


def _add(archive: tarfile.TarFile, name: str, text: str) -> None:
    data = text.encode("utf-8", "replace")
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(data), 0o600, int(time.time())
    archive.addfile(entry, io.BytesIO(data))
