"""The demonstration with its console in a terminal, as a person has it."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.e2e.support import DEMO, folder_below, mark_of, processes_of, until

SHOWN_S = 90.0
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
        """Take what was painted, as a terminal does."""
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
        """Return the demonstration's folder."""
        found = folder_below(self.folder)
        assert found is not None
        return found

    def leave(self) -> None:
        """End the demonstration as a person does."""
        os.write(self.master, b"\x1b[21~")  # F10
        self.until(b"End the demonstration?")
        os.write(self.master, b"\x1b[C\r")  # to the right, where the yes is

    def gone(self, box: Path) -> None:
        """Read on until the program has ended and nothing of it is left."""

        def ended() -> bool:
            self.read(0.05)
            return self.process.poll() is not None

        until(ended, GONE_S, "end of the program")
        until(lambda: not processes_of(self.mark, box), GONE_S, "end of all processes")
        until(lambda: not box.exists(), GONE_S, "removal of the folder")


@contextmanager
def demonstration(folder: Path, command: Sequence[str] = DEMO) -> Iterator[Screen]:
    """Run the demonstration with its folder below `folder`; end it at the end if need be."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = subprocess.Popen(
        command,
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
