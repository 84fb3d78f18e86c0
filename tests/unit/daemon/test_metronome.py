"""The beats of the loop: one may be made to come sooner, never later; cancelled, they end."""

import asyncio

import pytest

from nodeagent.daemon.metronome import Metronome

DEADLINE_S = 20.0
LONG_S = 3_600.0


class Beats:
    """Counts beats; the next one is due after what is left of `pauses`, then very late."""

    def __init__(self, *pauses: float) -> None:
        self.pauses = list(pauses)
        self.count = 0
        self.came = asyncio.Event()

    def __call__(self) -> float:
        """Take a beat."""
        self.count += 1
        self.came.set()
        return self.pauses.pop(0) if self.pauses else LONG_S


async def ends(playing: asyncio.Task[None]) -> None:
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing


def test_a_beat_that_is_hurried_comes_soon() -> None:
    async def play() -> None:
        beats = Beats()
        metronome = Metronome(beats)
        playing = asyncio.create_task(metronome.play(LONG_S))
        await asyncio.sleep(0)
        metronome.hurry(0.01)
        await asyncio.wait_for(beats.came.wait(), DEADLINE_S)
        await ends(playing)

    asyncio.run(play())


def test_a_beat_is_never_made_later() -> None:
    async def play() -> None:
        beats = Beats()
        metronome = Metronome(beats)
        playing = asyncio.create_task(metronome.play(0.01))
        await asyncio.sleep(0)
        metronome.hurry(LONG_S)
        await asyncio.wait_for(beats.came.wait(), DEADLINE_S)
        await ends(playing)

    asyncio.run(play())


def test_each_beat_says_when_the_next_one_comes() -> None:
    async def play() -> None:
        beats = Beats(0.0, 0.01)
        playing = asyncio.create_task(Metronome(beats).play(0.0))
        for count in (1, 2, 3):
            while beats.count < count:
                beats.came.clear()
                await asyncio.wait_for(beats.came.wait(), DEADLINE_S)
        await ends(playing)
        assert beats.count == 3

    asyncio.run(play())


def test_after_its_end_nothing_can_be_hurried() -> None:
    async def play() -> None:
        beats = Beats()
        metronome = Metronome(beats)
        playing = asyncio.create_task(metronome.play(LONG_S))
        await asyncio.sleep(0)
        await ends(playing)
        metronome.hurry(0.0)
        await asyncio.sleep(0)
        assert beats.count == 0

    asyncio.run(play())


def test_what_a_beat_raises_ends_them_all() -> None:
    def beat() -> float:
        raise RuntimeError("broken")

    async def play() -> None:
        with pytest.raises(RuntimeError, match="broken"):
            await asyncio.wait_for(Metronome(beat).play(0.0), DEADLINE_S)

    asyncio.run(play())
