"""The program that stops a node's services when its agent no longer answers for them.

A small process of its own session, fed through a pipe. When it is not fed in time (the agent hangs
or is frozen), or when the pipe closes without a goodbye (the agent died) and no other agent takes
over in time (`handover`), it takes service addresses off, kills all recorded processes, unmounts,
and ends. How long it waits for another agent stands in the last feed. Where there is a hardware
watchdog, each feed pets that, too, and while it waits it does so itself, but nothing else does:
what cannot be undone here ends with the machine.
Run as a program by `watchdog`; it loads only a handful of small modules, so it needs some 11 MiB
and starts in about 30 ms.
"""

import contextlib
import os
import select
import signal
import sys
import time

from nodeagent.drivers import handover, placed, procs, realtime, records, undo
from nodeagent.drivers.handover import Post

GOODBYE = b"q"
FED = b"p"
"""Followed by when the agent's lease ends (ms of CLOCK_BOOTTIME), for how long services may outlive
the agent (ms), and a line feed."""
PET = b"\0"
FIRED = 3
WAIT_PART = 0.5
"""Of the watchdog's time, in which the next agent is waited for; the rest is for ending things."""
LOOK_SECONDS = 0.05
"""Pause between two looks whether another agent took over."""
END_SECONDS = 5.0
UNDO_SECONDS = 4.0
"""For one resource: others may take it over soon after we fire."""
ROUNDS = 2
"""A dying agent may just have started something: look again once all are gone."""


def main(arguments: list[str]) -> int:
    """Watch standard input until goodbye.

    Arguments: state directory, time-out in seconds, descriptor of the hardware watchdog (-1: there
    is none), the time before which it must be fed for the first time (ms of CLOCK_BOOTTIME, 0: the
    time-out counts), and the numbers of the agents that it answers for.
    """
    state_directory, timeout_s, hardware = arguments[0], float(arguments[1]), int(arguments[2])
    until_ms, agents = int(arguments[3]), tuple(int(word) for word in arguments[4:])
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # it ends with the agent, not before it
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("-900")
    with contextlib.suppress(OSError):  # as an ordinary program it does its work, too
        realtime.follow(os.getppid())
    own = procs.look(os.getpid())
    post = Post(os.getpid(), own.start if own else 0, agents)
    with contextlib.suppress(OSError):  # then nobody takes over, and it fires
        handover.keep(state_directory, post)
    watch = Watch(timeout_s, hardware, until_ms)
    fed = watch.until_goodbye(sys.stdin.fileno())
    if not fed and watch.died:
        post.until_ms = watch.last_until_ms()
        fed = _await_next(state_directory, post, hardware)
    if not handover.remove(state_directory, post.pid) and watch.died and post.until_ms:
        return 0  # the next agent was here first
    if fed:
        return 0
    fire(state_directory, *agents)
    return FIRED


def _await_next(state_directory: str, post: Post, hardware: int) -> bool:
    """Wait until another agent took over (True), or the time of the last one is over."""
    if post.until_ms <= handover.now_ms():
        post.until_ms = 0
        return False
    try:
        handover.keep(state_directory, post)
    except OSError:
        post.until_ms = 0
        return False
    quiet = 0
    while handover.now_ms() < post.until_ms:
        if not handover.stands(state_directory, post.pid):
            return True
        _pet(hardware)
        if quiet < ROUNDS:
            quiet = 0 if _kill_commands(state_directory, post.agents) else quiet + 1
        time.sleep(LOOK_SECONDS)
    return False


def _kill_commands(state_directory: str, agents: tuple[int, ...]) -> bool:
    """Kill event commands, which never outlive their agent; return whether any was there."""
    found = [
        process
        for record in records.read_all(state_directory)
        if record.group == records.EVENTS and record.agent in agents
        for process in procs.find(record)
    ]
    procs.send(found, signal.SIGKILL)  # not waited for: the next agent may come any moment
    return bool(found)


def _pet(hardware: int) -> None:
    if hardware >= 0:
        with contextlib.suppress(OSError):  # a pet that fails resets the machine, as it must
            os.write(hardware, PET)


def fire(state_directory: str, *agents: int) -> None:
    """Take back what `agents` recorded; what will not go is left to the next agent's recovery.

    That next agent may be at work already: what it starts is not ours to end. Addresses go first:
    that takes no time, and clients must not reach what is being killed. What has a stop of its own
    is undone last, newest first.
    """
    for record in records.read_all(state_directory):
        if record.agent in agents:
            procs.kill_known(record)  # at once: to look for all others takes a while
    for _ in range(ROUNDS):
        _take_back(state_directory, agents, placed.ADDRESS)
        for record in records.read_all(state_directory):
            if record.agent not in agents:
                continue
            with contextlib.suppress(TimeoutError, OSError):
                procs.end(record, END_SECONDS)
        _take_back(state_directory, agents, placed.MOUNT)
    for agent in agents:
        undo.carry_out_all(state_directory, agent=agent, seconds=UNDO_SECONDS)


def _take_back(state_directory: str, agents: tuple[int, ...], kind: str) -> None:
    for one in placed.read_all(state_directory):
        if one.agent not in agents or one.kind != kind:
            continue
        now = placed.read(state_directory, one.group, one.name)
        if now is None or now.agent not in agents:
            continue  # the one before took a while, and the next agent has it by now
        with contextlib.suppress(TimeoutError, OSError):
            placed.take_back(one, END_SECONDS)


class Watch:
    """Reads what the agent feeds; `died` once the pipe closed without a goodbye."""

    def __init__(self, timeout_s: float, hardware: int, until_ms: int) -> None:
        self.died = False
        self._timeout_s = timeout_s
        self._hardware = hardware
        self._first_ms = until_ms
        self._lease_until_ms = 0
        self._adopt_ms = 0
        self._left = b""

    def until_goodbye(self, descriptor: int) -> bool:
        """Return True after a goodbye, False when it was not fed in time or the agent died."""
        until = time.monotonic() + self._timeout_s
        if self._first_ms:
            until = time.monotonic() + (self._first_ms - handover.now_ms()) / 1000
        while (rest := until - time.monotonic()) > 0:
            ready, _, _ = select.select([descriptor], [], [], rest)
            if not ready:
                continue
            data = os.read(descriptor, 4096)
            if not data or GOODBYE in data:
                self.died = not data
                return bool(data)
            self._fed(data)
            until = time.monotonic() + self._timeout_s
        return False

    def _fed(self, data: bytes) -> None:
        _pet(self._hardware)
        self._first_ms = 0
        *lines, self._left = (self._left + data).split(b"\n")
        words = lines[-1].split() if lines else []
        if len(words) == 3 and words[0] == FED and words[1].isdigit() and words[2].isdigit():
            self._lease_until_ms, self._adopt_ms = int(words[1]), int(words[2])

    def last_until_ms(self) -> int:
        """Return until when services may outlive the agent that has just died.

        Not beyond its lease and half of the watchdog's time; other nodes wait for all of it, and
        the other half is for ending what runs. A hardware watchdog needs that time itself, so there
        it is over with the lease. Who died before it fed for the first time leaves what the one
        before it left.
        """
        if self._first_ms:
            return self._first_ms
        more_ms = 0 if self._hardware >= 0 else int(self._timeout_s * 1000 * WAIT_PART)
        return min(handover.now_ms() + self._adopt_ms, self._lease_until_ms + more_ms)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
