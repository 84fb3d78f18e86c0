"""A program whose agent was killed: it goes on, prints on, and the next agent sees its end."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nodeagent.drivers import procs, records
from nodeagent.drivers.adoption import claim, record_of, stands
from nodeagent.drivers.application import ApplicationDriver
from nodeagent.drivers.base import Context, Job
from nodeagent.drivers.output import open_pipes
from nodeagent.model.configuration import Application, Group, Ocf, Resource
from tests.contract.agents import Agent, install, shell
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


def start_and_kill_the_agent(state: Path, program: str = AGENT) -> None:
    agent = subprocess.Popen(
        [sys.executable, "-c", program, str(state)],
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


# --- what it prints, of which more than a pipe holds (64 KiB) ---

PRINT = "while [ ! -e go ]; do sleep 0.02; done; yes | head -c 200000 >&2; touch {0}; sleep 1000"
LOGGER = """
mkfifo own
(while [ ! -e written ]; do sleep 0.02; done; cat >log; touch logged) <own &
exec >own
while [ ! -e go ]; do sleep 0.02; done
seq 9000
touch written
exec >/dev/null
sleep 1000
"""
DAEMON = """#!/bin/sh
cd "$OCF_RESKEY_folder" || exit 1
case "$1" in
start)
    env -i setsid sh -c 'echo $$ >daemon; {0}' >/dev/null &
    while [ ! -e daemon ]; do sleep 0.01; done
    ;;
stop) kill -- "-$(cat daemon)" ;;
esac
exit 0
"""
OTHERS = """
import asyncio, sys
from pathlib import Path
from tests.contract.agents import Agent
from tests.contract.test_adoption import printing

async def main():
    agent = Agent(Path(sys.argv[1]))
    agent.drivers.outlive(agent=True)
    for name, resource in printing(Path(sys.argv[1])).items():
        outcome = await agent.run("start", resource, name=name)
        assert outcome.ok, outcome
    print(True, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def printing(folder: Path) -> dict[str, Resource]:
    """Return what prints otherwise than the first process to its standard output does."""
    here = f"cd {folder}; "
    silent = "(exec >/dev/null 2>&1; exec sleep 1000) & "
    return {
        "errors": shell(f"{here}exec >/dev/null; {PRINT.format('errors')}"),
        "second": shell(f"{here}{silent}({PRINT.format('second')}) &", background=True),
        "daemon": Ocf(agent="test:prints", parameters={"folder": str(folder)}),
        "logger": shell(here + LOGGER),
    }


@pytest.fixture
async def taken_over(tmp_path: Path) -> AsyncIterator[Agent]:
    """Return the agent that follows one which was killed."""
    state = tmp_path / "state"
    state.mkdir()
    install(tmp_path, "prints", DAEMON.format(PRINT.format("daemon.done")))
    agent = Agent(state)
    await asyncio.to_thread(start_and_kill_the_agent, state, OTHERS)
    claim(str(state), {"web"})
    yield agent
    agent.drivers.close()


async def test_whoever_prints_is_read_and_nobody_elses_pipe(taken_over: Agent) -> None:
    folder = taken_over.context.state_directory
    group = Group(nodes=("alpha",), resource=printing(folder))
    taken_over.drivers.adopt("web", group)

    (folder / "go").touch()

    for name in ("errors", "second", "daemon.done", "logged"):
        await until((folder / name).exists, f"{name}: it went on")
    assert (folder / "log").read_text().split() == [str(number) for number in range(1, 9001)]
    taken_over.drivers.close()
    assert taken_over.records() == []


def test_a_record_of_an_earlier_version_names_no_pipe(tmp_path: Path) -> None:
    record = records.Record("web", "server", "0" * 32, ((1, 2),))
    record.pipes = ((14, 15),)
    records.write(str(tmp_path), record)
    file = tmp_path / "running" / "web:server"

    assert records.read_all(str(tmp_path))[0].pipes == ((14, 15),)
    file.write_text(file.read_text().replace("pipe 14 15\n", ""))

    (earlier,) = records.read_all(str(tmp_path))
    assert (earlier.members, earlier.pipes) == (((1, 2),), ())
    assert open_pipes(earlier) == []
