"""The program that stops a node's services when its agent no longer answers for them.

A small process of its own session, fed through a pipe. When it is not fed in time (the agent hangs
or is frozen), or when the pipe closes without a goodbye (the agent died), it takes service
addresses off, kills all recorded processes, unmounts, and ends. Where there is a hardware watchdog,
each feed pets that, too, and nothing else does: what cannot be undone here ends with the machine.
Run as a program by `watchdog`; it loads only a handful of small modules, so it needs some 11 MiB
and starts in about 30 ms.
"""

import contextlib
import os
import select
import signal
import sys
import time

from nodeagent.drivers import placed, procs, realtime, records, undo

GOODBYE = b"q"
FED = b"p"
PET = b"\0"
FIRED = 3
END_SECONDS = 5.0
UNDO_SECONDS = 4.0
"""For one resource: others may take it over soon after we fire."""
ROUNDS = 2
"""A dying agent may just have started something: look again once all are gone."""


def main(arguments: list[str]) -> int:
    """Watch standard input until goodbye.

    Arguments: state directory, time-out in seconds, agent's number, descriptor of the hardware
    watchdog (-1: there is none).
    """
    state_directory, timeout_s, agent = arguments[0], float(arguments[1]), int(arguments[2])
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # it ends with the agent, not before it
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("-900")
    with contextlib.suppress(OSError):  # as an ordinary program it does its work, too
        realtime.follow(agent)
    if _fed_until_goodbye(sys.stdin.fileno(), timeout_s, int(arguments[3])):
        return 0
    fire(state_directory, agent)
    return FIRED


def fire(state_directory: str, agent: int) -> None:
    """Take back what `agent` recorded; what will not go is left to the next agent's recovery.

    That next agent may be at work already: what it starts is not ours to end. Addresses go first:
    that takes no time, and clients must not reach what is being killed. What has a stop of its own
    is undone last, newest first.
    """
    for _ in range(ROUNDS):
        _take_back(state_directory, agent, placed.ADDRESS)
        for record in records.read_all(state_directory):
            if record.agent != agent:
                continue
            with contextlib.suppress(TimeoutError, OSError):
                procs.end(record, END_SECONDS)
        _take_back(state_directory, agent, placed.MOUNT)
    undo.carry_out_all(state_directory, agent=agent, seconds=UNDO_SECONDS)


def _take_back(state_directory: str, agent: int, kind: str) -> None:
    for one in placed.read_all(state_directory):
        if one.agent != agent or one.kind != kind:
            continue
        now = placed.read(state_directory, one.group, one.name)
        if now is None or now.agent != agent:
            continue  # the one before took a while, and the next agent has it by now
        with contextlib.suppress(TimeoutError, OSError):
            placed.take_back(one, END_SECONDS)


def _fed_until_goodbye(descriptor: int, timeout_s: float, hardware: int) -> bool:
    until = time.monotonic() + timeout_s
    while (rest := until - time.monotonic()) > 0:
        ready, _, _ = select.select([descriptor], [], [], rest)
        if not ready:
            continue
        data = os.read(descriptor, 4096)
        if not data or GOODBYE in data:
            return bool(data)
        if hardware >= 0:
            with contextlib.suppress(OSError):  # a pet that fails resets the machine, as it must
                os.write(hardware, PET)
        until = time.monotonic() + timeout_s
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
