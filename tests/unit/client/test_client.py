import asyncio
import socket
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, aclosing, asynccontextmanager, closing
from dataclasses import replace

import msgspec
import pytest

from nodeagent.client.access import Access, AgentAddress
from nodeagent.client.client import AgentChanged, Client, Limits
from nodeagent.client.errors import AccessError, ClientError, Denied, NoAgent, TimedOut
from nodeagent.model.configuration import Node
from nodeagent.wire.console import Apply, Done, GetSnapshot, Refused
from nodeagent.wire.live import ClusterLive, EventLine, NodeLive, Snapshot
from tests.unit.cli.conftest import ACTIVE
from tests.unit.client.fake_agent import (
    FakeAgent,
    access_to,
    cluster,
    configuration_of,
    key_pair,
)

QUICK = Limits(connect_s=1.0, silence_s=0.4, back_off_s=0.02, back_off_max_s=0.1)
APPLY = Apply(text="", base="")


@pytest.fixture
def agents() -> Iterator[tuple[FakeAgent, FakeAgent, FakeAgent]]:
    with ExitStack() as stack:
        alpha, bravo, charlie = (
            stack.enter_context(FakeAgent(name)) for name in ("alpha", "bravo", "charlie")
        )
        yield alpha, bravo, charlie


@asynccontextmanager
async def client_of(access: Access, limits: Limits = QUICK) -> AsyncGenerator[Client]:
    client = Client(access, limits=limits)
    try:
        async with asyncio.timeout(20):
            yield client
    finally:
        await client.close()


async def until(holds: Callable[[], bool]) -> None:
    """Poll: the fake agents live in threads of their own. The client's deadline ends it."""
    while not holds():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def next_of(stream: AsyncGenerator[object], kind: type) -> object:
    async for item in stream:
        if isinstance(item, kind):
            return item
    raise AssertionError("the stream never ends by itself")


async def test_asks_the_first_agent(agents: tuple[FakeAgent, ...]) -> None:
    access = access_to(agents)
    async with client_of(access) as client:
        answer = await client.ask(GetSnapshot())

        assert client.public == access.public
        assert isinstance(answer, Snapshot)
        assert answer.cluster.observer == "alpha"
        assert client.agent == "alpha"


async def test_many_questions_at_once_get_their_own_answers(agents: tuple[FakeAgent, ...]) -> None:
    agents[0].handler = lambda request: Done(text=getattr(request, "reason", ""))

    async with client_of(access_to(agents)) as client:
        asked = [client.ask(Apply("", "", reason=str(n))) for n in range(50)]
        answers = await asyncio.gather(*asked)

    assert answers == [Done(text=str(n)) for n in range(50)]


async def test_dead_agent_is_passed_over(agents: tuple[FakeAgent, ...]) -> None:
    access = access_to(agents)
    agents[0].stop()

    async with client_of(access) as client:
        answer = await client.ask(GetSnapshot())

    assert isinstance(answer, Snapshot)
    assert answer.cluster.observer == "bravo"


async def test_silent_agent_does_not_hold_up_a_question(agents: tuple[FakeAgent, ...]) -> None:
    agents[0].silent.set()

    async with client_of(access_to(agents)) as client:
        answer = await client.ask(GetSnapshot())

    assert isinstance(answer, Snapshot)
    assert answer.cluster.observer == "bravo"


async def test_order_with_effect_is_never_given_twice(agents: tuple[FakeAgent, ...]) -> None:
    agents[0].silent.set()

    async with client_of(access_to(agents)) as client:
        with pytest.raises(TimedOut, match=r"alpha at tcp://.*clustertui status"):
            await client.ask(APPLY, timeout_s=0.3)

    assert agents[0].requests == [APPLY]
    assert agents[1].requests == []


async def test_refusal_of_an_order_is_an_answer(agents: tuple[FakeAgent, ...]) -> None:
    refused = Refused(code="busy", text="alpha holds the lock", exit_code=3)
    agents[0].handler = lambda _: refused

    async with client_of(access_to(agents)) as client:
        assert await client.ask(APPLY) == refused


async def test_nobody_there_names_each_agent_endpoint_and_remedy() -> None:
    with FakeAgent("alpha") as alpha, FakeAgent("bravo") as bravo:
        access = access_to([alpha, bravo])

    async with client_of(access) as client:
        with pytest.raises(NoAgent) as caught:
            await client.ask(GetSnapshot())

    said = str(caught.value)
    assert f"alpha at {alpha.address.admin}: nobody listens there" in said
    assert f"bravo at {bravo.address.admin}" in said
    assert "see that nodeagent runs there" in said


