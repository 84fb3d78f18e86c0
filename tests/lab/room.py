"""A machine of its own as the kernel can make it: network, mounts, processes, name and /run.

A room is a tree of processes below one first process. When that ends, the kernel ends the rest and
takes the network with it; when the lab's program ends, the same happens to all of its rooms.
"""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.support import private

SPACES = ("--net", "--mount", "--uts", "--ipc", "--pid")
LIMIT_S = 20.0
KERNEL_S = 5.0
_FIRST = """
set -e
hostname "$0"
mount -t tmpfs -o mode=755 none /run
mkdir -m 1777 /run/lock
ip link set lo up
echo up
exec sleep infinity
"""


class RoomError(Exception):
    """A room could not be made, or a program in it failed; the text has the program's words."""


class Room:
    """Made when constructed; `end` is a power cut."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._outer = subprocess.Popen(
            [
                *("unshare", *SPACES, "--fork", "--kill-child", "--mount-proc"),
                *(sys.executable, "-I", "-S", private.__file__),
                *("sh", "-c", _FIRST, name),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        word = self._first_line()
        if word != b"up\n":
            raise RoomError(f"no room for {name}: {word.decode('utf-8', 'replace').strip()}")
        self.pid = _child(self._outer.pid)
        """The room's first process, as this process knows it."""

    def _first_line(self) -> bytes:
        assert self._outer.stdout is not None
        if not select.select([self._outer.stdout], [], [], LIMIT_S)[0]:
            self._outer.kill()
        return self._outer.stdout.readline()

    @property
    def is_up(self) -> bool:
        """Return whether its first process lives."""
        return self._outer.poll() is None

    def entrance(self, spaces: Sequence[str] = SPACES) -> tuple[str, ...]:
        """Return the words that run a program in here; it ends with the one that waits for it."""
        enter = ("nsenter", "--target", str(self.pid), *spaces, "--")
        return (*enter, "setpriv", "--pdeathsig", "KILL", "--")

    def run(self, *arguments: str, text: str = "", spaces: Sequence[str] = SPACES) -> str:
        """Run a program in here and return its output; RoomError with its words on failure."""
        try:
            done = subprocess.run(
                [*self.entrance(spaces), *arguments],
                input=text,
                capture_output=True,
                text=True,
                timeout=LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise RoomError(f"{self.name}: {arguments[0]} took over {LIMIT_S:.0f} s") from None
        if done.returncode:
            words = " ".join((done.stderr or done.stdout).split())
            raise RoomError(f"{self.name}: {' '.join(arguments)}: {words}")
        return done.stdout

    def freeze(self) -> None:
        """Stop all that runs in here at one moment: none of it does anything any more.

        So does each `nsenter` that waits for one of them: who started it kills it before `end`,
        which else would wait for what nobody reaps.
        """
        self.run("sh", "-c", "kill -s STOP -- -1")

    def end(self) -> None:
        """Kill its first process, and with it all that runs in here; fine when it is down."""
        if self.is_up:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self._outer.wait(KERNEL_S)
        if self._outer.stdout is not None:
            self._outer.stdout.close()


def _child(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0])
