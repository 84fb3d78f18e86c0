"""The figures of a console with many nodes that each tell one message a second, in a terminal."""

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
from nodeagent.wire.live import ClusterLive, EventLine, NodeLive, Snapshot
from tests.benchmarks.crowd import framed
from tests.benchmarks.figures import MIB, Figure, median, spread
from tests.benchmarks.processes import cpu_s
from tests.support import story

FEW, NODES, MANY = 3, 64, 256
SIZE = (40, 120)
START_S = 20.0
WARM_S = 4.0
REST_S = 20.0
KEYS = 40
SWITCHES = 10
STARTS = 5
TURN_S = 0.004
FLOOD_S = 10.0
MANY_VALUES, MANY_EVENTS = 4_096, 1_000
COMMANDS = 10
KEY_EVERY_S = 0.35
PAINT_LIMIT_S = 1.0
DOWN, UP, ESCAPE = b"\x1b[B", b"\x1b[A", b"\x1b"
TITLE = b"connecting"
"""Is painted before anything is known of the cluster."""


@dataclass
class Crowd:
    """What the agent says: everybody once a second, spread over it, with ages that change."""

    names: tuple[str, ...]
    turn: int = 0
    lives: list[NodeLive] = field(default_factory=list)
    events: int = 0

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
        index = self.turn % (len(self.names) + 1)
        self.turn += 1
        if index == len(self.names):
            return framed(encode(self.cluster()))
        age = 40 + 37 * self.turn % 200
        live = msgspec.structs.replace(self.lives[index], age_ms=age, load=age / 100)
        return framed(encode(live))

    def event(self) -> bytes:
        """Return an event that is news; each says something else."""
        self.events += 1
        node = self.names[self.events % len(self.names)]
        return framed(
            encode(EventLine(self.events, time.time(), node, "note", node, f"event {self.events}"))
        )


@dataclass
class Pace:
    """How many live values and events are told in a second; `turn` is called each `TURN_S`."""

    values: float
    events: float = 0.0
    _owed: list[float] = field(default_factory=lambda: [0.0, 0.0])

    def turn(self) -> tuple[int, int]:
        """Return how many are due now."""
        self._owed[0] += self.values * TURN_S
        self._owed[1] += self.events * TURN_S
        due = (int(self._owed[0]), int(self._owed[1]))
        self._owed = [owed - told for owed, told in zip(self._owed, due, strict=True)]
        return due


class Terminal:
    """The console in a terminal: its process, what it painted last, and its feeder."""

    def __init__(self, nodes: int) -> None:
        self._names = tuple(f"n{number:0{len(str(nodes))}d}" for number in range(1, nodes + 1))
        self.began = time.monotonic()
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
        self.pace = Pace(nodes + 1)
        self._ended = threading.Event()
        self._feeding = threading.Thread(target=self._feed_on, daemon=True)

    def start(self) -> None:
        """Begin to feed."""
        self._feeding.start()

    def _feed_on(self) -> None:
        crowd = Crowd(self._names)
        os.write(self._feed, framed(encode(crowd.snapshot())))
        due = time.monotonic()
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            due += TURN_S
            values, events = self.pace.turn()
            said = [crowd.next() for _ in range(values)] + [crowd.event() for _ in range(events)]
            with contextlib.suppress(BrokenPipeError):
                os.write(self._feed, b"".join(said))

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
def terminal(nodes: int) -> Iterator[Terminal]:
    """Run a console for the time of a measurement."""
    opened = Terminal(nodes)
    try:
        opened.start()
        yield opened
    finally:
        opened.close()


def measure() -> list[Figure]:
    """Return the figures of the console: the main job's, and those of a cluster of 256."""
    with terminal(NODES) as shown:
        shown.until(b"of %d" % NODES, START_S)
        figures = [_at_rest(shown, NODES, 5)[0], *_keys(shown, NODES)[:1]]
    figures.append(_start())
    with terminal(MANY) as shown:
        shown.until(b"of %d" % MANY, START_S)
        figures += _at_rest(shown, MANY, 8)
        figures += _keys(shown, MANY)
        figures.append(_sections(shown))
        figures.append(_form(shown))
        figures += _floods(shown)
    with terminal(FEW) as shown:
        shown.until(b"of %d" % FEW, START_S)
        figures.append(_at_rest(shown, FEW, 1)[0])
    return [*figures, _command()]


def _start() -> Figure:
    """Start consoles; tell beside it what loading Textual alone takes, which nobody can save."""
    waits, bare = [], []
    for _ in range(STARTS):
        with terminal(MANY) as shown:
            shown.until(TITLE, START_S)
            waits.append((time.monotonic() - shown.began) * 1000)
        began = time.monotonic()
        words = [sys.executable, "-c", "import textual.app"]
        subprocess.run(words, check=True, timeout=START_S)
        bare.append((time.monotonic() - began) * 1000)
    note = f"{spread(waits, 'ms')}; Textual alone is loaded in {median(bare):.0f} ms"
    return Figure("console, from its start to first paint", median(waits), 400, "ms", note)