async def test_refused_key_is_told(agents: tuple[FakeAgent, ...]) -> None:
    for agent in agents:
        agent.allowed = set()

    async with client_of(access_to(agents)) as client:
        with pytest.raises(Denied, match=r"no agent admits this key .*\[admin.NAME\]"):
            await client.ask(GetSnapshot())


async def test_client_refused_once_gets_in_after_its_key_is_admitted() -> None:
    with FakeAgent("alpha") as alpha:
        alpha.allowed = set()
        access = access_to([alpha])
        async with client_of(access) as client, aclosing(client.stream()) as stream:
            first = asyncio.create_task(anext(stream))
            await until(lambda: alpha.refused >= 2)
            assert "refused this console's key" in client.trouble
            alpha.allowed = {access.public}

            assert await first == AgentChanged("alpha")
            assert client.trouble == ""


async def test_wrong_agent_key_is_told(agents: tuple[FakeAgent, ...]) -> None:
    access = access_to(agents[:1])
    real = access.agents[0]
    other = AgentAddress(real.name, real.admin, real.events, key_pair()[0])

    async with client_of(access.to([other])) as client:
        with pytest.raises(NoAgent, match=r"alpha at tcp.*handshake"):
            await client.ask(GetSnapshot())


async def test_stream_opens_with_agent_and_snapshot(agents: tuple[FakeAgent, ...]) -> None:
    async with client_of(access_to(agents)) as client, aclosing(client.stream()) as stream:
        first, second, third = await anext(stream), await anext(stream), await anext(stream)

    assert first == AgentChanged("alpha")
    assert isinstance(second, Snapshot)
    assert isinstance(third, ClusterLive)


async def test_stream_delivers_in_order_and_events_once(agents: tuple[FakeAgent, ...]) -> None:
    def event(number: int) -> EventLine:
        return EventLine(number, 0.0, "alpha", "note", "node", f"event {number}")

    agents[0].snapshot = Snapshot(cluster("alpha"), events=(event(1), event(2)))
    async with client_of(access_to(agents)) as client, aclosing(client.stream()) as stream:
        await next_of(stream, Snapshot)
        for number in range(1, 200):
            agents[0].publish(event(number))
        got = [await next_of(stream, EventLine) for _ in range(3, 200)]

    assert got == [event(number) for number in range(3, 200)]


async def test_stream_moves_on_when_the_agent_dies(agents: tuple[FakeAgent, ...]) -> None:
    async with client_of(access_to(agents)) as client, aclosing(client.stream()) as stream:
        await next_of(stream, Snapshot)
        agents[0].stop()

        assert await next_of(stream, AgentChanged) == AgentChanged("bravo")
        snapshot = await anext(stream)

    assert isinstance(snapshot, Snapshot)
    assert snapshot.cluster.observer == "bravo"


async def test_stream_moves_on_when_the_agent_says_nothing(agents: tuple[FakeAgent, ...]) -> None:
    async with client_of(access_to(agents)) as client, aclosing(client.stream()) as stream:
        await next_of(stream, Snapshot)
        agents[0].silent.set()

        assert await next_of(stream, AgentChanged) == AgentChanged("bravo")


async def test_stream_comes_back_round_to_the_first(agents: tuple[FakeAgent, ...]) -> None:
    async with client_of(access_to(agents)) as client, aclosing(client.stream()) as stream:
        names = []
        for agent in (*agents, agents[0]):
            changed = await next_of(stream, AgentChanged)
            assert isinstance(changed, AgentChanged)
            names.append(changed.name)
            await anext(stream)
            agent.silent.set()
            for other in agents:
                if other is not agent:
                    other.silent.clear()

    assert names == ["alpha", "bravo", "charlie", "alpha"]


async def test_waiting_question_survives_the_death_of_its_agent(
    agents: tuple[FakeAgent, ...],
) -> None:
    agents[0].handler = lambda _: None

    async with client_of(access_to(agents), Limits(silence_s=10.0)) as client:
        asked = asyncio.create_task(client.ask(GetSnapshot(), timeout_s=10.0))
        await until(lambda: bool(agents[0].requests))
        agents[0].stop()
        answer = await asked

    assert isinstance(answer, Snapshot)
    assert answer.cluster.observer == "bravo"


async def test_stranger_bytes_lose_the_agent_not_the_client(agents: tuple[FakeAgent, ...]) -> None:
    async with client_of(access_to(agents)) as client, aclosing(client.stream()) as stream:
        await next_of(stream, Snapshot)
        agents[0].publish(cluster("alpha", state="no such state"))

        assert await next_of(stream, AgentChanged) == AgentChanged("bravo")
        assert "not understood" not in client.trouble


