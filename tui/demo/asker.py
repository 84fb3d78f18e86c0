"""A client that asks the service addresses all the time and remembers what it saw.

A thread for each service, so that neither a busy screen nor another service that does not answer
makes a service look worse than it is.
"""

import json
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from tui.viewmodels.ports import ProbeRow

EVERY_S = 0.02
LIMIT_S = 0.5
REQUEST = b"GET / HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n"
FAILURES_KEPT = 20


@dataclass
class Record:
    """What was seen of one service.

    `longest_gap_s`: from an answer to the next question that was answered, however slowly.
    """

    service: str
    address: str
    requests: int = 0
    failed: int = 0
    longest_gap_s: float = 0.0
    last_node: str = ""
    last_count: int = 0
    ok: bool = False
    failures: list[str] = field(default_factory=list)
    answered_at: float | None = None

    def answered(self, node: str, count: int, asked: float, at: float) -> None:
        """Count an answer; `asked` and `at`: when it was asked for and given, in seconds."""
        if self.answered_at is not None:
            self.longest_gap_s = max(self.longest_gap_s, asked - self.answered_at)
        self.answered_at = at
        self.last_node, self.last_count, self.ok = node, count, True
        self.requests += 1

    def gap_s(self, at: float) -> float:
        """Return the longest gap up to `at`, that one included which is not over yet."""
        if self.ok or self.answered_at is None:
            return self.longest_gap_s
        return max(self.longest_gap_s, at - self.answered_at)

    def refused(self, text: str) -> None:
        """Count a failure."""
        self.requests += 1
        self.failed += 1
        self.ok = False
        if len(self.failures) < FAILURES_KEPT:
            self.failures.append(f"request {self.requests}: {text}")


class Asker:
    """Asks each service of `services` (name to address) on `port` until it is closed."""

    def __init__(self, services: Mapping[str, str], port: int) -> None:
        self._port = port
        self._ended = threading.Event()
        self._records: dict[str, Record] = {}
        self._threads: list[threading.Thread] = []
        for name, address in services.items():
            self.watch(name, address)

    def watch(self, name: str, address: str) -> None:
        """Ask one more service from now on."""
        record = self._records[name] = Record(name, address)
        thread = threading.Thread(target=self._ask_on, args=(record,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def record(self, name: str) -> Record:
        """Return the running record of a service, an empty one while it is not asked."""
        return self._records.get(name) or Record(name, "")

    def rows(self) -> list[ProbeRow]:
        """Return what was seen so far, for the console."""
        now = time.monotonic()
        return [
            ProbeRow(
                service=record.service,
                requests=record.requests,
                failed=record.failed,
                longest_gap_ms=round(record.gap_s(now) * 1000),
                last_node=record.last_node,
                ok=record.ok,
            )
            for record in self._records.values()
        ]

    def close(self) -> None:
        """Ask no more."""
        self._ended.set()
        for thread in self._threads:
            thread.join(LIMIT_S * 4)

    def _ask_on(self, record: Record) -> None:
        due = time.monotonic()
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            due = max(due + EVERY_S, time.monotonic())
            self._ask_once(record)

    def _ask_once(self, record: Record) -> None:
        asked = time.monotonic()
        try:
            node, count = ask(record.address, self._port)
        except (OSError, ValueError, KeyError) as error:
            record.refused(str(error))
        else:
            record.answered(node, count, asked, time.monotonic())


def ask(address: str, port: int, limit_s: float = LIMIT_S) -> tuple[str, int]:
    """Return (node, count) of one answer over a new connection; OSError, ValueError, KeyError."""
    deadline = time.monotonic() + limit_s
    with socket.create_connection((address, port), timeout=limit_s) as connection:
        connection.sendall(REQUEST)
        data = b""
        while True:
            connection.settimeout(max(0.001, deadline - time.monotonic()))
            more = connection.recv(4096)
            if not more:
                break
            data += more
    head, _, body = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise ValueError(f"no answer but {head[:60]!r}")
    answer = json.loads(body)
    return str(answer["node"]), int(answer["count"])
