"""A place for real agents: own network, mounts and processes, as root; or why there is none."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.support import private

OCF = Path("/usr/lib/ocf")
AGENTS = OCF / "resource.d" / "heartbeat"
ENTRANCE = (
    *("unshare", "--net", "--mount", "--propagation", "private"),
    *("--pid", "--fork", "--kill-child", "--mount-proc"),
)
LIMIT_S = 150.0
_ROOT = Path(__file__).parents[2]
_FIRST = (sys.executable, "-I", "-S", private.__file__)
"""The first process buries what agents orphan: else it would seem to live for ever."""


@cache
def why_not() -> str:
    """Return why no such place can be made here, "" if it can."""
    if os.geteuid() != 0:
        return "needs root"
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return "needs unshare (util-linux) and ip (iproute2)"
    made = subprocess.run(
        [*ENTRANCE, "ip", "link", "set", "lo", "up"], capture_output=True, text=True, timeout=20
    )
    words = " ".join(made.stderr.split()) or f"ended with {made.returncode}"
    return f"no namespaces: {words}" if made.returncode else ""


def lacks(agent: str, *programs: str) -> str:
    """Return what this machine lacks to play with `agent`, "" if nothing."""
    if not (AGENTS / agent).exists():
        return f"agent heartbeat:{agent} is not installed (Debian: resource-agents)"
    missing = [name for name in programs if not program(name)]
    return f"{' and '.join(missing)} is not installed" if missing else ""


def program(name: str) -> str:
    """Return the file of a program, also where PostgreSQL of Debian keeps its own, "" if none."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(versions[-1]) if versions else shutil.which(name) or ""


def play(*words: str) -> None:
    """Run a module of the lab in a place of its own; fail with its words."""
    done = subprocess.run(
        [*ENTRANCE, *_FIRST, sys.executable, "-m", *words],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        cwd=_ROOT,
    )
    assert done.returncode == 0, f"{words}:\n{done.stdout}\n{done.stderr}"
