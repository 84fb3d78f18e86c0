"""The hardware watchdog, a pipe in its place: petted only while fed, disarmed only in order."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nodeagent.cli import main
from nodeagent.drivers.hardware import Hardware, HardwareError, check
from nodeagent.drivers.watchdog import Watchdog
from tests.contract.waiting import until

FOREVER_S = 600.0


class Device:
    """A named pipe: what was written to it, and whether anybody still has it open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)
        self._reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.written = b""
        self.closed = False

    def look(self) -> bytes:
        """Take what was written since."""
        self.closed = False
        while True:
            try:
                part = os.read(self._reading, 4096)
            except BlockingIOError:
                return self.written
            if not part:
                self.closed = True
                return self.written
            self.written += part

    def pets(self, more_than: int = 0) -> bool:
        return self.look().count(b"\0") > more_than

    def left(self) -> bool:
        """Return whether its last holder closed it."""
        self.look()
        return self.closed

    def close(self) -> None:
        os.close(self._reading)


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    made = Device(tmp_path / "watchdog")
    yield made
    made.close()


async def fed_until(watchdog: Watchdog, condition: Callable[[], bool]) -> None:
    def fed() -> bool:
        assert watchdog.pet()
        return condition()

    await until(fed)


async def test_it_is_petted_whenever_the_agent_feeds_and_disarmed_in_good_order(
    device: Device, tmp_path: Path
) -> None:
    hardware = Hardware(device.path, stand_in=True)
    watchdog = Watchdog.start(tmp_path, FOREVER_S, hardware.arm(5_000))

    await fed_until(watchdog, lambda: device.pets(more_than=3))
    watchdog.stop()
    hardware.close(released=True)

    assert device.left()
    assert device.look().endswith(b"V"), "magic close"


async def test_what_is_still_held_is_ended_by_a_reset(device: Device, tmp_path: Path) -> None:
    hardware = Hardware(device.path, stand_in=True)
    watchdog = Watchdog.start(tmp_path, FOREVER_S, hardware.arm(5_000))
    await fed_until(watchdog, device.pets)

    watchdog.stop()
    hardware.close(released=False)
    hardware.close(released=True)  # too late to change its mind

    assert device.left()
    assert b"V" not in device.look()


async def test_who_is_not_fed_pets_nothing(device: Device, tmp_path: Path) -> None:
    hardware = Hardware(device.path, stand_in=True)
    watchdog = Watchdog.start(tmp_path, 0.3, hardware.arm(5_000))

    ended = os.WEXITED | os.WNOHANG | os.WNOWAIT
    await until(lambda: os.waitid(os.P_PID, watchdog.pid, ended), "it fires")

    assert not watchdog.pet()
    assert device.look() == b""
    watchdog.stop()
    hardware.close(released=False)


async def test_it_is_petted_before_the_first_feed_for_as_long_as_that_goes_on(
    device: Device,
) -> None:
    hardware = Hardware(device.path, stand_in=True)
    waits = True
    keeping = asyncio.create_task(hardware.keep(100, lambda: waits))

    await until(lambda: device.pets(more_than=3))
    waits = False
    await keeping
    hardware.close(released=False)

    assert device.left()
    assert b"V" not in device.written


async def test_a_new_deadman_takes_over_without_disarming(device: Device, tmp_path: Path) -> None:
    hardware = Hardware(device.path, stand_in=True)
    old = Watchdog.start(tmp_path, FOREVER_S, hardware.arm(5_000))
    await fed_until(old, device.pets)

    new = Watchdog.start(tmp_path, FOREVER_S, hardware.arm(3_000))
    old.stop()
    assert not device.left()
    pets = device.look().count(b"\0")
    await fed_until(new, lambda: device.pets(more_than=pets))

    assert b"V" not in device.look()
    new.stop()
    hardware.close(released=True)


AGENT = """
import sys, time
from pathlib import Path
from nodeagent.drivers.hardware import Hardware
from nodeagent.drivers.watchdog import Watchdog
hardware = Hardware(Path(sys.argv[2]), stand_in=True)
watchdog = Watchdog.start(sys.argv[1], 0.5, hardware.arm(5_000))
while watchdog.pet():
    time.sleep(0.02)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_an_agent_that_dies_or_hangs_leaves_it_armed_and_unpetted(
    device: Device, tmp_path: Path, how: signal.Signals
) -> None:
    command = [sys.executable, "-c", AGENT, str(tmp_path), str(device.path)]
    process = await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parents[2])
    await until(device.pets)

    process.send_signal(how)

    await until(lambda: _children(process.pid) == [] or how == signal.SIGKILL)
    if how == signal.SIGSTOP:
        device.look()
        before = device.written
        process.kill()
        assert device.look() == before
    await process.wait()
    await until(device.left)
    assert b"V" not in device.look()


def _children(pid: int) -> list[str]:
    """Return the living children of a process: a deadman that fired is none."""
    found = subprocess.run(
        ["ps", "-o", "stat=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [state for state in found.stdout.split() if not state.startswith("Z")]


def test_a_path_that_is_no_device_is_refused_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()

    for path in (file, tmp_path / "gone"):
        with pytest.raises(HardwareError):
            check(path)
        code = main(["run", "--state", str(tmp_path), "--watchdog", str(path)])
        assert code == 1
        assert str(path) in capsys.readouterr().err


def test_a_device_that_knows_no_time_is_not_relied_on() -> None:
    hardware = Hardware(Path("/dev/null"))

    with pytest.raises(HardwareError):
        hardware.arm(5_000)


def test_less_than_a_second_is_refused() -> None:
    with pytest.raises(HardwareError, match="1000 at least"):
        Hardware(Path("/dev/null")).arm(999)
