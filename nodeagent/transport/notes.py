"""Notes that cannot flood: what strangers cause is said once in a while, with a count."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

OnNote = Callable[[str, dict[str, Any]], None]

REPEAT_SECONDS = 10.0
SUBJECTS_MAX = 256


class Notes:
    """Hand on at most one note per (code, subject) in ten seconds, saying how many were held."""

    def __init__(self, on_note: OnNote, clock: Callable[[], float] = time.monotonic) -> None:
        self._on_note = on_note
        self._clock = clock
        self._told: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    def say(self, code: str, subject: str, **details: Any) -> None:
        """Tell of `subject` unless the same was told lately."""
        now = self._clock()
        key = (code, subject)
        told, held = self._told.get(key, (now - REPEAT_SECONDS, 0))
        if now - told < REPEAT_SECONDS:
            self._told[key] = (told, held + 1)
            return
        self._told[key] = (now, 0)
        self._told.move_to_end(key)
        if len(self._told) > SUBJECTS_MAX:  # strangers must not choose how much we remember
            self._told.popitem(last=False)
        self._on_note(code, {"subject": subject, **details, **({"held": held} if held else {})})


class Bucket:
    """A token bucket: `rate` per second on average, `burst` at once."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._filled = now

    def take(self, now: float) -> bool:
        """Take one token; False when there is none."""
        self._level = min(self._burst, self._level + (now - self._filled) * self._rate)
        self._filled = now
        if self._level < 1.0:
            return False
        self._level -= 1.0
        return True

    def charge(self, tokens: float, debt_max: float) -> None:
        """Take tokens for what turned out costly, if need be on credit of `debt_max`."""
        self._level = max(-debt_max, self._level - tokens)
