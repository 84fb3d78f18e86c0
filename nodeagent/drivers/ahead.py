"""Asks ahead whether anybody has an address, while its start is prepared: that need not ask then.

A DARE validates the groups that it starts, some steps before it starts them. Whoever has an address
may give it up until then, so only silence is used, and for a short while; everything else the start
asks for itself.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from nodeagent.drivers.aside import aside
from nodeagent.drivers.base import Key

FRESH_SECONDS = 2.0
"""For so long after it began, a question that nobody answered stands for one of the start."""


@dataclass(frozen=True, slots=True)
class _Question:
    place: tuple[str, str]
    until: float
    silent: asyncio.Task[bool]


class AskedAhead:
    """The questions of one agent; `ask` blocks, and returns whether nobody has an address.

    It is given the address and the name of the adapter; `clock` counts seconds.
    """

    def __init__(
        self, ask: Callable[[str, str], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._questions: dict[Key, _Question] = {}

    def begin(self, key: Key, address: str, adapter: str) -> None:
        """Ask on the running loop, and return at once; one question at a time for each `key`."""
        known = self._questions.get(key)
        if known is not None and not known.silent.done():
            return
        task = asyncio.get_running_loop().create_task(self._silent(address, adapter))
        self._questions[key] = _Question((address, adapter), self._clock() + FRESH_SECONDS, task)

    async def nobody_has(self, key: Key, address: str, adapter: str) -> bool:
        """Return whether it was asked lately and nobody answered; waits while it is being asked.

        A question counts once.
        """
        known = self.forget(key)
        if known is None or known.place != (address, adapter) or self._clock() > known.until:
            return False
        return await asyncio.shield(known.silent)

    def forget(self, key: Key) -> "_Question | None":
        """Let no later start count on what was asked."""
        return self._questions.pop(key, None)

    def close(self) -> None:
        """Wait for no answer any more."""
        for question in self._questions.values():
            question.silent.cancel()
        self._questions = {}

    async def _silent(self, address: str, adapter: str) -> bool:
        with contextlib.suppress(OSError):  # the start asks again, and tells of it
            return await aside(lambda: self._ask(address, adapter))
        return False
