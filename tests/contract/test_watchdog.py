"""The deadman fires when it must, and only then."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nodeagent.drivers import deadman, procs, records, running
from nodeagent.drivers.records import Record
from nodeagent.drivers.watchdog import Watchdog
from tests.contract.agents import marker, sleeping
from tests.contract.waiting import until

FOREVER_S = 600.0


class Services:
    """Recorded sleepers: `mark` in the recorded group, `away` with the cookie only."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.mark, self.away = marker(), marker()
        self.cookie = running.new_cookie()
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", f"setsid sleep {self.away} & sleep {self.mark} & wait"],
            env={records.COOKIE_VARIABLE: self.cookie, "PATH": os.defpath},
            start_new_session=True,
        )
        self.belong_to(os.getpid())

    def belong_to(self, agent: int) -> None:
        look = procs.look(self.process.pid)
        assert look is not None
        members = ((look.pid, look.start),)
        records.write(str(self.state), Record("web", "server", self.cookie, members, agent=agent))

    def alive(self) -> bool:
        return bool(sleeping(self.mark) and sleeping(self.away))

    def gone(self) -> bool:
        self.process.poll()
        return not sleeping(self.mark) + sleeping(self.away)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = Services(tmp_path)
    yield made
    for record in records.read_all(str(tmp_path)):
        procs.end(record, 10.0)
    made.process.wait()


async def test_not_fed_in_time_it_ends_all_services(services: Services, tmp_path: Path) -> None:
    await until(services.alive)
    watchdog = Watchdog.start(tmp_path, 0.2)

    await until(services.gone)

    await until(lambda: not watchdog.pet(), "the agent learns that it fired")
    watchdog.stop()


async def test_fed_it_does_nothing_and_goodbye_ends_it(services: Services, tmp_path: Path) -> None:
    await until(services.alive)
    watchdog = Watchdog.start(tmp_path, 3.0)
    loop = asyncio.get_running_loop()
    limit = loop.time() + 4.0  # longer than its patience

    def fed_long_enough() -> bool:
        assert watchdog.pet()
        return loop.time() > limit

    await until(fed_long_enough)
    assert services.alive()
    watchdog.stop()
    watchdog.stop()

    assert procs.look(watchdog.pid) is None, "it is gone and was reaped"
    assert services.alive()


AGENT = """
import sys, time
from nodeagent.drivers.watchdog import Watchdog
watchdog = Watchdog.start(sys.argv[1], float(sys.argv[2]))
print(watchdog.pid, flush=True)
while watchdog.pet():
    time.sleep(0.05)
"""


def agent(state: Path, timeout_s: float) -> tuple["subprocess.Popen[bytes]", int]:
    process = subprocess.Popen(
        [sys.executable, "-c", AGENT, str(state), str(timeout_s)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    with process.stdout as told:
        return process, int(told.readline())


async def test_an_agent_that_dies_takes_its_services_along(
    services: Services, tmp_path: Path
) -> None:
    await until(services.alive)
    process, watchdog = agent(tmp_path, FOREVER_S)
    services.belong_to(process.pid)

    process.kill()
    process.wait()

    await until(services.gone)
    await until(lambda: not procs.is_member(watchdog, start_of(watchdog)), "it does not stay")


async def test_a_frozen_agent_loses_its_services(services: Services, tmp_path: Path) -> None:
    await until(services.alive)
    process, _ = agent(tmp_path, 1.0)
    services.belong_to(process.pid)
    process.send_signal(signal.SIGSTOP)

    await until(services.gone)

    process.send_signal(signal.SIGCONT)
    process.wait()  # its pet says that the deadman is gone
    assert process.returncode == 0


async def test_it_outlives_signals_meant_for_the_agent(services: Services, tmp_path: Path) -> None:
    await until(services.alive)
    watchdog = Watchdog.start(tmp_path, FOREVER_S)
    await until(lambda: b"deadman" in cmdline(watchdog.pid))
    await until(lambda: ignores(watchdog.pid, signal.SIGTERM), "it is ready")

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(watchdog.pid, number)

    assert watchdog.pet()
    assert services.alive()
    watchdog.stop()


def test_a_stranger_with_a_recycled_number_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", marker()], start_new_session=True) as stranger:
        look = procs.look(stranger.pid)
        assert look is not None
        state = str(tmp_path)
        records.write(state, Record("web", "old", "0" * 32, ((look.pid, look.start - 1),)))
        records.write(state, Record("web", "boot", "f" * 32, ((look.pid, look.start),), "other"))

        deadman.fire(state, os.getpid())

        assert stranger.poll() is None
        stranger.kill()


def test_garbage_in_the_folder_hurts_nobody(tmp_path: Path) -> None:
    folder = tmp_path / records.FOLDER
    folder.mkdir()
    (folder / "binary").write_bytes(bytes(range(256)))
    (folder / "short").write_text("group web\nname x\nboot y\ncookie z\nmember 1 1\n")
    (folder / "empty").touch()
    (folder / "link").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()

    assert records.read_all(str(tmp_path)) == []
    deadman.fire(str(tmp_path), os.getpid())


async def test_what_another_agent_started_is_not_its_business(
    services: Services, tmp_path: Path
) -> None:
    await until(services.alive)
    services.belong_to(os.getpid() + 1)

    deadman.fire(str(tmp_path), os.getpid())

    assert services.alive()


def start_of(pid: int) -> int:
    look = procs.look(pid)
    return look.start if look else -1


def cmdline(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def ignores(pid: int, number: int) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    mask = next(line.split()[1] for line in lines if line.startswith("SigIgn"))
    return bool(int(mask, 16) >> (number - 1) & 1)
