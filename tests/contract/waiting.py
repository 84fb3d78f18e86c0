"""Waiting on conditions with a deadline, and addresses that no other test uses."""

import asyncio
import random
from collections.abc import Callable

DEADLINE_SECONDS = 30.0
"""Generous: reached only when the condition will never come."""


async def until(condition: Callable[[], object], what: str = "") -> None:
    """Return as soon as `condition` holds; fail when it does not in time."""
    loop = asyncio.get_running_loop()
    limit = loop.time() + DEADLINE_SECONDS
    while not condition():
        assert loop.time() < limit, f"never came: {what or condition}"
        await asyncio.sleep(0.01)


def subnet() -> str:
    """Return the first three numbers of a loopback network of its own."""
    return f"127.{random.randint(2, 254)}.{random.randint(1, 254)}"
