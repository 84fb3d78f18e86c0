"""The figures of a console with 64 nodes, each telling one message a second, in a real terminal."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
import psutil

from nodeagent.wire.codec import encode
from nodeagent.wire.live import ClusterLive, NodeLive, Snapshot
from tests.benchmarks.crowd import framed
from tests.benchmarks.figures import Figure, median, spread
from tests.support import story

NODES = 64
SIZE = (40, 120)
START_S = 20.0
WARM_S = 4.0
REST_S = 20.0
KEYS = 40
KEY_EVERY_S = 0.35
PAINT_LIMIT_S = 1.0
DOWN, UP = b"\x1b[B", b"\x1b[A"


@dataclass
class Crowd:
    """What the agent says: everybody once a second, spread over it, with ages that change."""

    names: tuple[str, ...] = tuple(f"n{number:02d}" for number in range(1, NODES + 1))
    turn: int = 0
    lives: list[NodeLive] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lives = [story.node_live(name) for name in self.names]

    def cluster(self) -> ClusterLive:
        """Return the cluster as a whole."""
        return story.cluster_live(view=self.names, observer=self.names[0], voters=self.names[:7])

    def snapshot(self) -> Snapshot:
        """Return everything at once."""
        text = story.configuration_text(nodes=self.names)
        return Snapshot(self.cluster(), tuple(self.lives), active=text, draft=text)

    def next(self) -> bytes:
        """Return what is said next; one message a node and one for the cluster in each turn."""
        index = self.turn % (NODES + 1)
        self.turn += 1
        if index == NODES:
            return framed(encode(self.cluster()))
        age = 40 + 37 * self.turn % 200
        live = msgspec.structs.replace(self.lives[index], age_ms=age, load=age / 100)
        return framed(encode(live))


class Terminal:
    """The console in a terminal: its process, what it painted last, and its feeder."""

    def __init__(self) -> None:
        reading, self._feed = os.pipe()
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.crowd", str(reading)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            pass_fds=(reading,),
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        )
        os.close(slave)
        os.close(reading)
        self._ended = threading.Event()
        self._feeding = threading.Thread(target=self._feed_on, daemon=True)

    def start(self) -> None:
        """Begin to feed."""
        self._feeding.start()

    def _feed_on(self) -> None:
        crowd = Crowd()
        os.write(self._feed, framed(encode(crowd.snapshot())))
        due = time.monotonic()
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            due += 1 / (NODES + 1)
            with contextlib.suppress(BrokenPipeError):
                os.write(self._feed, crowd.next())

    def read(self, seconds: float) -> bytes:
        """Return what is painted next, at the latest after `seconds`; empty when nothing is.

        EOFError when the console has ended.
        """
        ready, _, _ = select.select([self._master], [], [], max(0.0, seconds))
        if not ready:
            return b""
        try:
            return os.read(self._master, 1 << 16)
        except OSError as error:  # how Linux tells that nobody holds the other end
            raise EOFError from error

    def drain(self, seconds: float) -> int:
        """Read for a while; return the bytes painted."""
        until, painted = time.monotonic() + seconds, 0
        while (rest := until - time.monotonic()) > 0:
            painted += len(self.read(rest))
        return painted

    def until(self, words: bytes, limit_s: float) -> None:
        """Read until `words` are painted; AssertionError when they are not.

        So nothing else than what is meant is measured.
        """
        until, painted = time.monotonic() + limit_s, b""
        while words not in painted:
            rest = until - time.monotonic()
            assert rest > 0, f"the console did not paint {words!r}"
            painted += self.read(rest)

    def paint_s(self, key: bytes) -> float:
        """Press a key when the screen is still; return the seconds until it paints."""
        while self.read(0.02):
            pass
        began = time.monotonic()
        os.write(self._master, key)
        painted = self.read(PAINT_LIMIT_S)
        return time.monotonic() - began if painted else PAINT_LIMIT_S

    def press(self, key: bytes) -> None:
        """Press a key."""
        os.write(self._master, key)

    def close(self) -> None:
        """End the console and the feeder."""
        self._ended.set()
        self.process.terminate()
        with contextlib.suppress(EOFError):
            self.drain(2.0)
        self.process.kill()
        self.process.wait()
        os.close(self._feed)
        os.close(self._master)


@contextlib.contextmanager
def terminal() -> Iterator[Terminal]:
    """Run a console for the time of a measurement."""
    opened = Terminal()
    try:
        opened.start()
        yield opened
    finally:
        opened.close()


def measure() -> list[Figure]:
    """Return the figures of the console."""
    with terminal() as shown:
        shown.until(b"of %d" % NODES, START_S)
        shown.drain(WARM_S)
        process = psutil.Process(shown.process.pid)
        before, began = _cpu_s(process), time.monotonic()
        painted = shown.drain(REST_S)
        seconds = time.monotonic() - began
        used = 100 * (_cpu_s(process) - before) / seconds
        shown.press(b"2")
        shown.drain(1.0)
        waits = [_one_key(shown, number) * 1000 for number in range(KEYS)]
    rest = f"over {seconds:.0f} s on the dashboard, {painted / seconds / 1024:.1f} KiB/s painted"
    name = f"console, {NODES} nodes, at rest, share of a core"
    return [
        Figure(name, used, 5, "%", rest),
        Figure(
            f"console, {NODES} nodes, key to paint, median",
            median(waits),
            15,
            "ms",
            f"Down and Up in the list of nodes, {spread(waits, 'ms')}",
        ),
    ]


def _one_key(shown: Terminal, number: int) -> float:
    seconds = shown.paint_s(DOWN if number % 4 < 2 else UP)
    shown.drain(KEY_EVERY_S)
    return seconds


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
