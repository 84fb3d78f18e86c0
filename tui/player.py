"""Plays a recording as if it were a cluster: a client whose stream is the past, and its clock."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from nodeagent.model.configuration import Configuration
from nodeagent.wire.console import Answer, Refused, Request
from tui.viewmodels import past as course
from tui.viewmodels.past import Past
from tui.viewmodels.store import View

LOOK_S = 0.1
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
SPEED = 4.0
PAST_ONLY = "this is the recorded past; open the console without a recording to act"


class Player:
    """Holds where the replay is. `clock` returns monotonic seconds of now."""

    trouble = ""

    def __init__(self, past: Past, clock: Callable[[], float], start: float | None = None) -> None:
        self.past = past
        self.speed = SPEED
        self.playing = True
        self._clock = clock
        self._at = min(max(start if start is not None else past.start, past.start), past.end)
        self._since = clock()
        self._moved = asyncio.Event()
        self._course = course.at(past, self._at)

    @property
    def time(self) -> float:
        """Return the moment that is shown, Unix seconds of the recording."""
        if not self.playing:
            return self._at
        return min(self.past.end, self._at + (self._clock() - self._since) * self.speed)

    def pause(self) -> None:
        """Hold still, or go on; from the end it begins anew."""
        if not self.playing and self._at >= self.past.end:
            self._at = self.past.start
        self._settle(self.time, playing=not self.playing)

    def step(self, direction: int) -> None:
        """Go to the next event (1) or to the one before (-1), and hold still there."""
        now = self.time
        there = self.past.next_mark(now) if direction > 0 else self.past.mark_before(now)
        self._settle(there, playing=False)

    def pace(self, direction: int) -> None:
        """Play faster (1) or slower (-1)."""
        place = SPEEDS.index(self.speed) + direction
        now = self.time
        self.speed = SPEEDS[min(max(place, 0), len(SPEEDS) - 1)]
        self._settle(now, playing=self.playing)

    def _settle(self, time: float, *, playing: bool) -> None:
        self._at, self._since, self.playing = time, self._clock(), playing
        self._moved.set()

    # -- what the session asks of a client

    async def ask(self, request: Request) -> Answer:
        """Refuse: what is over cannot be changed."""
        return Refused("past", f"{type(request).__name__}: {PAST_ONLY}")

    async def ask_node(
        self, node: str, request: Request, *, configuration: Configuration | None = None
    ) -> Answer:
        """Refuse: nobody can be asked any more."""
        del node, configuration
        return await self.ask(request)

    async def stream(self) -> AsyncGenerator[View, None]:
        """Yield what is to be shown, for ever."""
        while True:
            self._moved.clear()
            yield self._view()
            try:
                await asyncio.wait_for(self._moved.wait(), LOOK_S)
            except TimeoutError:
                continue

    def _view(self) -> View:
        now = self.time
        if self.playing and now >= self.past.end:
            self._settle(self.past.end, playing=False)
        if self.past.index_at(now) < self._course.taken:
            self._course = course.at(self.past, now)
        self._course = course.advanced(self.past, self._course, now)
        text = course.banner_text(self.past, now, self.speed, playing=self.playing)
        return course.shown(self._course, now, text)

    async def close(self) -> None:
        """There is nothing to give back."""
