"""When something that starts counts as started: it is well, and stays so for a while."""

import time
from collections.abc import Awaitable, Callable

from nodeagent.drivers.running import remaining
from nodeagent.drivers.service import LOOK_SECONDS

Look = Callable[[], Awaitable[bool]]
Wait = Callable[[float], Awaitable[object]]

PAUSE_SECONDS = (LOOK_SECONDS, 0.5)
"""First and longest pause between looks."""


async def becomes_steady(look: Look, wait: Wait, until: float, stable_s: float) -> bool:
    """Look again and again until it was well for `stable_s` seconds without a break.

    A bad look begins the count anew. Returns False when `until` (monotonic seconds) comes first.
    """
    pause, longest = PAUSE_SECONDS
    since: float | None = None
    while True:
        well = await look()
        now = time.monotonic()
        since = (now if since is None else since) if well else None
        rest = pause if since is None else stable_s - (now - since)
        if rest <= 0:
            return True
        if remaining(until) <= min(pause, rest):
            return False
        await wait(min(pause, rest))
        pause = min(pause * 2, longest)
