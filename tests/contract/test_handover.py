"""A deadman whose agent died waits for the next one, and only one of them has the say."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nodeagent.drivers import adoption, handover, procs, records, running
from nodeagent.drivers.records import Record
from nodeagent.model.configuration import Application, Group
from tests.contract.agents import marker, sleeping
from tests.contract.waiting import until

PATIENCE_S = 20.0
"""For a deadman to start or to notice a death, on a machine that has much to do."""
NOUN = Group(nodes=("alpha",), resource={"server": Application(start=("sleep", "1"))})
AGENT = """
import sys, time
from nodeagent.drivers import handover
from nodeagent.drivers.watchdog import Watchdog
watchdog = Watchdog.start(sys.argv[1], 60.0)
watchdog.at_its_post(30.0)
watchdog.pet(handover.now_ms() + int(sys.argv[2]), int(sys.argv[3]))
print(watchdog.pid, flush=True)
while watchdog.pet(handover.now_ms() + int(sys.argv[2]), int(sys.argv[3])):
    time.sleep(0.05)
"""


class Left:
    """A service whose agent died; its lease had `lease_ms` to go, and services `adopt_ms`."""

    def __init__(self, state: Path, lease_ms: int, adopt_ms: int) -> None:
        self.state, self.mark = state, marker()
        agent = subprocess.Popen(
            [sys.executable, "-c", AGENT, str(state), str(lease_ms), str(adopt_ms)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        self.service = subprocess.Popen(["sleep", self.mark], start_new_session=True)
        look = procs.look(self.service.pid)
        assert look is not None
        assert agent.stdout is not None
        with agent.stdout as told:
            self.deadman = int(told.readline())
        self.members = ((look.pid, look.start),)
        self.agent = agent.pid
        cookie = running.new_cookie()
        records.write(str(state), Record("web", "server", cookie, self.members, agent=agent.pid))
        agent.kill()
        agent.wait()

    def gone(self) -> bool:
        self.service.poll()
        return not sleeping(self.mark)

    def take_over(self) -> adoption.Heritage:
        return adoption.take_over(self.state, {"web": NOUN}, 60.0, PATIENCE_S)


Leave = Callable[[int, int], Left]


@pytest.fixture
def leave(tmp_path: Path) -> Iterator[Leave]:
    made: list[Left] = []

    def make(lease_ms: int, adopt_ms: int) -> Left:
        made.append(Left(tmp_path, lease_ms, adopt_ms))
        return made[-1]

    yield make
    for record in records.read_all(str(tmp_path)):
        procs.end(record, 10.0)
    adoption.dismiss(tmp_path)
    for left in made:
        left.service.wait()


async def test_services_end_when_nobody_comes_in_time(leave: Leave) -> None:
    left = leave(60_000, 600)

    await until(left.gone)


async def test_services_end_at_once_when_they_shall_not_outlive_their_agent(leave: Leave) -> None:
    left = leave(60_000, 0)

    await until(left.gone)
    assert left.take_over().groups == frozenset()


async def test_the_next_agent_takes_over_with_the_time_that_was_left(leave: Leave) -> None:
    left = leave(60_000, 30_000)

    heritage = left.take_over()

    assert heritage.groups == {"web"}
    assert heritage.watchdog is not None
    assert 0 < heritage.until_ms - handover.now_ms() <= 30_000
    assert records.read_all(str(left.state))[0].agent != left.agent
    await until(lambda: procs.look(left.deadman) is None, "the one before goes")
    assert not left.gone()
    assert heritage.watchdog.pet(), "and another one is at its post"
    heritage.watchdog.stop()


async def test_an_unfed_successor_ends_them_at_the_same_time(leave: Leave) -> None:
    left = leave(60_000, 8_000)

    heritage = left.take_over()

    assert heritage.groups == {"web"}
    await until(left.gone)
    assert heritage.watchdog is not None
    heritage.watchdog.stop()


async def test_what_does_not_stand_as_a_whole_is_left_to_its_deadman(leave: Leave) -> None:
    left = leave(60_000, 1_500)
    noun = Group(nodes=("alpha",), resource={**NOUN.resource, "more": NOUN.resource["server"]})

    heritage = adoption.take_over(left.state, {"web": noun}, 60.0, PATIENCE_S)

    assert heritage.groups == frozenset()

    await until(left.gone)


def test_only_one_of_two_has_the_say(tmp_path: Path) -> None:
    handover.keep(str(tmp_path), handover.Post(1, 0, (7,), 5))

    assert [handover.remove(str(tmp_path), 1) for _ in range(2)] == [True, False]