async def test_hostile_name_is_made_visible() -> None:
    with FakeAgent("alpha") as alpha:
        alpha.snapshot = Snapshot(cluster("\x1b]0;owned\x07"))
        async with client_of(access_to([alpha])) as client, aclosing(client.stream()) as stream:
            assert await anext(stream) == AgentChanged("\\x1b]0;owned\\x07")


async def test_stream_can_be_left_and_opened_again(agents: tuple[FakeAgent, ...]) -> None:
    async with client_of(access_to(agents)) as client:
        for _ in range(3):
            async with aclosing(client.stream()) as stream:
                await next_of(stream, Snapshot)
                agents[0].publish(NodeLive("bravo", "down"))
                await next_of(stream, NodeLive)
            assert isinstance(await client.ask(GetSnapshot()), Snapshot)

        assert client.agent == "alpha"


async def test_stream_and_questions_go_on_with_the_agent_that_is_turned_to(
    agents: tuple[FakeAgent, ...],
) -> None:
    async with client_of(access_to(agents)) as client, aclosing(client.stream()) as stream:
        await next_of(stream, Snapshot)
        assert client.others() == ("bravo", "charlie")
        await client.turn_to("charlie")

        assert await next_of(stream, AgentChanged) == AgentChanged("charlie")
        assert client.others() == ("alpha", "bravo")
        assert await client.ask(APPLY) == Done(tx="tx1")
        agents[2].stop()
        assert await next_of(stream, AgentChanged) == AgentChanged("alpha")

    assert agents[2].requests[-1] == APPLY


async def test_agent_that_owes_an_answer_is_not_left_and_one_that_is_away_not_turned_to(
    agents: tuple[FakeAgent, ...],
) -> None:
    agents[0].handler = lambda _: None
    agents[2].stop()
    async with client_of(access_to(agents)) as client:
        with pytest.raises(ClientError):
            await client.turn_to("charlie")
        asked = asyncio.create_task(client.ask(APPLY, timeout_s=0.5))
        await until(lambda: bool(agents[0].requests))
        with pytest.raises(ClientError, match="alpha has still to answer"):
            await client.turn_to("bravo")
        assert client.agent == "alpha"
        with pytest.raises(TimedOut):
            await asked

    assert agents[1].requests == []


async def test_nodes_of_the_configuration_are_turned_to_unless_agents_were_named(
    agents: tuple[FakeAgent, ...],
) -> None:
    configuration = configuration_of(ACTIVE)
    async with client_of(access_to(agents[:1])) as client:
        await client.ask(GetSnapshot())
        assert client.others(configuration) == ("bravo",)
    async with client_of(replace(access_to(agents[:1]), alone=True)) as client:
        await client.ask(GetSnapshot())
        assert client.others(configuration) == ()


async def test_agents_are_called_as_their_nodes_where_these_are_known(
    agents: tuple[FakeAgent, ...],
) -> None:
    plain = configuration_of(ACTIVE)
    nodes = {agent.name: Node(key=agent.public) for agent in agents[:2]}
    configuration = msgspec.structs.replace(plain, node=nodes)
    found = access_to(agents)
    named = [replace(agent, name=f"host{number}") for number, agent in enumerate(found.agents)]
    async with client_of(replace(found.to(named), alone=True)) as client:
        assert isinstance(await client.ask(GetSnapshot()), Snapshot)
        assert client.others(configuration) == ("bravo", "host2")
        await client.turn_to("bravo", configuration=configuration)
        assert client.others(configuration) == ("alpha", "host2")


async def test_closing_ends_what_waits(agents: tuple[FakeAgent, ...]) -> None:
    agents[0].handler = lambda _: None
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(client_of(access_to(agents[:1])))
        asked = asyncio.create_task(client.ask(APPLY, timeout_s=60.0))
        await until(lambda: bool(agents[0].requests))
        await client.close()
        with pytest.raises(ClientError):
            await asked


async def test_closing_while_an_agent_is_being_reached() -> None:
    with closing(socket.socket()) as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        endpoint = f"tcp://127.0.0.1:{mute.getsockname()[1]}"
        agent = AgentAddress("mute", endpoint, endpoint, key_pair()[0])
        client = Client(Access(*key_pair(), (agent, agent)), limits=Limits(connect_s=60.0))
        asked = asyncio.create_task(client.ask(GetSnapshot(), timeout_s=60.0))
        reached, _ = await asyncio.to_thread(mute.accept)
        async with asyncio.timeout(20):
            await client.close()
        reached.close()
        with pytest.raises(ClientError):
            await asked


def test_access_without_agents_is_refused() -> None:
    with pytest.raises(AccessError, match="names no agent"):
        Client(Access(*key_pair(), ()))
