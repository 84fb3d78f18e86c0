"""The small service of the box: quick, honest about who answers, and polite when it is stopped."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tui.demo import service
from tui.demo.asker import Asker, Record, ask

LIMIT_S = 10.0


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(folder: Path, port: int, node: str = "alpha") -> Iterator["subprocess.Popen[bytes]"]:
    arguments = [sys.executable, "-I", "-S", service.__file__, "web", "127.0.0.1", str(port)]
    environment = {**os.environ, "CLUSTERTUI_NODE": node}
    with subprocess.Popen([*arguments, str(folder)], env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def first_answer(port: int) -> tuple[str, int]:
    deadline = time.monotonic() + LIMIT_S
    while True:
        try:
            return ask("127.0.0.1", port)
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.005)


def test_answers_with_node_and_count(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, port):
        assert first_answer(port) == ("alpha", 1)
        assert ask("127.0.0.1", port) == ("alpha", 2)


def test_count_goes_on_at_the_next_node(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, port, "alpha"):
        first_answer(port)
    with serving(tmp_path, port, "bravo"):
        assert first_answer(port) == ("bravo", 2)


def test_stops_at_term_and_answers_whom_it_had_accepted(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, port) as process:
        first_answer(port)
        process.send_signal(signal.SIGSTOP)
        with socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S) as waiting:
            waiting.sendall(b"GET / HTTP/1.1\r\n\r\n")
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGCONT)
            answered = waiting.recv(4096)

        assert answered.startswith(b"HTTP/1.1 200 OK")
        assert process.wait(LIMIT_S) == 0


def test_silent_client_does_not_hold_it_for_ever(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, port):
        first_answer(port)
        with socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S):
            assert ask("127.0.0.1", port, LIMIT_S)[1] == 2


def test_waits_for_an_address_that_is_being_given_back(tmp_path: Path) -> None:
    port = free_port()
    with closing(socket.socket()) as before:
        before.bind(("127.0.0.1", port))
        before.listen()
        with serving(tmp_path, port):
            before.close()
            assert first_answer(port)[0] == "alpha"


def test_taken_address_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(socket.socket()) as before:
        before.bind(("127.0.0.1", 0))
        before.listen()
        port = before.getsockname()[1]

        assert service.main(["web", "127.0.0.1", str(port), str(tmp_path)]) == 1

    assert f"127.0.0.1:{port}" in capsys.readouterr().err


def test_client_counts_requests_failures_and_gaps(tmp_path: Path) -> None:
    port = free_port()
    with closing(Asker({"web": "127.0.0.1"}, port)) as client:
        record = client.record("web")
        wait(lambda: record.failed > 2)
        with serving(tmp_path, port):
            wait(lambda: record.requests - record.failed > 5)
            (row,) = client.rows()
            assert row.ok
            assert row.last_node == "alpha"
            failed = record.failed
            assert not record.longest_gap_s > LIMIT_S
        wait(lambda: record.failed > failed)

        assert not client.rows()[0].ok
        with serving(tmp_path, port, "bravo"):
            wait(lambda: record.last_node == "bravo")
        assert record.longest_gap_s > 0
        assert "refused" in record.failures[0]


def test_slow_answer_is_no_gap_but_a_failure_between_two_answers_is() -> None:
    record = Record("web", "127.0.0.1")

    record.answered("alpha", 1, asked=10.0, at=10.4)
    record.answered("alpha", 2, asked=10.42, at=10.9)
    assert record.longest_gap_s == pytest.approx(0.02)

    record.refused("refused")
    assert record.gap_s(11.9) == pytest.approx(1.0)  # it is not over
    record.answered("bravo", 3, asked=12.9, at=13.0)
    assert record.longest_gap_s == pytest.approx(2.0)
    assert record.gap_s(20.0) == pytest.approx(2.0)
    assert (record.requests, record.failed, record.last_node) == (4, 1, "bravo")


def test_answer_of_a_stranger_is_a_failure() -> None:
    with closing(socket.socket()) as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        with closing(Asker({"web": "127.0.0.1"}, stranger.getsockname()[1])) as client:
            accepted, _ = stranger.accept()
            accepted.sendall(b"SSH-2.0-x\r\n")
            accepted.close()
            wait(lambda: client.record("web").failed > 0)


def wait(holds: object) -> None:
    assert callable(holds)
    deadline = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
