"""What `plan` foretells, and what `apply` refuses until it is waived by name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nodeagent.config.digest import file_digest
from nodeagent.model.times import Recorded
from nodeagent.wire.console import Answer, Apply, Refused, Request
from tests.unit.cli.conftest import ACTIVE as TWO
from tests.unit.cli.conftest import KEY, Run, snapshot
from tests.unit.client.fake_agent import FakeAgent, cluster

Agents = tuple[FakeAgent, FakeAgent]
CHARLIE = f"""\
[node.charlie]
key = "{KEY[:-1]}9"
[node.charlie.adapter.eth0]
network = "public1"
role = "service"
address = "10.10.1.13"
[group.web]
"""
ACTIVE = TWO.replace("[group.web]\n", CHARLIE)
LONELY = ACTIVE.replace('nodes = ["alpha", "bravo"]', 'nodes = ["alpha"]')
NODES = ("alpha", "bravo", "charlie")
STOPS = (
    Recorded("alpha", "web", "address", "stop", (100,) * 20),
    Recorded("bravo", "web", "address", "start", (300,) * 20),
    Recorded("", "", "turn", "step", (50,) * 20),
)


@pytest.fixture(autouse=True)
def three(agents: Agents) -> None:
    for agent in agents:
        live = cluster(
            agent.name,
            digest=file_digest(ACTIVE.encode()),
            voters=NODES,
            view=NODES,
            owners={"web": "alpha"},
        )
        agent.snapshot = snapshot(agent.name, cluster=live, active=ACTIVE, times=STOPS)


@pytest.fixture
def lonely(new_file: Callable[[str], Path]) -> Path:
    return new_file(LONELY)


def test_plan_tells_for_how_long_and_what_is_survived(
    run: Run, new_file: Callable[[str], Path]
) -> None:
    file = new_file(ACTIVE.replace('nodes = ["alpha", "bravo"]', 'nodes = ["bravo", "charlie"]'))

    ran = run("plan", file)

    assert ran.code == 0
    assert "away 0.45 s, at most 0.45 s (20 records)" in ran.out
    assert "survives " in ran.out
    assert "apply wants" not in ran.out
    told = run("plan", file, "--json").json
    assert told["forecasts"][0]["median_s"] == 0.45
    assert told["survival"]["lost"] == []


def test_plan_names_what_is_not_survived_any_more(run: Run, lonely: Path) -> None:
    ran = run("plan", lonely)

    assert ran.code == 0
    assert "not survived any more: node:alpha: web has no node left to run on" in ran.out
    assert "--waive node:alpha" in ran.out


def test_apply_refuses_it_and_sends_nothing(agents: Agents, run: Run, lonely: Path) -> None:
    ran = run("apply", lonely, "--json")

    assert ran.code == 4
    assert ran.lines[-1]["result"] == "refused"
    assert "--waive node:alpha" in ran.lines[-1]["text"]
    assert run("apply", lonely, "--waive", "node:bravo").code == 4
    assert not [r for agent in agents for r in agent.requests if isinstance(r, Apply)]


def test_a_waiver_lets_it_through_and_is_kept_with_the_reason(
    agents: Agents, run: Run, lonely: Path
) -> None:
    agents[0].handler = agents[1].handler = _refusing(agents[0])

    run("apply", lonely, "--waive", "node:alpha", "--reason", "bravo is sold")

    (sent,) = [r for agent in agents for r in agent.requests if isinstance(r, Apply)]
    assert sent.reason == "bravo is sold (not survived any more, waived: node:alpha)"


def _refusing(agent: FakeAgent) -> Callable[[Request], Answer | None]:
    def handler(request: Request) -> Answer | None:
        return Refused("busy", "busy", 3) if isinstance(request, Apply) else agent.snapshot

    return handler
