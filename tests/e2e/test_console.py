"""`clustertui demo` in a terminal: the console opens on a real cluster, and leaves nothing."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.e2e.support import folder_below, mark_of, processes_of, until
from tui.cli import main

pytestmark = [pytest.mark.xdist_group("another-cluster-in-a-box"), pytest.mark.timeout(120)]
SHOWN_S = 40.0
GONE_S = 30.0


class Screen:
    """The demonstration in a terminal of 120x40."""

    def __init__(self, master: int, process: "subprocess.Popen[bytes]", folder: Path) -> None:
        self.master = master
        self.process = process
        self.folder = folder
        self.mark = ""
        self.written = b""

    def read(self, seconds: float = 0.1) -> None:
        if select.select([self.master], [], [], seconds)[0]:
            with suppress(OSError):
                self.written += os.read(self.master, 65_536)

    def until(self, *words: bytes) -> None:
        """Read until all words were painted; AssertionError after a while."""
        deadline = time.monotonic() + SHOWN_S
        while missing := [word for word in words if word not in self.written]:
            assert time.monotonic() < deadline, f"{missing} not in {self.written[-2000:]!r}"
            assert self.process.poll() is None, self.written[-2000:]
            self.read()
        self.mark = mark_of(self.box())

    def box(self) -> Path:
        found = folder_below(self.folder)
        assert found is not None
        return found

    def gone(self, box: Path) -> None:
        """Read on until the program has ended and nothing of it is left."""

        def ended() -> bool:
            self.read(0.05)
            return self.process.poll() is not None

        until(ended, GONE_S, "end of the program")
        until(lambda: not processes_of(self.mark, box), GONE_S, "end of all processes")
        until(lambda: not box.exists(), GONE_S, "removal of the folder")


@contextmanager
def demonstration(folder: Path) -> Iterator[Screen]:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "tui.cli", "demo"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TMPDIR": str(folder), "TERM": "xterm-256color"},
        start_new_session=True,
        # Its controlling terminal, so that closing it is told.
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
    )
    os.close(slave)
    try:
        yield Screen(master, process, folder)
    finally:
        process.kill()
        process.wait()
        with suppress(OSError):
            os.close(master)


def test_console_opens_on_the_cluster_and_leaves_nothing(tmp_path: Path) -> None:
    with demonstration(tmp_path) as screen:
        screen.until(b"a second terminal can look", b"alpha", b"charlie", b"orders")
        box = screen.box()
        assert main(["--key", str(box / "console.toml"), "status"]) == 0
        os.write(screen.master, b"\x11")
        screen.until(b"End the demonstration?")
        os.write(screen.master, b"\x1b[C\r")  # to the right, where the yes is
        screen.gone(box)

        assert screen.process.returncode == 0


def test_signal_ends_the_console_and_all_agents(tmp_path: Path) -> None:
    with demonstration(tmp_path) as screen:
        screen.until(b"charlie", b"orders")
        box = screen.box()
        screen.process.send_signal(signal.SIGTERM)
        screen.gone(box)

        assert screen.process.returncode == 128 + signal.SIGTERM
        assert b"Traceback" not in screen.written


def test_closed_terminal_ends_all(tmp_path: Path) -> None:
    with demonstration(tmp_path) as screen:
        screen.until(b"charlie", b"orders")
        box = screen.box()
        os.close(screen.master)
        until(lambda: screen.process.poll() is not None, GONE_S, "end of the program")
        until(lambda: not processes_of(screen.mark, box), GONE_S, "end of all processes")
        until(lambda: not box.exists(), GONE_S, "removal of the folder")
