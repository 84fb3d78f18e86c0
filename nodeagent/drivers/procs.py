"""Finding and ending the processes of a record, and never anybody else's.

A process is ours if it is a recorded one (number and start time), carries the record's cookie in
its environment, or is in the process group of one that is. It is ended through a descriptor of the
process, opened before its start time is looked at again, so that a number that is reused in
between hits nobody.

Only small modules of the standard library are used: the deadman imports this.
"""

# pathlib would triple what the deadman loads.
# ruff: noqa: PTH123, PTH208

import os
import select
import signal
import time

from nodeagent.drivers.records import COOKIE_VARIABLE, Record

ROUND_SECONDS = 0.2


class Process:
    """One line of the process table; `start` in clock ticks since boot."""

    __slots__ = ("group", "pid", "start", "state")

    def __init__(self, pid: int, state: str, group: int, start: int) -> None:
        self.pid = pid
        self.state = state
        self.group = group
        self.start = start


def look(pid: int) -> Process | None:
    """Return what the kernel says of process `pid`, None if there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            line = file.read()
    except OSError:
        return None
    fields = line[line.rfind(b")") + 2 :].split()  # the name before it may hold anything
    if len(fields) < 20:
        return None
    return Process(pid, fields[0].decode("ascii"), int(fields[2]), int(fields[19]))


def table() -> dict[int, Process]:
    """Return all living processes by number, zombies left out."""
    found = (look(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return {
        process.pid: process for process in found if process is not None and process.state != "Z"
    }


def is_member(pid: int, start: int) -> bool:
    """Return whether process `pid` lives and is the one that was started at `start`."""
    process = look(pid)
    return process is not None and process.start == start and process.state not in {"Z", "X"}


def find(record: Record) -> list[Process]:
    """Return the living processes of `record`."""
    living = table()
    own = os.getpgrp()
    recorded = set(record.members)
    proven = [
        process
        for process in living.values()
        if (process.pid, process.start) in recorded or _carries(process.pid, record.cookie)
    ]
    groups = {process.group for process in proven} - {0, 1, own}
    ours = {process.pid for process in proven} - {1, os.getpid()}
    return [
        process for process in living.values() if process.pid in ours or process.group in groups
    ]


def in_group(group: int) -> tuple[tuple[int, int], ...]:
    """Return (number, start time) of the living processes of one process group."""
    return tuple(
        (process.pid, process.start) for process in table().values() if process.group == group
    )


def end(record: Record, seconds: float) -> list[int]:
    """Kill all processes of `record` and wait until they are gone, at most `seconds`.

    Returns the numbers of those that were killed; TimeoutError if some would not go.
    """
    until = time.monotonic() + seconds
    killed: set[int] = set()
    while found := find(record):
        if time.monotonic() > until:
            numbers = ", ".join(str(process.pid) for process in found)
            raise TimeoutError(f"processes {numbers} do not end")
        killed.update(process.pid for process in found)
        send(found, signal.SIGKILL, wait_seconds=ROUND_SECONDS)
    return sorted(killed)


def kill_known(record: Record) -> None:
    """Kill the recorded processes that live, without a look at all others and without waiting."""
    found = [look(pid) for pid, _ in record.members]
    ours = [one for one in found if one is not None and (one.pid, one.start) in record.members]
    send(ours, signal.SIGKILL)


def send(processes: list[Process], number: int, wait_seconds: float = 0.0) -> None:
    """Signal exactly these processes, and wait for their ends at most `wait_seconds`."""
    descriptors = []
    for process in processes:
        descriptor = _open(process)
        if descriptor is None:
            continue
        descriptors.append(descriptor)
        try:
            signal.pidfd_send_signal(descriptor, number)
        except OSError:
            continue
    _await(descriptors, wait_seconds)
    for descriptor in descriptors:
        os.close(descriptor)


def _open(process: Process) -> int | None:
    try:
        descriptor = os.pidfd_open(process.pid)
    except OSError:
        return None
    if is_member(process.pid, process.start):
        return descriptor
    os.close(descriptor)
    return None


def _await(descriptors: list[int], seconds: float) -> None:
    poller = select.poll()
    for descriptor in descriptors:
        poller.register(descriptor, select.POLLIN)
    left = len(descriptors)
    until = time.monotonic() + seconds
    while left and (rest := until - time.monotonic()) > 0:
        for descriptor, _ in poller.poll(rest * 1000):
            poller.unregister(descriptor)
            left -= 1


def _carries(pid: int, cookie: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            variables = file.read()
    except OSError:
        return False
    return f"{COOKIE_VARIABLE}={cookie}".encode("ascii") in variables.split(b"\0")
