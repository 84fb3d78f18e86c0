"""The wait for the next tick: it can be made shorter, never longer, and ends when cancelled."""

import asyncio

import pytest

from nodeagent.daemon.metronome import Metronome

DEADLINE_S = 20.0
LONG_S = 3_600.0


def test_a_wait_that_is_hurried_ends_soon() -> None:
    async def play() -> None:
        metronome = Metronome()
        waiting = asyncio.create_task(metronome.wait(LONG_S))
        await asyncio.sleep(0)
        metronome.hurry(0.01)
        await asyncio.wait_for(waiting, DEADLINE_S)

    asyncio.run(play())


def test_a_wait_is_never_made_longer() -> None:
    async def play() -> None:
        metronome = Metronome()
        waiting = asyncio.create_task(metronome.wait(0.01))
        await asyncio.sleep(0)
        metronome.hurry(LONG_S)
        await asyncio.wait_for(waiting, DEADLINE_S)

    asyncio.run(play())


def test_a_cancelled_wait_ends_and_the_next_one_works() -> None:
    async def play() -> None:
        metronome = Metronome()
        waiting = asyncio.create_task(metronome.wait(LONG_S))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        metronome.hurry(0.0)  # nobody waits: nothing happens

    asyncio.run(play())
