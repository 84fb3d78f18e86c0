"""The console in a real terminal: what reaches it as bytes, and how it leaves."""

import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "tests.support.hostile_console"]
DEADLINE_S = 20.0
POINTER_SHAPE = re.compile(rb"\x1b\]22;[a-z]*\x07")
"""What Textual itself tells the terminal: how the mouse looks."""

FORBIDDEN = {
    "clipboard": b"\x1b]52",
    "title": b"\x1b]0",
    "bell": b"\x07",
    "C1 control": "\x9d".encode(),
    "bidi override": "\u202e".encode(),
    "bidi isolate": "\u2066".encode(),
    "zero width": "\u200b".encode(),
    "blink": b"\x1b[31;5m",
}


class Terminal:
    """A program in a pty of 120x40, and all bytes it has written."""

    def __init__(self, master: int, process: "subprocess.Popen[bytes]") -> None:
        self.master = master
        self.process = process
        self.written = b""

    def press(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def read(self, seconds: float) -> bool:
        """Read what there is, waiting at most `seconds`; False at the end."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65_536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False
        self.written += data
        return bool(data)

    def until(self, text: bytes, start: int = 0) -> None:
        """Read until `text` was written after position `start`."""
        deadline = time.monotonic() + DEADLINE_S
        while text not in self.written[start:]:
            assert time.monotonic() < deadline, f"never wrote {text!r}"
            assert self.read(0.2), f"ended without {text!r}: {self.written[-500:]!r}"

    def close(self) -> None:
        """Close the terminal's window: nobody reads or writes it any more."""
        os.close(self.master)
        self.master = -1

    def end(self) -> int:
        """Read to the end; return the exit code."""
        deadline = time.monotonic() + DEADLINE_S
        while self.read(0.2) and self.process.poll() is None:
            assert time.monotonic() < deadline, "did not end"
        return self.process.wait(DEADLINE_S)


@contextmanager
def terminal(**environment: str) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    env = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "COLORTERM"}}
    env |= {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **environment}
    process = subprocess.Popen(
        PROGRAM, stdin=slave, stdout=slave, stderr=slave, env=env, cwd=ROOT, start_new_session=True
    )
    os.close(slave)
    screen = Terminal(master, process)
    try:
        yield screen
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if screen.master >= 0:
            screen.close()


def test_nothing_hostile_reaches_the_terminal() -> None:
    with terminal() as screen:
        screen.until(b"ABORTED")
        for key, seen in ((b"1", b"Groups"), (b"2", b"Nodes"), (b"\r", b"Adapters"),
                          (b"3", b"Networks"), (b"4", b"Groups"), (b"\r", b"Resources"),
                          (b"7", b"ABORTED"), (b"8", b"following")):  # fmt: skip
            start = len(screen.written)
            screen.press(key)
            screen.until(seen, start)
        screen.press(b"q")

        assert screen.end() == 0
    foreign = POINTER_SHAPE.sub(b"", screen.written)
    found = [what for what, text in FORBIDDEN.items() if text in foreign]
    assert not found
    assert b"hostile" in screen.written


def test_no_color_means_no_colour_at_all() -> None:
    with terminal(NO_COLOR="1") as screen:
        screen.until(b"ABORTED")
        screen.press(b"1")
        screen.until(b"Groups")
        screen.press(b"q")
        assert screen.end() == 0

    styles = set(re.findall(rb"\x1b\[([0-9;]*)m", screen.written))
    assert styles <= {b"0", b"39;49", b"1;39;49", b"1;7;39;49", b"7;39;49"}
    assert any(style.startswith(b"1;7") for style in styles), "the cursor cannot be seen"


def test_sixteen_colours_are_enough_to_tell_what_is_well_and_what_is_not() -> None:
    with terminal(TERM="linux") as screen:
        screen.until(b"ABORTED")
        screen.press(b"1")
        screen.until(b"Groups")
        screen.press(b"q")
        assert screen.end() == 0

    styles = set(re.findall(rb"\x1b\[([0-9;]*)m", screen.written))
    codes = {code for style in styles for code in style.split(b";")}
    assert codes.isdisjoint({b"38", b"48"}), "more colours than it has"
    assert {b"91", b"92"} <= codes, "neither red nor green"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_leave_the_terminal_as_it_was(number: signal.Signals) -> None:
    with terminal() as screen:
        screen.until(b"ABORTED")
        before = len(screen.written)
        screen.process.send_signal(number)

        assert screen.end() == 128 + number
    assert b"\x1b[?1049l" in screen.written[before:], "the alternate screen stays"
    assert b"\x1b[?25h" in screen.written[before:], "the cursor stays hidden"


def test_terminal_that_is_closed_ends_it_also_when_no_signal_says_so() -> None:
    with terminal() as screen:  # its process is not told: the terminal is not its controlling one
        screen.until(b"ABORTED")
        screen.close()

        assert screen.process.wait(DEADLINE_S) == 128 + signal.SIGHUP


def test_without_a_terminal_it_says_so_and_writes_no_escapes() -> None:
    done = subprocess.run(
        PROGRAM, cwd=ROOT, capture_output=True, stdin=subprocess.DEVNULL, timeout=DEADLINE_S
    )

    assert done.returncode == 2
    assert b"needs a terminal" in done.stderr
    assert b"\x1b" not in done.stdout + done.stderr
