"""The door for strangers on real sockets: what they say comes in, paced, and never piles up."""

import asyncio
import resource
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import zmq
from msgspec.structs import replace

from nodeagent.client.joining import NotTakenIn, ask_to_join
from nodeagent.model.configuration import Adapter
from nodeagent.transport import keys, sockets
from nodeagent.transport.errors import TransportError
from nodeagent.transport.joining import ASKS, CONNECTIONS_MAX, UNWELCOME_S, JoinDoor
from nodeagent.wire.codec import WireError, decode_join_ask, encode, pack
from nodeagent.wire.joining import (
    ASK_BYTES_MAX,
    NOT_GOOD,
    Invitation,
    JoinAdmitted,
    JoinAnswer,
    JoinRefused,
    JoinWaits,
)
from tests.contract.waiting import subnet, until

PORT = 17415
STRANGERS = 1_000
ANY_PACE = (1e6, 1e6)
TOKEN = "a" * 32
ADAPTERS = {"eth0": Adapter(network="public", role="service", address="10.1.0.14")}
Socket = zmq.Socket[bytes]


class Agent:
    """An agent's door; `judge` stands in for its core."""

    def __init__(self, *, unwelcome_s: float = UNWELCOME_S, **pace: tuple[float, float]) -> None:
        self.keys = keys.generate()
        self.asked: list[tuple[str, bytes]] = []
        self.answers: list[JoinAnswer] = [JoinWaits()]
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self.address = f"{subnet()}.1"
        self.context: zmq.Context[Socket] = zmq.Context()
        self.context.set(zmq.MAX_SOCKETS, STRANGERS + 100)
        self.strangers: list[Socket] = []
        self.door = JoinDoor(
            self.keys,
            on_ask=self._ask,
            on_note=lambda code, more: self.notes.append((code, more)),
            unwelcome_s=unwelcome_s,
            **pace,
        )
        self.endpoints = self.door.open([self.address], PORT)

    def _ask(self, client: bytes, key: str, address: str, data: bytes) -> None:
        self.asked.append((key, data))
        try:
            decode_join_ask(data)
        except WireError:
            self.door.answer(client, encode(JoinRefused("what?")), unwelcome=True)
            return
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.door.answer(client, encode(answer))

    def stranger(self, pair: keys.KeyPair | None = None, *, at_once: bool = True) -> Socket:
        bounds, pair = sockets.Bounds(100, 100, -1), pair or keys.generate()
        made = sockets.client(self.context, zmq.DEALER, pair, self.keys.public, bounds)
        if at_once:
            made.connect(self.endpoints[0])
        self.strangers.append(made)
        return made

    def invitation(self, token: str = TOKEN) -> Invitation:
        return Invitation("delta", "plant", self.keys.public, token, self.endpoints)

    def codes(self) -> set[str]:
        return {code for code, _ in self.notes}

    def close(self) -> None:
        self.door.close()
        for stranger in self.strangers:
            stranger.close(linger=0)
        self.context.destroy(linger=0)


@pytest.fixture
async def agent() -> AsyncIterator[Agent]:
    made = Agent()
    yield made
    made.close()


def new_keys() -> tuple[str, str]:
    pair = keys.generate()
    return pair.public, pair.secret


async def test_a_machine_waits_until_it_is_let_in(agent: Agent) -> None:
    agent.answers = [JoinWaits(), JoinAdmitted(pack(b"format = 1\n"))]
    own = new_keys()

    file = await ask_to_join(agent.invitation(), own, ADAPTERS, print)

    assert file == b"format = 1\n"
    assert {key for key, _ in agent.asked} == {own[0]}
    assert decode_join_ask(agent.asked[0][1]).adapters == ADAPTERS


async def test_a_refusal_ends_it_with_the_reason(agent: Agent) -> None:
    agent.answers = [JoinRefused("this invitation is not good here")]

    with pytest.raises(NotTakenIn, match="not good here"):
        await ask_to_join(agent.invitation("b" * 32), new_keys(), ADAPTERS, print)
    assert len(agent.asked) == 1


async def test_one_that_waited_is_told_that_its_invitation_is_the_old_one(agent: Agent) -> None:
    agent.answers = [JoinWaits(), JoinRefused(NOT_GOOD)]

    with pytest.raises(NotTakenIn, match=r"not good here: .* another invitation of delta took"):
        await ask_to_join(agent.invitation(), new_keys(), ADAPTERS, print)


async def test_one_that_waited_is_told_another_reason_as_it_is(agent: Agent) -> None:
    agent.answers = [JoinWaits(), JoinRefused("install the same version")]

    with pytest.raises(NotTakenIn, match="install the same version") as caught:
        await ask_to_join(agent.invitation(), new_keys(), ADAPTERS, print)

    assert "another invitation" not in str(caught.value)


