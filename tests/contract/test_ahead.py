"""What was asked ahead stands for a while, for the same place, once, and only if none answered."""

import threading
from collections.abc import AsyncIterator

import pytest

from nodeagent.drivers.ahead import FRESH_SECONDS, AskedAhead

KEY, PLACE = ("web", "address"), ("10.77.1.100", "eth0")


class Network:
    """A network of which somebody may ask; `answered` is set where nobody waits for answers."""

    def __init__(self) -> None:
        self.free = True
        self.fails = False
        self.now = 1_000.0
        self.asked = 0
        self.answered = threading.Event()
        self.answered.set()

    def ask(self, _address: str, _adapter: str) -> bool:
        self.asked += 1
        self.answered.wait(10)
        if self.fails:
            raise OSError("no link")
        return self.free


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
async def ahead(network: Network) -> AsyncIterator[AskedAhead]:
    made = AskedAhead(network.ask, lambda: network.now)
    yield made
    network.answered.set()
    made.close()


async def test_silence_stands_once(ahead: AskedAhead, network: Network) -> None:
    ahead.begin(KEY, *PLACE)

    assert await ahead.nobody_has(KEY, *PLACE)
    assert not await ahead.nobody_has(KEY, *PLACE)
    assert network.asked == 1


async def test_a_question_that_is_under_way_is_waited_for(
    ahead: AskedAhead, network: Network
) -> None:
    network.answered.clear()
    ahead.begin(KEY, *PLACE)
    ahead.begin(KEY, *PLACE)
    threading.Timer(0.05, network.answered.set).start()

    assert await ahead.nobody_has(KEY, *PLACE)
    assert network.asked == 1


async def test_what_was_not_asked_is_not_known(ahead: AskedAhead) -> None:
    assert not await ahead.nobody_has(KEY, *PLACE)


async def test_another_place_is_another_question(ahead: AskedAhead) -> None:
    ahead.begin(KEY, *PLACE)

    assert not await ahead.nobody_has(KEY, PLACE[0], "eth1")


async def test_an_answer_and_a_failure_stand_for_nothing(
    ahead: AskedAhead, network: Network
) -> None:
    network.free = False
    ahead.begin(KEY, *PLACE)
    assert not await ahead.nobody_has(KEY, *PLACE)

    network.fails = True
    ahead.begin(KEY, *PLACE)
    assert not await ahead.nobody_has(KEY, *PLACE)


async def test_an_old_question_stands_for_nothing(ahead: AskedAhead, network: Network) -> None:
    ahead.begin(KEY, *PLACE)
    network.now += FRESH_SECONDS + 0.1

    assert not await ahead.nobody_has(KEY, *PLACE)
