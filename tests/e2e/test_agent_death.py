"""Only the agent of an owner dies: its services go on, and the next agent takes charge of them."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from nodeagent.drivers import procs, records
from tests.e2e.support import status, until
from tui.demo.asker import Asker
from tui.demo.box import Box

pytestmark = [pytest.mark.xdist_group("cluster-in-a-box"), pytest.mark.timeout(240)]
LIMIT_S = 60.0
# A machine with other work needs seconds to start an agent: it shall not be called dead meanwhile.
PATIENT = (
    ("dead-after-ms = 1000", "dead-after-ms = 9000"),
    ("lease-ms = 1500", "lease-ms = 20000"),
    ("watchdog-ms = 1000", "watchdog-ms = 10000\nadopt-ms = 20000"),
    ("suspend-ms = 8000", "suspend-ms = 25000"),
)


@pytest.fixture
def box() -> Iterator[Box]:
    with Box() as made:
        for short, long in PATIENT:
            assert short in made.first
            made.first = made.first.replace(short, long)
        made.start()
        until(lambda: is_stable(made), LIMIT_S, "a stable cluster")
        yield made


def seen(box: Box) -> dict[str, Any]:
    """Return the cluster as consoles see it, nothing while it cannot be asked."""
    cluster: dict[str, Any] = status(box.access_file)["cluster"]
    return cluster


def is_stable(box: Box) -> bool:
    return seen(box).get("state") == "stable"


def processes(state: Path, group: str) -> dict[str, tuple[tuple[int, int], ...]]:
    """Return the recorded processes of each resource of a group, those that live."""
    found = [record for record in records.read_all(str(state)) if record.group == group]
    return {r.name: tuple(m for m in r.members if procs.is_member(*m)) for r in found}


def test_services_outlive_their_agent_and_the_next_one_answers_for_them(box: Box) -> None:
    owner = seen(box)["owners"]["web"]
    agent, state = box.agents[owner], box.agents[owner].state
    before = processes(state, "web")
    assert before["server"]
    services = {group: box.service_at(group)[0] for group in ("web", "orders")}
    with closing(Asker(services, box.places.service_port)) as client:
        until(lambda: client.record("web").requests > 5, LIMIT_S, "answers")

        agent.kill()
        box.run(owner)

        until(lambda: "taken over from the agent before" in log_of(agent), LIMIT_S, "adoption")
        until(lambda: f"{owner} restarted" in log_of(agent), LIMIT_S, "it is counted in again")
        until(lambda: is_stable(box), LIMIT_S, "a stable cluster")
        assert seen(box)["owners"]["web"] == owner
        assert processes(state, "web") == before
        assert client.record("web").failures == []
        assert client.record("orders").failures == []

        # It is watched as before: its end is seen and dealt with.
        procs.send(list(filter(None, [procs.look(before["server"][0][0])])), 9)
        until(lambda: restarted(box, before["server"]), LIMIT_S, "the service is started again")


def log_of(agent: Any) -> str:
    return str(agent.log.read_text("utf-8", "replace"))


def restarted(box: Box, before: tuple[tuple[int, int], ...]) -> bool:
    """Return whether other processes than `before` serve it, on any node."""
    now = [processes(agent.state, "web").get("server", ()) for agent in box.agents.values()]
    return any(members and not set(members) & set(before) for members in now)
