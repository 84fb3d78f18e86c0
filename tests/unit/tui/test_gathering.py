"""The console hears every agent: none that dies takes with it what another one knows."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from msgspec.structs import replace

from nodeagent.model.configuration import Configuration
from nodeagent.wire.console import Answer, Here, Neighbour, Present, Refused
from nodeagent.wire.joining import GetJoining, Guest, Joining
from nodeagent.wire.live import EventLine
from tests.support import story
from tests.support.story import StoryClient
from tui import gathering
from tui.session import Session
from tui.viewmodels.ages import Moment
from tui.viewmodels.newcomers import joins_of
from tui.viewmodels.presence import Place, editors_text, headline_text
from tui.viewmodels.store import View

LIMIT_S = 20.0
BOB = Here("b" * 16, "bob@desk", "Groups", "group web", edits=True)


@dataclass
class Peer:
    """One agent: what it tells, and what it was told."""

    events_of: asyncio.Queue[EventLine | Exception] = field(default_factory=asyncio.Queue)
    told: list[Here] = field(default_factory=list)
    answer: Answer = field(default_factory=Present)

    async def events(self, timeout_s: float) -> AsyncGenerator[EventLine, None]:
        del timeout_s
        while True:
            item = await self.events_of.get()
            if isinstance(item, Exception):
                raise item
            yield item

    async def tell(self, here: Here, timeout_s: float) -> Answer:
        del timeout_s
        self.told.append(here)
        return self.answer

    def __hash__(self) -> int:
        return id(self)


class Town(StoryClient):
    """A client that reaches every agent of the story."""

    def __init__(self) -> None:
        super().__init__()
        self.peers = {name: Peer() for name in story.NODES}
        self.reached: list[str] = []

    @asynccontextmanager
    async def beside(
        self, node: str, *, configuration: Configuration | None = None
    ) -> AsyncIterator[Peer]:
        assert configuration is not None
        self.reached.append(node)
        yield self.peers[node]


@asynccontextmanager
async def session_on(client: Town) -> AsyncIterator[Session]:
    session = Session(client, post=lambda _: None, now=lambda: Moment(1_000.0, story.WALL))
    client.begin()
    tasks = [asyncio.create_task(work) for work in (session.follow(), session.gather())]
    try:
        async with asyncio.timeout(LIMIT_S):
            yield session
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await session.close()


async def seen(session: Session, holds: Callable[[View], object]) -> None:
    """Wait until the view is so; the session's own limit ends it."""
    while not holds(session.view):  # noqa: ASYNC110 - a view is replaced, nobody tells of it
        await asyncio.sleep(0.01)


async def test_every_agent_is_heard_and_one_that_was_lost_is_heard_again() -> None:
    client = Town()
    async with session_on(client) as session:
        await seen(session, lambda view: len(view.agents) == 3)
        client.peers["charlie"].events_of.put_nowait(story.event(9, "seen here", node="charlie"))
        client.break_stream()
        await seen(session, lambda view: any(e.text == "seen here" for e in view.events))

        client.peers["bravo"].events_of.put_nowait(ConnectionError("gone"))
        await seen(session, lambda view: len(view.agents) == 2)
        await seen(session, lambda view: len(view.agents) == 3)

    assert client.reached.count("bravo") == 2


async def test_consoles_hear_of_each_other_through_any_voter() -> None:
    client = Town()
    client.peers["alpha"].answer = Refused("unreadable", "an older agent")
    client.peers["charlie"].answer = Present((Neighbour("night", BOB),))
    async with session_on(client) as session:
        session.be_at(Place("ann@desk", "Draft", "group web", edits=True))
        await seen(session, lambda view: view.others)
        others = session.view.others

        session.be_at(Place("ann@desk", "Events"))
        await seen(session, lambda _: client.peers["bravo"].told[-1].place == "Events")

    first, last = client.peers["bravo"].told[0], client.peers["bravo"].told[-1]
    assert (last.author, last.item, last.edits) == ("ann@desk", "", False)
    assert first.console == last.console
    assert len(client.peers["alpha"].told) == 1
    assert headline_text(others, 80) == "+bob"
    assert headline_text(others, 120) == "+bob: group web"
    assert editors_text(others, "group web") == "bob edits this, too"
    assert editors_text(others, "group database") == ""


async def test_what_the_agent_tells_is_seen_by_whoever_looks() -> None:
    client = StoryClient()
    client.begin()
    session = Session(client, post=lambda _: None, now=lambda: Moment(1_000.0, story.WALL))
    following = asyncio.create_task(session.follow())
    client.say(story.event(50, "lost"), story.node_live("alpha"), story.event(51, "found"))

    async with asyncio.timeout(LIMIT_S):
        await seen(session, lambda view: {"lost", "found"} <= {e.text for e in view.events})

    assert "events" in session.dirty
    following.cancel()
    await session.close()


async def test_who_is_invited_is_known_from_the_last_look() -> None:
    guests: tuple[Guest, ...] = (Guest("delta", "admitted", "ann", 900),)
    client = StoryClient(answer_node=lambda node, _: Joining(node, guests))
    session = Session(client, post=lambda _: None, now=lambda: Moment(1_000.0, story.WALL))
    await session.ask_node("bravo", GetJoining())
    assert joins_of(session.guests) == {"delta": "admitted"}

    guests = ()
    await session.ask_node("bravo", GetJoining())
    assert joins_of(session.guests) == {}


async def test_past_has_no_neighbours() -> None:
    session = Session(StoryClient(), post=lambda _: None, now=lambda: Moment(0.0, 0.0))

    await asyncio.wait_for(session.gather(), LIMIT_S)

    assert replace(session.view, agents=()) == session.view
    assert not isinstance(session.client, gathering.Neighbourly)
