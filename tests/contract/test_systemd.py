"""Units of systemd, on a private bus with a stand-in for systemd."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nodeagent.drivers.deadman import fire
from nodeagent.drivers.leftovers import Leftovers
from nodeagent.model.configuration import Systemd
from tests.contract.agents import Agent
from tests.contract.fake_systemd import DAEMON, Unit, fake_systemd
from tests.contract.fake_systemd import Systemd as Fake
from tests.contract.waiting import until

pytestmark = pytest.mark.skipif(DAEMON is None, reason="dbus-daemon is not installed")
SHOP = Systemd(unit="shop.service")


@pytest.fixture
async def place() -> AsyncIterator[tuple[Agent, Fake]]:
    """An agent on a bus; the path of a socket must be short, so not in pytest's own folder."""
    with tempfile.TemporaryDirectory(prefix="clustertui-bus-") as folder:
        async with fake_systemd(Path(folder, "bus")) as (fake, address):
            agent = Agent(Path(folder, "state"), system_bus=address)
            script = agent.context.systemctl
            script.write_text(f'#!/bin/sh\necho "$@" >> {folder}/state/told\n')
            script.chmod(0o755)
            fake.units["shop.service"] = Unit()
            yield agent, fake
            agent.drivers.close()


async def test_a_unit_is_started_watched_and_stopped(place: tuple[Agent, Fake]) -> None:
    agent, fake = place
    assert (await agent.run("validate", SHOP)).ok
    assert (await agent.run("monitor", SHOP)).code == "stopped"
    for _ in range(2):
        for _ in range(2):
            started = await agent.run("start", SHOP)
            assert started.ok, started
        watched = await agent.run("monitor", SHOP)
        assert (watched.ok, watched.text) == (True, "is active (running)")
        for _ in range(2):
            assert (await agent.run("stop", SHOP)).ok
        assert (await agent.run("monitor", SHOP)).code == "stopped"
    assert fake.orders == [("StartUnit", "shop.service"), ("StopUnit", "shop.service")] * 2
    assert Leftovers(agent.context.state_directory).end_all() == []


async def test_a_bare_name_is_a_service(place: tuple[Agent, Fake]) -> None:
    agent, fake = place

    assert (await agent.run("start", Systemd(unit="shop"))).ok

    assert fake.orders == [("StartUnit", "shop.service")]


@pytest.mark.parametrize(
    ("load", "file", "words"),
    [
        ("not-found", "", "systemd knows no unit shop.service on this node"),
        ("masked", "masked", "systemctl unmask shop.service"),
        ("bad-setting", "disabled", "not usable: bad-setting"),
        ("loaded", "enabled", "starts it at boot on this node, too; systemctl disable"),
    ],
)
async def test_what_systemd_cannot_or_must_not_start_is_invalid(
    place: tuple[Agent, Fake], load: str, file: str, words: str
) -> None:
    agent, fake = place
    fake.units["shop.service"] = Unit(load, file)

    outcome = await agent.run("validate", SHOP)

    assert (outcome.ok, outcome.code) == (False, "invalid")
    assert words in outcome.text
    if load != "loaded":
        assert words in (await agent.run("start", SHOP)).text
        assert fake.orders == []
        assert (await agent.run("stop", SHOP)).ok


@pytest.mark.parametrize("result", ["failed", "timeout", "dependency", "canceled", "skipped"])
async def test_a_start_job_that_is_not_done_fails(place: tuple[Agent, Fake], result: str) -> None:
    agent, fake = place
    fake.units["shop.service"].result = result

    outcome = await agent.run("start", SHOP)

    assert (outcome.ok, outcome.code) == (False, "failed")
    assert f"ended as {result}; it is failed" in outcome.text


async def test_a_oneshot_that_is_over_is_not_started(place: tuple[Agent, Fake]) -> None:
    agent, fake = place
    fake.units["shop.service"].ends_as = "inactive"

    outcome = await agent.run("start", SHOP)

    assert not outcome.ok
    assert "RemainAfterExit=yes" in outcome.text


async def test_a_unit_that_fails_later_is_told(place: tuple[Agent, Fake]) -> None:
    agent, fake = place
    await agent.run("start", SHOP)
    for state in ("failed", "activating", "deactivating"):
        fake.units["shop.service"].active = state
        outcome = await agent.run("monitor", SHOP)
        assert (outcome.ok, outcome.code) == (False, "failed")
        assert state in outcome.text


@pytest.mark.parametrize("action", ["start", "stop"])
async def test_a_job_that_never_ends_is_given_up(place: tuple[Agent, Fake], action: str) -> None:
    agent, fake = place
    if action == "stop":
        await agent.run("start", SHOP)
    fake.units["shop.service"].hangs = True

    outcome = await agent.run(action, SHOP, limit_s=1.0)  # type: ignore[arg-type]

    assert (outcome.ok, outcome.code) == (False, "timeout")
    assert f"did not end {action}" in outcome.text


async def test_a_stop_cuts_a_hanging_start_short(place: tuple[Agent, Fake]) -> None:
    agent, fake = place
    unit = fake.units["shop.service"]
    unit.hangs = True
    starting = asyncio.create_task(agent.run("start", SHOP, limit_s=60))
    await until(lambda: fake.orders, "the start")
    unit.hangs, unit.active = False, "activating"

    assert (await agent.run("stop", SHOP)).ok
    assert (await starting).code == "superseded"


async def test_a_dead_agents_unit_is_stopped_by_the_deadman(place: tuple[Agent, Fake]) -> None:
    agent, _ = place
    await agent.run("start", SHOP)

    fire(str(agent.context.state_directory), os.getpid())

    told = (agent.context.state_directory / "told").read_text()
    assert told == "stop -- shop.service\n"


async def test_without_systemctl_nothing_is_started(place: tuple[Agent, Fake]) -> None:
    agent, fake = place
    agent.context.systemctl.unlink()

    for action in ("validate", "start"):
        outcome = await agent.run(action, SHOP)
        assert not outcome.ok
        assert "systemctl is missing" in outcome.text
    assert fake.orders == []


async def test_where_there_is_no_bus_it_is_told(tmp_path: Path) -> None:
    agent = Agent(tmp_path / "state")

    for action, code in (("validate", "invalid"), ("start", "failed"), ("monitor", "stopped")):
        outcome = await agent.run(action, SHOP)  # type: ignore[arg-type]
        assert (outcome.ok, outcome.code) == (False, code)
        assert "no system bus at unix:path=/nowhere" in outcome.text
        assert "does systemd run here?" in outcome.text
    assert (await agent.run("stop", SHOP)).ok
