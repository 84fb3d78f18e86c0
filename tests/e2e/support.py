"""Starting the demonstration as a program, and looking for what it leaves behind."""

import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from tui.cli import main
from tui.demo import warden

DEMO = (sys.executable, "-m", "tui.cli", "demo")


def until(holds: Callable[[], bool], limit_s: float, what: str) -> None:
    """Return once it holds; AssertionError with `what` after the limit."""
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline, f"not within {limit_s:.0f} s: {what}"
        time.sleep(0.05)


def status(access: Path) -> dict[str, Any]:
    """Return what `clustertui status --json` says; nothing of the cluster while none can be asked.

    In this process: what is asked again and again would else cost more than the cluster itself.
    """
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(io.StringIO()):
        code = main(["--key", str(access), "status", "--json"])
    found: dict[str, Any] = json.loads(said.getvalue()) if code == 0 else {}
    return {"cluster": {}, "groups": []} | found


@contextmanager
def demonstration(temporary: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the demonstration with its folder below `temporary`; kill it at the end if need be."""
    process = subprocess.Popen(
        [*DEMO, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def folder_below(temporary: Path) -> Path | None:
    """Return the folder of the demonstration, None while there is none."""
    return next(temporary.glob("clustertui-demo-*"), None)


def mark_of(folder: Path) -> str:
    """Return the mark that the demonstration's processes carry, "" while none runs."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if str(folder).encode() in words and any(word.endswith(b"warden.py") for word in words):
            return words[words.index(str(folder).encode()) - 1].decode()
    return ""


def processes_of(mark: str, folder: Path) -> list[str]:
    """Return what runs of a demonstration: marked, or named after its folder."""
    return sorted({str(pid) for pid in warden.marked(mark)} | named_after(folder))


def named_after(folder: Path) -> set[str]:
    """Return what runs with the demonstration's folder among its arguments."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in path.read_bytes():
                found.add(path.parent.name)
        except OSError:
            continue
    return found


def is_taken(address: str, port: int) -> bool:
    """Return whether somebody listens there."""
    with closing(socket.socket()) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((address, port)) == 0
