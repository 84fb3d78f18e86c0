"""The sockets and the deadman of an agent that goes before ordinary programs do so, too."""

import json
import os
import subprocess
import sys

import pytest

_SOCKETS = """
import json, os, time
from nodeagent.transport.sockets import new_context

context = new_context()
socket = context.socket(1)
socket.bind("inproc://here")
threads = {int(name) for name in os.listdir("/proc/self/task")} - {os.getpid()}
def library(): return [os.sched_getscheduler(one) & ~os.SCHED_RESET_ON_FORK for one in threads]
until_s = time.monotonic() + 20
while os.SCHED_OTHER in library() and time.monotonic() < until_s:
    time.sleep(0.01)  # a thread of the library puts itself there when it has begun
print(json.dumps(library()))
socket.close(0)
context.term()
"""
_DEADMAN = """
import json, os, tempfile, time
from nodeagent.drivers.watchdog import Watchdog

with tempfile.TemporaryDirectory() as folder:
    deadman = Watchdog.start(folder, 60.0)
    until_s = time.monotonic() + 20
    policy = lambda: os.sched_getscheduler(deadman.pid) & ~os.SCHED_RESET_ON_FORK
    while policy() == os.SCHED_OTHER and time.monotonic() < until_s:
        time.sleep(0.01)  # it puts itself there when it has begun
    print(json.dumps([policy()]))
    deadman.stop()
"""


def may_be() -> bool:
    child = "import os; os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))"
    return subprocess.run([sys.executable, "-c", child], capture_output=True).returncode == 0


@pytest.mark.skipif(not may_be(), reason="this machine gives nobody real-time priority")
@pytest.mark.parametrize("program", [_SOCKETS, _DEADMAN], ids=["sockets", "deadman"])
def test_it_follows_its_agent(program: str) -> None:
    urgent = "import os; os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, "
    text = f"{urgent}os.sched_param(1))\n{program}"

    said = subprocess.check_output([sys.executable, "-c", text], timeout=60)

    policies = json.loads(said)
    assert policies
    assert set(policies) == {os.SCHED_RR}
