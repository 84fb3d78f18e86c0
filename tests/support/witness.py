"""Looks at the processes themselves: which group's service runs for which node, all the time.

Two nodes that run one group at the same moment are remembered, however short it was.
"""

import threading
from pathlib import Path

from tui.demo import service

EVERY_S = 0.02
NODE = b"CLUSTERTUI_NODE="
Service = tuple[int, str, str]
"""Process, group, node."""


def services() -> list[Service]:
    """Return the services that run, from the table of processes."""
    found = (_service(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [one for one in found if one is not None]


def _service(entry: Path) -> Service | None:
    try:
        words = (entry / "cmdline").read_bytes().split(b"\0")
        if service.__file__.encode() not in words:
            return None
        variables = (entry / "environ").read_bytes().split(b"\0")
        state = (entry / "stat").read_bytes().rpartition(b")")[2].split()[0]
    except OSError:
        return None
    if state in {b"Z", b"X"}:
        return None
    group = words[words.index(service.__file__.encode()) + 1].decode()
    node = next((v[len(NODE) :].decode() for v in variables if v.startswith(NODE)), "")
    return int(entry.name), group, node


def twice(found: list[Service]) -> dict[str, set[str]]:
    """Return the groups that run on more than one node, with these nodes."""
    nodes: dict[str, set[str]] = {}
    for _, group, node in found:
        nodes.setdefault(group, set()).add(node)
    return {group: names for group, names in nodes.items() if len(names) > 1}


class Witness:
    """Looks again and again until it is closed."""

    def __init__(self) -> None:
        self.seen_twice: list[str] = []
        self.looks = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._ended.wait(EVERY_S):
            self.looks += 1
            found = services()
            if not twice(found):
                continue
            # One may have ended while the table was read: both must still be there afterwards.
            still = [one for one in services() if one in found]
            for group, names in twice(still).items():
                self.seen_twice.append(f"{group} ran on {' and '.join(sorted(names))} at once")
