"""Being heard in time on a busy machine: the agent and its deadman run before ordinary programs.

A heartbeat that waits behind somebody's computation looks to every peer like a dead node, and a
deadman that waits kills too late. Both need little time, and the kernel keeps a part of each second
for everybody else (sched(7)). What they start runs as ordinary programs again.
"""

import os

PRIORITY = 1
"""The least of the real-time priorities (1 to 99): before all programs that have none."""


def run_in_real_time() -> str:
    """Put the calling thread before ordinary programs; returns why that cannot be, or "".

    Threads and processes it starts later do not inherit it.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(PRIORITY))
    except OSError as error:
        return f"{error.strerror}; on a busy machine its heartbeats may be late"
    return ""
