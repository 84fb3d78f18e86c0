"""Calls beside the loop: one that hangs holds up nobody, and a burst leaves few threads behind."""

import asyncio
import threading

from nodeagent.drivers.aside import IDLE_MAX, aside
from tests.contract.waiting import until


def threads() -> int:
    return sum(thread.name == "aside" for thread in threading.enumerate())


async def test_a_call_that_hangs_holds_up_no_other() -> None:
    thaw = threading.Event()
    hanging = [asyncio.create_task(aside(thaw.wait)) for _ in range(2 * IDLE_MAX)]
    await asyncio.sleep(0)

    assert await aside(lambda: "at once") == "at once"

    thaw.set()
    assert await asyncio.gather(*hanging) == [True] * len(hanging)


async def test_a_burst_leaves_few_threads_behind() -> None:
    before = threads()
    await asyncio.gather(*(aside(threading.get_ident) for _ in range(10 * IDLE_MAX)))

    await until(lambda: threads() <= max(before, IDLE_MAX + 1), "the others have ended")
    assert await aside(lambda: "still works") == "still works"


async def test_an_error_is_handed_on_and_the_next_call_works() -> None:
    for _ in range(2 * IDLE_MAX):
        try:
            await aside(lambda: 1 // 0)
        except ZeroDivisionError:
            continue
        raise AssertionError("the error was swallowed")
    assert await aside(lambda: 1) == 1