def _at_rest(shown: Terminal, nodes: int, limit: float) -> list[Figure]:
    shown.drain(WARM_S)
    process = psutil.Process(shown.process.pid)
    before, began = cpu_s(process), time.monotonic()
    painted = shown.drain(REST_S)
    seconds = time.monotonic() - began
    used = 100 * (cpu_s(process) - before) / seconds
    note = f"over {seconds:.0f} s on the dashboard, one message a second from each"
    return [
        Figure(f"console, {nodes} nodes, at rest, share of a core", used, limit, "%", note),
        Figure(f"console, {nodes} nodes, painted", painted / seconds / 1000, 30, "kB/s"),
    ]


def _keys(shown: Terminal, nodes: int) -> list[Figure]:
    shown.press(b"2")
    shown.drain(1.0)
    waits = [_one_key(shown, number) * 1000 for number in range(KEYS)]
    note = f"Down and Up in the list of nodes, {spread(waits, 'ms')}"
    most = sorted(waits)[int(len(waits) * 0.95)]
    return [
        Figure(f"console, {nodes} nodes, key to paint, median", median(waits), 15, "ms", note),
        Figure(f"console, {nodes} nodes, key to paint, 19 of 20", most, 50, "ms"),
    ]


def _sections(shown: Terminal) -> Figure:
    """Go to and fro between two lists that have been open before."""
    waits = []
    for number in range(SWITCHES + 2):
        key, title = ((b"4", b"Groups"), (b"2", b"Nodes"))[number % 2]
        while shown.read(0.02):
            pass
        began = time.monotonic()
        shown.press(key)
        shown.until(title, PAINT_LIMIT_S)
        waits.append((time.monotonic() - began) * 1000)
        shown.drain(KEY_EVERY_S)
    waits = waits[2:]
    note = f"nodes and groups, {spread(waits, 'ms')}"
    return Figure(f"console, {MANY} nodes, switch of section", median(waits), 150, "ms", note)


def _form(shown: Terminal) -> Figure:
    """Open and leave the form of a node, of some twenty fields."""
    waits = []
    for _ in range(SWITCHES + 2):
        while shown.read(0.02):
            pass
        began = time.monotonic()
        shown.press(b"e")
        shown.until(b"marks:", PAINT_LIMIT_S)
        waits.append((time.monotonic() - began) * 1000)
        shown.drain(KEY_EVERY_S)
        shown.press(ESCAPE)
        shown.drain(KEY_EVERY_S)
    waits = waits[2:]
    return Figure("console, a form", median(waits), 200, "ms", spread(waits, "ms"))


def _floods(shown: Terminal) -> list[Figure]:
    """Tell far more than a cluster ever does, and press keys meanwhile: none may be lost."""
    shown.press(b"1")
    usual = shown.pace
    shown.pace = Pace(MANY_VALUES)
    values = _flooded(shown)
    shown.pace = Pace(usual.values, MANY_EVENTS)
    events = _flooded(shown)
    shown.pace = usual
    memory = psutil.Process(shown.process.pid).memory_info().rss / MIB
    return [
        Figure(f"console, {MANY_VALUES} live values a second, share of a core", values, 30, "%"),
        Figure(f"console, {MANY_EVENTS} events a second, share of a core", events, 20, "%"),
        Figure("console, memory after that", memory, 120, "MB", "resident"),
    ]


def _flooded(shown: Terminal) -> float:
    shown.drain(1.0)
    process = psutil.Process(shown.process.pid)
    before, began = cpu_s(process), time.monotonic()
    shown.drain(FLOOD_S)
    used = 100 * (cpu_s(process) - before) / (time.monotonic() - began)
    shown.press(b"4")
    shown.until(b"Groups", PAINT_LIMIT_S)
    shown.press(b"1")
    shown.until(b"Nodes", PAINT_LIMIT_S)
    return used


def _command() -> Figure:
    """Run a subcommand that asks nobody."""
    waits = []
    for _ in range(COMMANDS):
        began = time.monotonic()
        words = [sys.executable, "-m", "tui.cli", "explain", "E204"]
        subprocess.run(words, stdout=subprocess.DEVNULL, check=True, timeout=START_S)
        waits.append((time.monotonic() - began) * 1000)
    note = f"clustertui explain E204, {spread(waits, 'ms')}"
    return Figure("a subcommand that asks nobody", median(waits), 120, "ms", note)


def _one_key(shown: Terminal, number: int) -> float:
    seconds = shown.paint_s(DOWN if number % 4 < 2 else UP)
    shown.drain(KEY_EVERY_S)
    return seconds
