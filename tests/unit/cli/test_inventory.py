"""What nodes have, from the command line; a node that does not answer is named."""

import pytest

from nodeagent.model.agents import AgentDescription, AgentParameter
from nodeagent.model.inventory import FoundDevice, FoundInterface
from nodeagent.wire.console import Answer, GetSnapshot, Refused, Request
from nodeagent.wire.inventory import AgentFound, GetAgent, GetInventory, Inventory
from tests.unit.cli.conftest import Run
from tests.unit.client.fake_agent import FakeAgent

Agents = tuple[FakeAgent, FakeAgent]
PGSQL = AgentDescription(
    "pgsql",
    parameters=(
        AgentParameter("pgdata", required=True, short="folder of the data"),
        AgentParameter("pgport", "integer", "5432"),
    ),
    short="PostgreSQL",
)


@pytest.fixture(autouse=True)
def _inventories(agents: Agents) -> None:
    for agent in agents:

        def handle(request: Request, agent: FakeAgent = agent) -> Answer:
            if isinstance(request, GetSnapshot):
                return agent.snapshot
            if isinstance(request, GetAgent) and agent.name == "bravo":
                return AgentFound("bravo", request.agent, PGSQL)
            if isinstance(request, GetInventory):
                return Inventory(
                    agent.name,
                    (FoundInterface("eth0", ("10.10.1.11/24",), up=True),),
                    (
                        FoundDevice(
                            "/dev/sda1", ("/dev/disk/by-label/web",), "web", "", "ext4", 2048
                        ),
                    ),
                    ("heartbeat:IPaddr2", *(["heartbeat:pgsql"] if agent.name == "bravo" else [])),
                )
            return Refused("inventory", "agent pgsql is not installed", 1)

        agent.handler = handle


def test_each_node_tells_what_it_has(run: Run) -> None:
    ran = run("inventory")

    assert "bravo\n  interface  eth0" in ran.out
    assert "/dev/disk/by-label/web  ext4, 2.0 KiB" in ran.out
    assert [one["node"] for one in run("inventory", "--json").lines] == ["alpha", "bravo"]
    assert "heartbeat:pgsql" in run("inventory", "bravo").out


def test_an_agent_that_one_node_lacks_is_said_to_be_missing_there(run: Run) -> None:
    assert "ocf:heartbeat:pgsql    on bravo only" in run("agents").out

    ran = run("agents", "ocf:heartbeat:pgsql")

    assert "ocf:heartbeat:pgsql on bravo: PostgreSQL" in ran.out
    assert "pgdata  string   required      folder of the data" in ran.out


def test_a_node_that_is_gone_is_named(run: Run, agents: Agents) -> None:
    agents[1].stop()

    ran = run("inventory")

    assert ran.code == 0
    assert ran.out.startswith("alpha\n")
    assert "bravo told nothing:" in ran.err
    assert run("agents", "hurz").code == 2
