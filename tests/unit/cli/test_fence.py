"""`clustertui fence`: what is asked of the agent, who must confirm, and how it ends."""

import msgspec
import pytest

from nodeagent.wire.console import Answer, Done, Fence, GetSnapshot, Refused, Request
from nodeagent.wire.fencing import FenceCheck, FenceChecks, GetFenceChecks, TestFence
from nodeagent.wire.live import FenceLive
from tests.unit.cli.conftest import ACTIVE, Run, snapshot
from tests.unit.client.fake_agent import FakeAgent

Agents = tuple[FakeAgent, FakeAgent]
DEVICES = """
[node.bravo.fence.board]
agent = "fence_board"
[node.bravo.fence.plug]
agent = "fence_plug"
level = 2
"""


def script(agent: FakeAgent, *ends: FenceLive, answer: Answer | None = None) -> None:
    """Let the agent show these, one after the other, once it was asked to fence."""
    shown = list(ends)
    plain = snapshot(agent.name, active=ACTIVE + DEVICES)
    asked: list[Request] = []

    def handle(request: Request) -> Answer:
        if not isinstance(request, GetSnapshot):
            asked.append(request)
            return answer or Done("fencing bravo by board, plug")
        if not asked or not shown:
            return plain
        fence = shown.pop(0) if len(shown) > 1 else shown[0]
        nodes = tuple(
            msgspec.structs.replace(live, fence=fence) if live.node == "bravo" else live
            for live in plain.nodes
        )
        return msgspec.structs.replace(plain, nodes=nodes)

    agent.handler = handle


def fences(*agents: FakeAgent) -> list[Fence]:
    return [one for agent in agents for one in agent.requests if isinstance(one, Fence)]


def test_it_waits_until_the_node_is_off(agents: Agents, run: Run) -> None:
    script(
        agents[0],
        FenceLive("running", "alpha", "board", time=1.0),
        FenceLive("failed", "alpha", "board", "board: no route", time=2.0),
        FenceLive("done", "alpha", "plug", "plug: fence_plug off: done", time=3.0),
    )

    ran = run("fence", "bravo", "--yes", "bravo")

    assert ran.code == 0
    assert "bravo: fenced: plug: fence_plug off: done" in ran.out
    assert fences(*agents) == [Fence("bravo", "bravo")]


def test_a_failure_on_the_last_level_is_told(agents: Agents, run: Run) -> None:
    script(agents[0], FenceLive("failed", "alpha", "plug", "plug: no route", time=2.0))

    ran = run("fence", "bravo", "--yes", "bravo", "--json")

    assert ran.code == 1
    assert ran.json["state"] == "failed"
    assert ran.json["text"] == "plug: no route"


def test_without_a_terminal_the_name_is_needed(agents: Agents, run: Run) -> None:
    script(agents[0])

    ran = run("fence", "bravo")

    assert ran.code == 2
    assert "--yes bravo" in ran.err
    assert fences(*agents) == []


def test_the_agent_judges_the_typed_name(agents: Agents, run: Run) -> None:
    script(agents[0], answer=Refused("not-typed", "the name bravo must be typed", 2))

    ran = run("fence", "bravo", "--yes", "alpha")

    assert ran.code == 2
    assert "must be typed" in ran.err


def test_confirm_is_a_persons_word(agents: Agents, run: Run) -> None:
    script(agents[0], answer=Done("bravo counts as off"))

    ran = run("fence", "confirm", "bravo", "--yes", "bravo")

    assert ran.code == 0
    assert "bravo counts as off" in ran.out
    assert fences(*agents) == [Fence("bravo", "bravo", confirmed=True)]


def test_a_test_asks_the_others_and_the_list_says_what_they_found(agents: Agents, run: Run) -> None:
    plain = snapshot("alpha", active=ACTIVE + DEVICES)
    check = FenceCheck("bravo", "board", "ok", "fence_board status answers", 1.0)
    asked: list[Request] = []

    def handle(request: Request) -> Answer:
        if isinstance(request, GetSnapshot):
            return plain
        asked.append(request)
        return FenceChecks("alpha", (check,)) if isinstance(request, GetFenceChecks) else Done("")

    agents[0].handler = handle
    agents[1].handler = handle

    ran = run("fence", "test", "bravo", "board")
    told = run("fence")

    assert (ran.code, told.code) == (0, 0)
    assert "bravo: board from alpha: answers: fence_board status answers" in ran.out
    assert [one for one in asked if isinstance(one, TestFence)] == [TestFence("bravo", "board")]
    assert "board, then plug" in told.out
    assert "board from alpha: ok" in told.out


@pytest.mark.parametrize("words", [("nobody",), ("confirm", "nobody"), ("alpha", "bravo")])
def test_what_is_no_node_is_a_slip(agents: Agents, run: Run, words: tuple[str, ...]) -> None:
    script(agents[0])

    ran = run("fence", *words, "--yes", words[-1])

    assert ran.code == 2
    assert fences(*agents) == []


def test_the_node_itself_is_not_asked(agents: Agents, run: Run) -> None:
    for agent in agents:
        script(agent, answer=Refused("no-device", "alpha has no fence device", 1))

    assert run("fence", "alpha", "--yes", "alpha").code == 1

    assert fences(agents[0]) == []
    assert fences(agents[1]) == [Fence("alpha", "alpha")]
