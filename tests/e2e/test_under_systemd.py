"""A real agent under what systemd gives a service: it says that it is ready, alive, and ends."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.support import until
from tui.demo.box import Box

pytestmark = [pytest.mark.xdist_group("cluster-in-a-box"), pytest.mark.timeout(120)]
LIMIT_S = 30.0
WATCHDOG_S = 2.0


class Systemd:
    """Starts one agent of a box as a service, and hears what it says."""

    def __init__(self, box: Box, name: str, folder: Path) -> None:
        self._box, self._agent = box, box.agents[name]
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        self._socket.setblocking(False)
        self.heard: list[bytes] = []
        micros = str(int(WATCHDOG_S * 1e6))
        host = box.access_to(name).agents[0].admin.removeprefix("tcp://").rpartition(":")[0]
        self.metrics = f"{host}:9844"
        command = ["-m", "nodeagent", "run", "--state", str(self._agent.state)]
        self.process = subprocess.Popen(
            [sys.executable, *command, "--metrics", self.metrics],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={
                **os.environ,
                "NOTIFY_SOCKET": str(folder / "notify"),
                "WATCHDOG_USEC": micros,
            },
            start_new_session=True,
        )

    def listen(self) -> list[bytes]:
        while True:
            try:
                self.heard.append(self._socket.recv(4096))
            except BlockingIOError:
                return self.heard

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._socket.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Systemd]:
    with Box() as box:
        box.set_up()
        with closing(Systemd(box, box.names[0], tmp_path)) as made:
            yield made


def test_an_agent_says_that_it_is_ready_and_lives_without_having_found_its_cluster(
    service: Systemd,
) -> None:
    until(lambda: service.listen().count(b"WATCHDOG=1") >= 3, LIMIT_S, "signs of life")
    assert service.heard[0] == b"READY=1"
    with urllib.request.urlopen(f"http://{service.metrics}/metrics", timeout=LIMIT_S) as answer:
        assert b"nodeagent_quorum 0.0" in answer.read()

    service.process.terminate()

    until(lambda: b"STOPPING=1" in service.listen(), LIMIT_S, "it says that it stops")
    assert service.process.wait(LIMIT_S) == 0


def test_a_frozen_agent_gives_no_sign_of_life(service: Systemd) -> None:
    until(lambda: b"WATCHDOG=1" in service.listen(), LIMIT_S, "a sign of life")
    service.process.send_signal(signal.SIGSTOP)
    until(lambda: _is_stopped(service.process.pid), LIMIT_S, "it stands still")
    service.listen()
    before = len(service.heard)
    deadline = time.monotonic() + WATCHDOG_S
    until(lambda: time.monotonic() > deadline, LIMIT_S, "systemd's patience is over")

    assert len(service.listen()) == before
    service.process.kill()  # as WatchdogSignal=SIGKILL does
    assert service.process.wait(LIMIT_S) == -signal.SIGKILL


def _is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
