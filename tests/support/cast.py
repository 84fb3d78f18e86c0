"""A recorded session: the real console in a terminal, driven by keys, as an asciinema v2 file.

The format is https://docs.asciinema.org/manual/asciicast/v2/: a header, then one line for each
piece of output with the seconds from the beginning. Any player of it plays the file.
"""

import codecs
import contextlib
import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

WIDTH, HEIGHT = 120, 40
SHOWN_S = 60.0
JOINED_S = 0.03
"""Output that comes so close to what came before is one piece: a screen is painted as a whole."""
IDLE_S = 3.0
CONSOLE = (
    "import socket, sys; socket.gethostname = lambda: 'desk'; "
    "from tui.cli import main; sys.exit(main(sys.argv[1:]))"
)
"""The console, on a machine whose name does not matter."""


def placeless(text: str) -> str:
    """Return `text` as if this folder lay elsewhere, in as many cells."""
    root = str(Path(__file__).resolve().parents[2])
    return text.replace(root, f"/opt/{'clustertui' * len(root)}"[: len(root)])


class Cast:
    """Records what the console with the access file `key` writes; ended with the block."""

    def __init__(self, key: Path, person: str) -> None:
        self._pieces: list[tuple[float, str]] = []
        self._text = codecs.getincrementaldecoder("utf-8")("replace")
        self._fresh = ""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        names = {"USER": person, "LOGNAME": person, "TERM": "xterm-256color"}
        self._master = master
        self._began = time.monotonic()
        self._process = subprocess.Popen(
            (sys.executable, "-c", CONSOLE, "--key", str(key)),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, **names, "COLORTERM": "truecolor"},
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def watch(self, seconds: float) -> None:
        """Record for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self._master], [], [], left)[0]:
                self._take()

    def until(self, *words: str) -> None:
        """Record until all words were painted since the last key; RuntimeError after a while."""
        deadline = time.monotonic() + SHOWN_S
        while missing := [word for word in words if word not in self._fresh]:
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"the console never showed {missing}")
            self.watch(0.1)

    def press(self, keys: str, *, pause: float = 1.0) -> None:
        """Press keys, then look for so many seconds at what they do."""
        self._fresh = ""
        os.write(self._master, keys.encode())
        self.watch(pause)

    def type(self, text: str) -> None:
        """Type a text as a person does."""
        for letter in text:
            self.press(letter, pause=0.18)

    def save(self, file: Path, title: str) -> None:
        """Write the file, which holds what was recorded so far."""
        header = {
            "version": 2,
            "width": WIDTH,
            "height": HEIGHT,
            "idle_time_limit": IDLE_S,
            "title": title,
            "env": {"TERM": "xterm-256color"},
        }
        lines = [header, *([round(at, 3), "o", placeless(text)] for at, text in self._joined())]
        file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "ascii")

    def _take(self) -> None:
        with contextlib.suppress(OSError):
            text = self._text.decode(os.read(self._master, 65_536))
            self._fresh += text
            self._pieces.append((time.monotonic() - self._began, text))

    def _joined(self) -> Iterator[tuple[float, str]]:
        began, last, whole = 0.0, 0.0, ""
        for at, text in self._pieces:
            if whole and at - last > JOINED_S:
                yield began, whole
                whole = ""
            began, last, whole = (began if whole else at), at, whole + text
        if whole:
            yield began, whole
