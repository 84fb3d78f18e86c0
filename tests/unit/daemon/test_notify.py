"""What systemd is told, through a socket as it gives one."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from nodeagent.daemon.notify import Notifier


class Manager:
    """Systemd's end of the socket, and a clock."""

    def __init__(self, name: str, watchdog_s: float = 0.0) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self.socket.setblocking(False)
        self.environment = {"NOTIFY_SOCKET": name, "HOME": "/"}
        if watchdog_s:
            self.environment["WATCHDOG_USEC"] = str(int(watchdog_s * 1e6))
            self.environment["WATCHDOG_PID"] = str(os.getpid())
        self.now = 100.0
        self.troubles: list[str] = []

    def notifier(self) -> Notifier:
        return Notifier(self.environment, self.troubles.append, lambda: self.now)

    def heard(self) -> list[bytes]:
        words = []
        while True:
            try:
                words.append(self.socket.recv(4096))
            except BlockingIOError:
                return words


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@{tmp_path.name}-notify"
    made = Manager(name, watchdog_s=10.0)
    yield made
    made.socket.close()


def test_it_hears_that_the_agent_is_ready_and_that_it_stops(manager: Manager) -> None:
    notifier = manager.notifier()
    notifier.ready()
    notifier.stopping()
    notifier.close()
    notifier.ready()

    assert manager.heard() == [b"READY=1", b"STOPPING=1"]
    assert manager.environment == {"HOME": "/"}, "no application speaks for the agent"


def test_signs_of_life_come_as_often_as_it_wants_them(manager: Manager) -> None:
    notifier = manager.notifier()
    for _ in range(100):  # ten seconds of steps
        notifier.alive()
        manager.now += 0.1
    notifier.close()

    assert manager.heard() == [b"WATCHDOG=1"] * 4


def test_who_is_not_watched_says_nothing(manager: Manager) -> None:
    manager.environment["WATCHDOG_PID"] = "1"
    notifier = manager.notifier()
    notifier.alive()
    notifier.close()

    assert manager.heard() == []


def test_without_systemd_all_is_silence() -> None:
    troubles: list[str] = []
    notifier = Notifier({}, troubles.append)
    notifier.ready()
    notifier.alive()
    notifier.close()

    assert troubles == []


def test_a_socket_that_is_gone_is_told_once(tmp_path: Path) -> None:
    manager = Manager(str(tmp_path / "notify"))
    manager.socket.close()
    (tmp_path / "notify").unlink()
    notifier = manager.notifier()
    notifier.ready()
    notifier.stopping()
    notifier.close()

    assert len(manager.troubles) == 1
    assert "No such file" in manager.troubles[0]
