"""Hearing agents beside the one that is talked to: their events, and who else is there."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, aclosing, asynccontextmanager

import pytest

from nodeagent.client.client import Client, Limits
from nodeagent.client.errors import ClientError, LinkLost, NoAgent
from nodeagent.wire import codec
from nodeagent.wire.console import GetSnapshot, Here, Refused
from nodeagent.wire.live import EventLine, NodeLive, Snapshot
from tests.unit.client.fake_agent import FakeAgent, access_to, cluster

LIMIT_S = 20.0


@pytest.fixture
def agents() -> Iterator[tuple[FakeAgent, ...]]:
    with ExitStack() as stack:
        yield tuple(stack.enter_context(FakeAgent(name)) for name in ("alpha", "bravo"))


@asynccontextmanager
async def client_of(agents: tuple[FakeAgent, ...]) -> AsyncIterator[Client]:
    client = Client(access_to(agents), limits=Limits(connect_s=5.0))
    try:
        async with asyncio.timeout(LIMIT_S):
            yield client
    finally:
        await client.close()


def event(number: int) -> EventLine:
    return EventLine(number, float(number), "bravo", "note", "web", f"event {number}")


def test_topics_are_those_of_events_and_of_nothing_else() -> None:
    begins = codec.event_topics()

    assert codec.encode(event(1)).startswith(begins)
    assert not codec.encode(NodeLive("alpha", "up")).startswith(begins)
    assert not codec.encode(cluster("alpha")).startswith(begins)


async def test_events_of_another_agent_are_remembered_ones_then_new_ones(
    agents: tuple[FakeAgent, ...],
) -> None:
    agents[1].snapshot = Snapshot(cluster("bravo"), events=(event(1), event(2)))
    async with (
        client_of(agents) as client,
        client.beside("bravo") as link,
        aclosing(link.events(5.0)) as events,
    ):
        got = [await anext(events), await anext(events)]
        agents[1].publish(NodeLive("bravo", "down"))
        agents[1].publish(event(3))
        got.append(await anext(events))
        agents[1].stop()
        with pytest.raises(LinkLost):
            await anext(events)

    assert got == [event(1), event(2), event(3)]


async def test_who_cannot_be_reached_or_is_unknown_is_an_error(
    agents: tuple[FakeAgent, ...],
) -> None:
    agents[1].stop()
    async with client_of(agents) as client:
        for node, kind in (("bravo", LinkLost), ("zulu", NoAgent)):
            with pytest.raises(ClientError) as raised:
                async with client.beside(node):
                    pass
            assert isinstance(raised.value, kind)


async def test_older_agent_refuses_to_be_told_and_goes_on(agents: tuple[FakeAgent, ...]) -> None:
    async with client_of(agents) as client, client.beside("alpha") as link:
        assert isinstance(await link.tell(Here("c" * 16), 5.0), Refused)
        assert isinstance(await link.ask(GetSnapshot(), 5.0), Snapshot)


async def test_client_can_be_closed_while_its_links_are_in_use(
    agents: tuple[FakeAgent, ...],
) -> None:
    async with client_of(agents) as client, client.beside("alpha") as link:
        await client.close()  # which would wait for ever for a socket that is left open
        with pytest.raises(LinkLost):
            await link.ask(GetSnapshot(), 5.0)
