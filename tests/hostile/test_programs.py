"""However a program behaves: an answer in time, clean text, and nothing left behind."""

import asyncio
from pathlib import Path

import pytest

from nodeagent.drivers.child import TAIL_BYTES
from tests.contract.agents import Agent, shell
from tests.contract.waiting import until
from tests.hostile.programs import CASES, Program

AT_ONCE = 6
"""So many are tried at a time: the agent's loop is one for all of them."""


def marked(agent: Agent) -> list[str]:
    """Return the processes that carry a mark of this agent's applications."""
    cookies = [line for file in agent.records() for line in file.read_text().splitlines()]
    wanted = [line.split()[1].encode() for line in cookies if line.startswith("cookie ")]
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            surroundings = (folder / "environ").read_bytes()
        except OSError:
            continue
        found += [folder.name for cookie in wanted if cookie in surroundings]
    return found


async def tried(agent: Agent, name: str, program: Program) -> None:
    """Start it, look at it, stop it; AssertionError with what was wrong."""
    resource = shell(program.script, seconds=8)
    started = await agent.run("start", resource, name=name)
    if started.ok and not program.up:  # a busy machine was slower than the patience of a start
        await until(lambda: name in {which for _, which, _ in agent.exits}, name)
    seen = await agent.run("monitor", resource, name=name)
    stopped = await agent.run("stop", resource, name=name, limit_s=8)

    assert seen.ok == program.up, f"{name}: {seen}"
    assert stopped.ok, f"{name}: {stopped}"
    if program.up:
        assert started.ok, f"{name}: {started}"
    else:
        told = [started.text, *(text for _, which, text in agent.exits if which == name)]
        assert any(program.words in text for text in told), f"{name}: {told}"
    for outcome in (started, seen, stopped):
        said = (outcome.text, *outcome.evidence)
        assert all(line.isprintable() for line in said), f"{name}: {said}"
        assert sum(map(len, said)) <= TAIL_BYTES * 4, f"{name}: {len(said)}"


@pytest.mark.timeout(300)
async def test_every_program_is_answered_for_and_ended(tmp_path: Path) -> None:
    agent = Agent(tmp_path / "state")
    names = list(CASES)
    try:
        for start in range(0, len(names), AT_ONCE):
            several = names[start : start + AT_ONCE]
            await asyncio.gather(*(tried(agent, name, CASES[name]) for name in several))
        await until(lambda: agent.records() == [] and marked(agent) == [])
    finally:
        agent.drivers.close()

    assert all(text.isprintable() for told in agent.exits for text in told)
