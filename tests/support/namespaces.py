"""Private places for tests that change the machine: own network and mounts, and other hosts.

The test's thread leaves for a place of its own and comes back; what it starts meanwhile is in
there, too. It needs root.
"""

import contextlib
import ctypes
import errno
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

NET, MOUNTS = 0x4000_0000, 0x0002_0000
_KINDS = {NET: "net", MOUNTS: "mnt"}
RETURN_SECONDS = 30.0
_LIBC = ctypes.CDLL(None, use_errno=True)


def run(*words: str) -> str:
    """Run a command in this place; return what it printed."""
    made = subprocess.run(words, capture_output=True, text=True, timeout=20)
    assert made.returncode == 0, f"{' '.join(words)}: {made.stderr or made.stdout}"
    return made.stdout


@cache
def why_not(*programs: str) -> str:
    """Return why no private place can be made here, "" if it can."""
    if os.geteuid() != 0:
        return "it needs root"
    missing = [name for name in ("ip", "nsenter", *programs) if shutil.which(name) is None]
    if missing:
        return f"{' and '.join(missing)} is not installed"
    made = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, timeout=20)
    return "" if made.returncode == 0 else f"no namespaces: {made.stderr.decode()}"


@contextlib.contextmanager
def private(kinds: int) -> Iterator[None]:
    """Be in a private network (`NET`) or with private mounts (`MOUNTS`) for the while."""
    task = Path("/proc/thread-self/ns")
    homes = [os.open(task / name, os.O_RDONLY) for bit, name in _KINDS.items() if kinds & bit]
    try:
        _call("unshare", kinds)
        if kinds & MOUNTS:
            run("mount", "--make-rprivate", "/")
        if kinds & NET:
            run("ip", "link", "set", "lo", "up")
        yield
    finally:
        for home in homes:
            _return(home)
            os.close(home)


def _return(home: int) -> None:
    """Go back, once the threads that were started here have ended: they share our mounts."""
    until = time.monotonic() + RETURN_SECONDS
    while True:
        try:
            _call("setns", home, 0)
        except OSError as error:
            if error.errno != errno.EINVAL or time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def _call(name: str, *arguments: int) -> None:
    if getattr(_LIBC, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


class Host:
    """Another host: a network of its own, reached from this one by cables."""

    def __init__(self) -> None:
        words = ["unshare", "--net", "--kill-child", "sh", "-c", "echo in; exec sleep 1000"]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "in\n"

    def run(self, *words: str) -> str:
        """Run a command on this host."""
        return run("nsenter", "--target", str(self._process.pid), "--net", *words)

    def words(self, *words: str) -> list[str]:
        """Return the words that run a command on this host."""
        return ["nsenter", "--target", str(self._process.pid), "--net", *words]

    def plug(self, here: str, there: str) -> None:
        """Lay a cable from the interface `here` to `there` on this host, both up."""
        pid = str(self._process.pid)
        ends = ("type", "veth", "peer", "name", there, "netns", pid)
        run("ip", "link", "add", here, *ends)
        run("ip", "link", "set", here, "up")
        self.run("ip", "link", "set", there, "up")

    def close(self) -> None:
        """Switch it off."""
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()
