"""Being heard in time on a busy machine: a deadman is as urgent as its agent.

A heartbeat that waits behind somebody's computation looks to every peer like a dead node, and a
deadman that waits kills too late. So the agent's unit gives it the least real-time priority
(sched(7)); what it starts is ordinary again, but for the deadman, which follows it.
"""

import os


def is_real_time(pid: int = 0) -> bool:
    """Return whether process `pid` (0: the calling thread) goes before ordinary programs.

    OSError when there is no such process.
    """
    return os.sched_getscheduler(pid) & ~os.SCHED_RESET_ON_FORK == os.SCHED_RR


def follow(pid: int) -> None:
    """Take the real-time priority of process `pid`, if it has one.

    Threads and processes started later do not inherit it. OSError when there is no such process,
    or the right to it (CAP_SYS_NICE) is missing.
    """
    if is_real_time(pid):
        parameters = os.sched_getparam(pid)
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, parameters)
