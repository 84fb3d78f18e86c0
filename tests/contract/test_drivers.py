"""What every driver keeps to, whatever it starts."""

import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from nodeagent.drivers.leftovers import Leftovers
from nodeagent.model.configuration import (
    DataFolder,
    Resource,
    ServiceAddress,
)
from tests.contract.agents import Agent, marker, shell, thing
from tests.contract.waiting import subnet

SLEEP = "exec sleep 1000"
KINDS: dict[str, Callable[[Path], Resource]] = {
    "foreground": lambda _: shell(SLEEP),
    "foreground with monitor": lambda _: shell(SLEEP, monitor="exit 0"),
    "foreground with stop": lambda place: shell(
        f"echo $$ > {place}/pid; {SLEEP}", stop=f"kill $(cat {place}/pid)"
    ),
    "background": lambda _: shell("sleep 1000 &", background=True),
    "background in its own session": lambda _: shell("setsid sleep 1000 &", background=True),
    "background with commands": lambda place: shell(
        f"touch {place}/up", background=True, stop=f"rm {place}/up", monitor=f"test -e {place}/up"
    ),
    "service address": lambda _: ServiceAddress(network="public", address=f"{subnet()}.1"),
    "data folder": lambda place: DataFolder(directory=str(place / "data")),
    "ocf without process": thing,
    "ocf with process": lambda place: thing(place, mark=marker()),
}


def tree(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*"))


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Agent]:
    made = Agent(tmp_path / "state")
    yield made
    made.drivers.close()


@pytest.fixture(params=sorted(KINDS))
def resource(request: pytest.FixtureRequest, tmp_path: Path) -> Resource:
    return KINDS[request.param](tmp_path)


async def test_start_twice_is_start_once(agent: Agent, resource: Resource) -> None:
    first = await agent.run("start", resource)
    records = [(file.name, file.read_text()) for file in agent.records()]
    second = await agent.run("start", resource)

    assert (first.ok, first.code) == (second.ok, second.code) == (True, "ok"), (first, second)
    assert [(file.name, file.read_text()) for file in agent.records()] == records


async def test_stop_of_stopped_is_fine(agent: Agent, resource: Resource) -> None:
    assert (await agent.run("stop", resource)).ok
    assert (await agent.run("start", resource)).ok

    for _ in range(2):
        outcome = await agent.run("stop", resource)
        assert outcome.ok, outcome


async def test_monitor_tells_the_truth(agent: Agent, resource: Resource) -> None:
    before = await agent.run("monitor", resource)
    await agent.run("start", resource)
    running = await agent.run("monitor", resource)
    await agent.run("stop", resource)
    after = await agent.run("monitor", resource)

    assert [before.code, running.code, after.code] == ["stopped", "ok", "stopped"]
    assert [before.ok, running.ok, after.ok] == [False, True, False]


async def test_stop_leaves_no_process_and_no_record(agent: Agent, resource: Resource) -> None:
    await agent.run("start", resource)
    await agent.run("stop", resource)

    assert agent.records() == []
    assert Leftovers(agent.context.state_directory).end_all() == []


async def test_validate_has_no_effect(agent: Agent, resource: Resource, tmp_path: Path) -> None:
    before = tree(tmp_path)

    outcome = await agent.run("validate", resource)

    assert outcome.ok, outcome
    assert tree(tmp_path) == before
    assert (await agent.run("monitor", resource)).code == "stopped"


async def test_it_can_be_started_again(agent: Agent, resource: Resource) -> None:
    for _ in range(3):
        assert (await agent.run("start", resource)).ok
        assert (await agent.run("stop", resource)).ok


# --- service addresses ---


async def test_an_address_has_one_holder(agent: Agent, tmp_path: Path) -> None:
    other = Agent(tmp_path / "other", "bravo")
    address = ServiceAddress(network="public", address=f"{subnet()}.1")
    assert (await agent.run("start", address)).ok

    refused = await other.run("start", address)
    assert (refused.ok, refused.code) == (False, "held")
    assert f"{address.address} is held by another process" in refused.text

    await agent.run("stop", address)
    assert (await other.run("start", address)).ok
    other.drivers.close()


async def test_a_client_of_the_claim_port_does_not_keep_it(agent: Agent, tmp_path: Path) -> None:
    other = Agent(tmp_path / "other", "bravo")
    address = ServiceAddress(network="public", address=f"{subnet()}.1")
    await agent.run("start", address)
    with socket.create_connection((address.address, agent.context.claim_port)):
        assert (await agent.run("stop", address)).ok
        assert (await other.run("start", address)).ok
    other.drivers.close()


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("192.0.2.7", "invalid"),
        ("2001:db8::7", "invalid"),
        ("not an address", "invalid"),
        ("0.0.0.0", "invalid"),
        ("224.0.0.1", "invalid"),
        ("\x1b[31m", "invalid"),
    ],
)
async def test_an_address_that_cannot_be_held_is_told(
    agent: Agent, address: str, code: str
) -> None:
    resource = ServiceAddress(network="public", address=address)

    for action in ("validate", "start"):
        outcome = await agent.run(action, resource)
        assert (outcome.ok, outcome.code) == (False, code)
        assert "\x1b" not in outcome.text


# --- data folders ---


async def test_only_a_higher_token_takes_a_folder_over(agent: Agent, tmp_path: Path) -> None:
    other = Agent(tmp_path / "other", "bravo")
    folder = DataFolder(directory=str(tmp_path / "data"))
    await agent.run("start", folder, slot=5)
    (tmp_path / "data" / "precious").write_text("data")

    for slot in (4, 5):
        refused = await other.run("start", folder, slot=slot)
        assert (refused.ok, refused.code) == (False, "held")
        assert "alpha" in refused.text
    assert (await other.run("start", folder, slot=6)).ok

    assert (await agent.run("monitor", folder, slot=5)).code == "stopped"
    assert (await agent.run("stop", folder, slot=5)).ok
    assert (await other.run("monitor", folder, slot=6)).ok
    assert (await other.run("stop", folder, slot=6)).ok
    assert [file.name for file in (tmp_path / "data").iterdir()] == ["precious"]


async def test_a_node_renews_its_own_claim_but_not_backwards(agent: Agent, tmp_path: Path) -> None:
    folder = DataFolder(directory=str(tmp_path / "data"))
    for slot in (1, 1, 3):
        assert (await agent.run("start", folder, slot=slot)).ok

    refused = await agent.run("start", folder, slot=2)

    assert refused.code == "held"


@pytest.mark.parametrize("claim", ["", "{}", "garbage \x1b", '{"node": 1}', "[" * 4000])
async def test_a_foreign_claim_is_not_overwritten(agent: Agent, tmp_path: Path, claim: str) -> None:
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / ".clustertui-claim"
    file.write_text(claim)
    folder = DataFolder(directory=str(tmp_path / "data"))

    outcome = await agent.run("start", folder, slot=9)

    assert (outcome.ok, outcome.code) == (False, "held")
    assert (await agent.run("stop", folder)).ok
    assert file.read_text() == claim


async def test_where_no_folder_can_be_is_told_before_and_at_start(
    agent: Agent, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    before = tree(tmp_path)
    wrong = [
        DataFolder(directory=str(tmp_path / "missing" / "data")),
        DataFolder(directory=str(tmp_path / "data"), create=False),
        DataFolder(directory=str(tmp_path / "file")),
        DataFolder(directory="relative"),
        DataFolder(directory="/nul\0"),
    ]
    for folder in wrong:
        assert (await agent.run("validate", folder)).code == "invalid"
        assert not (await agent.run("start", folder)).ok
    assert tree(tmp_path) == before
