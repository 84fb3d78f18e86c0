"""`clustertui abort`: the running DARE, until it decides."""

from functools import partial

import pytest
from msgspec.structs import replace

from nodeagent.wire.console import Abort, Answer, Done, Request
from tests.support.story import new_run
from tests.unit.cli.conftest import Run, snapshot
from tests.unit.client.fake_agent import FakeAgent

Agents = tuple[FakeAgent, FakeAgent]


def test_nothing_to_abort_is_1(run: Run) -> None:
    ran = run("abort")

    assert (ran.code, ran.out) == (1, "nothing is running that could be aborted\n")


@pytest.mark.parametrize(("named", "code"), [("", 0), ("2.1.alpha", 0), ("9.1.bravo", 1)])
def test_the_running_dare_is_asked_to_abort(
    agents: Agents, run: Run, named: str, code: int
) -> None:
    for agent in agents:
        agent.snapshot = replace(snapshot(agent.name), run=new_run("2.1.alpha"))
        agent.handler = partial(takes_an_abort, agent)

    ran = run("abort", *filter(None, [named]), "--json")

    assert ran.code == code
    asked = [r.tx for agent in agents for r in agent.requests if isinstance(r, Abort)]
    assert asked == (["2.1.alpha"] if code == 0 else [])
    assert code == 0 or "2.1.alpha is" in ran.json["text"]


def takes_an_abort(agent: FakeAgent, request: Request) -> Answer:
    return Done("abort asked for") if isinstance(request, Abort) else agent.snapshot
