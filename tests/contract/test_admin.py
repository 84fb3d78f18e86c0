"""The door for consoles on real sockets: roles, floods, garbage, and those who do not read."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import zmq

from nodeagent.transport import admin, keys, sockets
from nodeagent.transport.admin import AdminServer
from nodeagent.transport.keys import KeyPair
from tests.contract.waiting import subnet, until
from tests.support.uninvited import offer

REQUESTS, EVENTS = 17412, 17413
Socket = zmq.Socket[bytes]


class Agent:
    def __init__(self) -> None:
        self.keys = keys.generate()
        self.roles: dict[str, str] = {}
        self.asked: list[tuple[bytes, str, bytes]] = []
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self.address = f"{subnet()}.1"
        self.context: zmq.Context[Socket] = zmq.Context()
        self.sockets: list[Socket] = []
        self.server = AdminServer(
            self.keys,
            role_of=self.roles.get,
            on_request=lambda client, key, data: self.asked.append((client, key, data)),
            on_note=lambda code, details: self.notes.append((code, details)),
        )
        self.server.open([self.address], REQUESTS, EVENTS)

    def console(self, role: str = "admin") -> KeyPair:
        pair = keys.generate()
        if role:
            self.roles[pair.public] = role
        return pair

    def asking(self, pair: KeyPair, routing_id: bytes = b"") -> Socket:
        socket = self._socket(zmq.DEALER, pair)
        if routing_id:
            socket.routing_id = routing_id
        socket.connect(sockets.endpoint(self.address, REQUESTS))
        return socket

    def watching(self, pair: KeyPair, queue: int = 1000) -> Socket:
        socket = self._socket(zmq.SUB, pair, queue)
        socket.subscribe(b"")
        socket.connect(sockets.endpoint(self.address, EVENTS))
        return socket

    def codes(self) -> set[str]:
        return {code for code, _ in self.notes}

    def requests(self) -> list[bytes]:
        return [data for _, _, data in self.asked]

    def _socket(self, kind: int, pair: KeyPair, queue: int = 1000) -> Socket:
        bounds = sockets.Bounds(queue, queue, -1)
        made = sockets.client(self.context, kind, pair, self.keys.public, bounds)
        self.sockets.append(made)
        return made

    def close(self) -> None:
        self.server.close()
        for socket in self.sockets:
            socket.close(linger=0)
        self.context.destroy(linger=0)


@pytest.fixture
async def agent() -> AsyncIterator[Agent]:
    made = Agent()
    yield made
    made.close()


async def received(socket: Socket) -> bytes:
    await until(lambda: socket.poll(0), "something arrives")
    return socket.recv()


async def test_a_request_comes_with_its_key_and_gets_its_answer(agent: Agent) -> None:
    console = agent.console()
    asking = agent.asking(console)
    asking.send(b"question")
    await until(lambda: agent.asked)

    client, key, data = agent.asked[0]
    assert (key, data) == (console.public, b"question")
    assert agent.server.reply(client, b"answer")
    assert await received(asking) == b"answer"


async def test_each_client_gets_its_own_answer(agent: Agent) -> None:
    consoles = [agent.asking(agent.console()) for _ in range(5)]
    for number, console in enumerate(consoles):
        console.send(b"%d" % number)
    await until(lambda: len(agent.asked) == 5)

    for client, _, data in agent.asked:
        agent.server.reply(client, b"for " + data)

    assert [await received(console) for console in consoles] == [b"for %d" % n for n in range(5)]


async def test_a_stolen_routing_id_gets_nobody_elses_answer(agent: Agent) -> None:
    owner = agent.asking(agent.console(), routing_id=b"mine")
    owner.send(b"from the owner")
    await until(lambda: agent.asked)
    thief = agent.asking(agent.console("observer"), routing_id=b"mine")
    thief.send(b"from the thief")
    other = agent.asking(agent.console())
    other.send(b"from another")
    await until(lambda: b"from another" in agent.requests())

    agent.server.reply(agent.asked[0][0], b"secret")

    assert await received(owner) == b"secret"
    assert not thief.poll(0)


async def test_a_key_without_role_is_not_let_in(agent: Agent) -> None:
    stranger, friend = agent.asking(agent.console(role="")), agent.asking(agent.console())
    offer(stranger, b"let me in")
    friend.send(b"hello")

    await until(lambda: agent.asked)
    await until(lambda: "stranger" in agent.codes())

    assert agent.requests() == [b"hello"]


async def test_a_role_taken_away_ends_requests_and_stream(agent: Agent) -> None:
    console, friend = agent.console(), agent.console()
    asking, watching = agent.asking(console), agent.watching(console)
    staying = agent.watching(friend)
    asking.send(b"before")
    await until(lambda: agent.asked and agent.server.subscribers == 2)

    del agent.roles[console.public]
    offer(asking, b"after")

    await until(lambda: "stranger" in agent.codes())

    def friend_is_back() -> bool:
        staying.poll(0)  # libzmq subscribes again only when its user looks at the socket
        return agent.server.subscribers == 1

    await until(friend_is_back)
    agent.server.publish(b"news")
    assert await received(staying) == b"news"
    assert not watching.poll(0)
    assert agent.requests() == [b"before"]


async def test_a_flood_is_cut_and_told(agent: Agent) -> None:
    flooding, friend = agent.asking(agent.console()), agent.asking(agent.console())
    for _ in range(1_000):
        flooding.send(b"again")
    await until(lambda: "flood" in agent.codes())
    friend.send(b"hello")

    await until(lambda: b"hello" in agent.requests())
    assert agent.requests().count(b"again") < 900


async def test_garbage_hurts_nobody(agent: Agent) -> None:
    console = agent.console()
    rude, friend = agent.asking(console), agent.asking(agent.console())
    rude.send_multipart([b"x"] * 5_000)
    rude.send_multipart([b"", b""])
    rude.send(b"")
    rude.send(bytes(admin.REQUESTS.bytes_max + (1 << 20)))
    friend.send(b"hello")

    await until(lambda: b"hello" in agent.requests())
    assert agent.requests() == [b"hello"]


async def test_the_stream_counts_who_listens(agent: Agent) -> None:
    console = agent.console("observer")
    assert agent.server.subscribers == 0
    first, second = agent.watching(console), agent.watching(console)
    await until(lambda: agent.server.subscribers == 2)

    agent.server.publish(b"news")
    assert [await received(first), await received(second)] == [b"news", b"news"]

    first.close()
    await until(lambda: agent.server.subscribers == 1)


async def test_who_does_not_read_loses_and_delays_nobody(agent: Agent) -> None:
    console = agent.console()
    reading, _sleeping = agent.watching(console), agent.watching(console, queue=1)
    await until(lambda: agent.server.subscribers == 2)
    big = bytes(64 << 10)

    for number in range(400):  # 25 MiB, far more than the connection holds
        agent.server.publish(b"%d " % number + big)
        got = await received(reading)
        assert got.startswith(b"%d " % number)


async def test_an_answer_to_a_client_that_left_is_not_sent(agent: Agent) -> None:
    asking = agent.asking(agent.console())
    asking.send(b"question")
    await until(lambda: agent.asked)
    asking.close()

    await until(lambda: not agent.server.reply(agent.asked[0][0], b"late"))
    assert not agent.server.reply(b"nonsense", b"late")


async def test_an_address_in_use_is_told_with_the_remedy(agent: Agent) -> None:
    notes: list[tuple[str, dict[str, Any]]] = []
    second = AdminServer(
        agent.keys,
        role_of=agent.roles.get,
        on_request=lambda *_: None,
        on_note=lambda code, details: notes.append((code, details)),
    )
    second.open([agent.address], REQUESTS, EVENTS)

    assert notes[0][0] == "bind-failed"
    assert f"{agent.address} port {REQUESTS}" in notes[0][1]["text"]
    second.close()


@pytest.mark.parametrize("large", ["request", "answer"])
async def test_large_requests_and_answers_count_as_many(
    agent: Agent, monkeypatch: pytest.MonkeyPatch, large: str
) -> None:
    monkeypatch.setattr(admin, "REQUESTS_PER_SECOND", 0.001)
    monkeypatch.setattr(admin, "REQUESTS_BURST", 20.0)  # one request may not be larger than 1 MiB
    burst = int(admin.REQUESTS_BURST)
    asking = agent.asking(agent.console())
    asking.send(bytes(burst * admin.REQUEST_TOKEN_BYTES) if large == "request" else b"first")
    await until(lambda: agent.asked)
    if large == "answer":
        answer = bytes(burst * admin.ANSWER_TOKEN_BYTES)
        assert agent.server.reply(agent.asked[0][0], answer)
        assert await received(asking) == answer

    asking.send(b"again")

    await until(lambda: "flood" in agent.codes())
    assert len(agent.asked) == 1
