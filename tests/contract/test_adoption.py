"""A program whose agent was killed: it goes on, prints on, and the next agent sees its end."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

from nodeagent.drivers import procs
from nodeagent.drivers.adoption import record_of, stands
from nodeagent.drivers.application import ApplicationDriver
from nodeagent.drivers.base import Context, Job
from nodeagent.model.configuration import Application, Group
from tests.contract.waiting import until

PRINTS = Application(
    start=("/bin/sh", "-c", "while :; do echo tick; sleep 0.02; done"), process="foreground"
)
JOB = Job(1, "web", "server", PRINTS, "start", 20.0)
AGENT = """
import asyncio, sys
from pathlib import Path
from nodeagent.drivers.application import ApplicationDriver
from nodeagent.drivers.base import Context
from tests.contract.test_adoption import JOB

async def main():
    driver = ApplicationDriver(Context("alpha", Path(sys.argv[1]), 1), print)
    driver.outlives = True
    print((await driver.start(JOB)).ok, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def start_and_kill_the_agent(state: Path) -> None:
    agent = subprocess.Popen(
        [sys.executable, "-c", AGENT, str(state)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert agent.stdout is not None
    with agent.stdout as told:
        assert told.readline().strip() == b"True"
    agent.kill()
    agent.wait()


async def test_program_outlives_its_agent_and_is_taken_over(tmp_path: Path) -> None:
    await asyncio.to_thread(start_and_kill_the_agent, tmp_path)
    state, exits = str(tmp_path), list[str]()
    assert stands(state, "web", Group(nodes=("alpha",), resource={"server": PRINTS}))
    record = record_of(state, "web", "server")
    assert record is not None

    driver = ApplicationDriver(Context("alpha", tmp_path, 1), lambda *told: exits.append(told[2]))
    driver.adopt(JOB, record)

    assert (await driver.monitor(JOB)).ok
    await until(lambda: driver.last_words(JOB.key) == "tick")

    process = procs.look(record.members[0][0])
    assert process is not None
    procs.send([process], signal.SIGKILL)
    await until(lambda: bool(exits))
    assert "tick" in exits[0]
    assert not (await driver.monitor(JOB)).ok
    assert (await driver.stop(JOB)).ok
