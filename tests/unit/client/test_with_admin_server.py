"""Both ends of the wire as they are shipped: the client and the agent's door for consoles."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing, closing

import pytest

from nodeagent.client.access import Access, AgentAddress
from nodeagent.client.client import AgentChanged, Client
from nodeagent.client.errors import Denied
from nodeagent.transport import keys
from nodeagent.transport.admin import AdminServer
from nodeagent.wire import codec
from nodeagent.wire.console import Answered, GetSnapshot
from nodeagent.wire.live import EventLine, Snapshot
from tests.unit.client.fake_agent import cluster
from tests.unit.client.test_client import QUICK, until

SNAPSHOT = Snapshot(cluster("alpha"))


def free_ports() -> tuple[int, int]:
    with closing(socket.socket()) as one, closing(socket.socket()) as two:
        for each in (one, two):
            each.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


class Agent:
    def __init__(self) -> None:
        self.keys = keys.generate()
        self.admitted: set[str] = set()
        self.server = AdminServer(
            self.keys,
            role_of=lambda key: "admin" if key in self.admitted else None,
            on_request=self.answer,
            on_note=lambda *_: None,
        )
        admin, events = free_ports()
        self.server.open(["127.0.0.1"], admin, events)
        self.address = AgentAddress(
            "alpha", f"tcp://127.0.0.1:{admin}", f"tcp://127.0.0.1:{events}", self.keys.public
        )

    def answer(self, client: bytes, key: str, data: bytes) -> None:
        ask = codec.decode_ask(data)
        self.server.reply(client, codec.encode(Answered(ask.id, SNAPSHOT)))


@pytest.fixture
async def agent() -> AsyncIterator[Agent]:
    made = Agent()
    yield made
    made.server.close()


@pytest.fixture
async def client(agent: Agent) -> AsyncIterator[Client]:
    console = keys.generate()
    agent.admitted.add(console.public)
    made = Client(Access(console.public, console.secret, (agent.address,)), limits=QUICK)
    async with asyncio.timeout(20):
        yield made
    await made.close()


async def test_question_is_answered(client: Client) -> None:
    assert await client.ask(GetSnapshot()) == SNAPSHOT


async def test_stream_flows(agent: Agent, client: Client) -> None:
    event = EventLine(1, 0.0, "alpha", "note", "web", "moved")
    async with aclosing(client.stream()) as stream:
        assert await anext(stream) == AgentChanged("alpha")
        assert await anext(stream) == SNAPSHOT
        await until(lambda: agent.server.subscribers == 1)
        agent.server.publish(codec.encode(event))
        assert await anext(stream) == event
    await until(lambda: agent.server.subscribers == 0)


async def ask_for_ever(client: Client) -> None:
    while True:
        await client.ask(GetSnapshot(), timeout_s=0.5)
        await asyncio.sleep(0.02)


async def test_key_that_is_taken_away_and_given_back(agent: Agent, client: Client) -> None:
    await client.ask(GetSnapshot())
    admitted, agent.admitted = agent.admitted, set()
    with pytest.raises(Denied):
        await ask_for_ever(client)
    agent.admitted = admitted

    assert await client.ask(GetSnapshot()) == SNAPSHOT
