"""Plays inputs by number and counts: how many, which crashed, which took too long.

What is timed is the processor time of the thread, so a busy machine makes no hang.
"""

import contextlib
import gc
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from types import FrameType

from nodeagent.config.load import load
from nodeagent.wire import codec
from tests.fuzz.targets import MIND, TARGETS
from tests.hostile import frames, texts

HANG_MS = 100.0
GIVEN_UP_S = 30.0


class GivenUp(Exception):  # noqa: N818
    """An input that never comes to an end."""


@dataclass
class Tally:
    """What came of some inputs: `crashes` and `hangs` name them, with what happened."""

    inputs: int = 0
    crashes: list[tuple[str, str]] = field(default_factory=list)
    hangs: list[tuple[str, float]] = field(default_factory=list)
    worst_ms: float = 0.0
    worst: str = ""

    def add(self, other: "Tally") -> None:
        """Count another one's in."""
        self.inputs += other.inputs
        self.crashes += other.crashes
        self.hangs += other.hangs
        if other.worst_ms > self.worst_ms:
            self.worst_ms, self.worst = other.worst_ms, other.worst


def play(name: str, first: int, count: int) -> Tally:
    """Play inputs `first` to `first + count - 1` of a target.

    Inputs may depend on those before them (a node lives for some), so a run is replayed from
    its first number.
    """
    target, tally = TARGETS[name], Tally()
    target.have(target.make(Random(f"{name}:warm")))
    MIND.reset()
    gc.collect()
    gc.freeze()
    before = signal.signal(signal.SIGALRM, _give_up)
    try:
        for number in range(first, first + count):
            _one(name, number, tally)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        gc.unfreeze()
    return tally


def play_cases() -> Tally:
    """Play the inventory's texts and frames: each was thought out to crash or hang something."""
    tally = Tally()
    before = signal.signal(signal.SIGALRM, _give_up)
    try:
        for number, each in texts.CASES.items():
            for name, text in each.items():
                _timed(f"class {number} {name}", partial(load, text), tally)
        for number, some in frames.CASES.items():
            for name, data in some.items():
                _timed(f"class {number} {name}", partial(_decoded, data), tally)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return tally


def _decoded(data: bytes) -> None:
    for decode in (
        codec.decode_envelope,
        codec.decode_heartbeat,
        codec.decode_ask,
        codec.decode_join_ask,
    ):
        with contextlib.suppress(codec.WireError):
            decode(data)


def _one(name: str, number: int, tally: Tally) -> None:
    target, label = TARGETS[name], f"{name}:{number}"
    _timed(label, partial(target.have, target.make(Random(label))), tally)


def _timed(label: str, have: Callable[[], object], tally: Tally) -> None:
    signal.setitimer(signal.ITIMER_REAL, GIVEN_UP_S)
    began = time.thread_time()
    try:
        have()
    except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
        tally.crashes.append((label, traceback.format_exc(limit=-6)))
    took = (time.thread_time() - began) * 1000
    tally.inputs += 1
    if took > HANG_MS:
        tally.hangs.append((label, took))
    if took > tally.worst_ms:
        tally.worst_ms, tally.worst = took, label


def _give_up(_number: int, _frame: FrameType | None) -> None:
    raise GivenUp(f"no end within {GIVEN_UP_S:.0f} s")
