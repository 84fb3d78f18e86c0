"""An agent is put before ordinary programs, and what it starts is not."""

import json
import os
import subprocess
import sys

import pytest

_PROGRAM = """
import json, os, subprocess, sys, time
from nodeagent.drivers.realtime import run_in_real_time
from nodeagent.transport.sockets import new_context

why_not = run_in_real_time()
context = new_context()
socket = context.socket(1)
socket.bind("inproc://here")
threads = {int(name) for name in os.listdir("/proc/self/task")} - {os.getpid()}
def library(): return [os.sched_getscheduler(one) & ~os.SCHED_RESET_ON_FORK for one in threads]
until_s = time.monotonic() + 20
while not why_not and os.SCHED_OTHER in library() and time.monotonic() < until_s:
    time.sleep(0.01)  # a thread of the library puts itself there when it has begun
child = "import os; print(os.sched_getscheduler(0))"
print(json.dumps({
    "why_not": why_not,
    "own": os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK,
    "library": library(),
    "child": int(subprocess.check_output([sys.executable, "-c", child])),
}))
socket.close(0)
context.term()
"""


def may_be() -> bool:
    child = "import os; os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))"
    return subprocess.run([sys.executable, "-c", child], capture_output=True).returncode == 0


def told(*before: str) -> dict[str, object]:
    command = [*before, sys.executable, "-c", _PROGRAM]
    text = subprocess.check_output(command, timeout=60)
    said: dict[str, object] = json.loads(text)
    return said


@pytest.mark.skipif(not may_be(), reason="this machine gives nobody real-time priority")
def test_agent_and_its_sockets_go_before_others_and_its_children_do_not() -> None:
    said = told()

    assert said["why_not"] == ""
    assert said["own"] == os.SCHED_RR
    assert said["library"]
    assert set(said["library"]) == {os.SCHED_RR}  # type: ignore[call-overload]
    assert said["child"] == os.SCHED_OTHER


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take the right away")
def test_without_the_right_it_says_so_and_goes_on() -> None:
    said = told("setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice", "--")

    assert "heartbeats may be late" in str(said["why_not"])
    assert said["own"] == said["child"] == os.SCHED_OTHER