async def test_what_keeps_each_endpoint_from_being_reached_is_said_once(agent: Agent) -> None:
    agent.door.close()
    (endpoint,) = agent.endpoints
    two = replace(agent.invitation(), endpoints=(endpoint, endpoint.replace(str(PORT), "9")))
    said: list[str] = []

    with pytest.raises(NotTakenIn):
        await ask_to_join(two, new_keys(), ADAPTERS, said.append, wait_s=6)
    assert len(said) == len(set(said)) == 2


async def test_one_that_finds_nobody_says_so_and_gives_up_in_time(agent: Agent) -> None:
    agent.door.close()
    said: list[str] = []

    with pytest.raises(NotTakenIn, match="ask an administrator for a new one"):
        await ask_to_join(agent.invitation(), new_keys(), ADAPTERS, said.append, wait_s=1.5)
    assert "nobody listens there" in said[0]


async def test_an_agent_with_another_key_is_never_asked(agent: Agent) -> None:
    forged = Invitation("delta", "plant", keys.generate().public, TOKEN, agent.endpoints)

    with pytest.raises(NotTakenIn):
        await ask_to_join(forged, new_keys(), ADAPTERS, print, wait_s=1.5)
    assert agent.asked == []


async def test_a_flood_from_one_address_is_dropped_and_noted(agent: Agent) -> None:
    stranger = agent.stranger()
    for _ in range(100):
        stranger.send(b"let me in", zmq.DONTWAIT)
    await until(lambda: "flood" in agent.codes())

    assert len(agent.asked) <= ASKS[1] + 5


async def test_what_is_too_long_never_arrives(agent: Agent) -> None:
    agent.stranger().send(b"x" * (ASK_BYTES_MAX + sockets.CURVE_BYTES + 1), zmq.DONTWAIT)
    honest = agent.stranger()
    honest.send(b"short", zmq.DONTWAIT)
    await until(lambda: agent.asked)

    assert [data for _, data in agent.asked] == [b"short"]


async def test_a_key_without_a_good_invitation_is_not_let_in_again_until_somebody_is_invited(
    agent: Agent,
) -> None:
    pair = keys.generate()
    agent.stranger(pair).send(b"me, too", zmq.DONTWAIT)
    await until(lambda: agent.asked)
    monitored = agent.stranger(pair, at_once=False)
    monitor = monitored.get_monitor_socket(zmq.Event.HANDSHAKE_FAILED_AUTH)
    monitored.connect(agent.endpoints[0])

    await until(lambda: monitor.poll(0), "it is refused by its key")
    monitored.disable_monitor()
    monitor.close()
    agent.door.open([agent.address], PORT)
    agent.stranger(pair).send(b"me, too", zmq.DONTWAIT)
    await until(lambda: len(agent.asked) == 2, "it may ask again")


async def test_a_machine_that_came_with_the_old_invitation_gets_in_with_the_new_one() -> None:
    agent = Agent(unwelcome_s=0.5)
    pair = keys.generate()
    try:
        agent.stranger(pair).send(b"with the old one", zmq.DONTWAIT)
        await until(lambda: agent.asked)
        agent.answers = [JoinAdmitted(pack(b"format = 1\n"))]

        own = (pair.public, pair.secret)
        file = await ask_to_join(agent.invitation(), own, ADAPTERS, print, wait_s=20)
    finally:
        agent.close()

    assert file == b"format = 1\n"


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_thousand_strangers_take_no_more_than_the_bound() -> None:
    """One address is paced, so the pace is lifted here: so many come from many addresses."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = STRANGERS * 4
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"needs {wanted} open files for the strangers' side")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    agent = Agent(knocks=ANY_PACE, asks=ANY_PACE)
    most = 0
    try:
        for _ in range(STRANGERS):
            agent.stranger().send(b"me, too", zmq.DONTWAIT)
            await asyncio.sleep(0)
            most = max(most, agent.door.connections)
        await until(lambda: agent.asked)
        agent.answers = [JoinAdmitted(pack(b"format = 1\n"))]
        joined = await ask_to_join(agent.invitation(), new_keys(), ADAPTERS, print, wait_s=30)
        most = max(most, agent.door.connections)
    finally:
        agent.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert 0 < most <= CONNECTIONS_MAX
    assert joined, "an honest one gets its turn"


async def test_a_closed_door_is_shut_and_can_be_opened_again(agent: Agent) -> None:
    before = agent.door.open(["127.9.9.9"], 1)
    assert before == agent.endpoints, "it is open already"
    agent.door.close()
    files = open_files()
    stranger = agent.stranger()
    stranger.send(b"anybody?", zmq.DONTWAIT)

    for _ in range(3):
        assert agent.door.open([agent.address], PORT) == agent.endpoints
        agent.door.close()

    assert agent.asked == []
    assert open_files() <= files + 20


async def test_an_address_that_cannot_be_had_is_told(agent: Agent) -> None:
    other = JoinDoor(agent.keys, on_ask=lambda *_: None, on_note=lambda *_: None)

    with pytest.raises(TransportError, match="end the program that uses it"):
        other.open([agent.address], PORT)
