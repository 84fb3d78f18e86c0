"""Talks to a cluster through whichever of its agents answers, and moves on when one does not."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

import msgspec
import zmq.asyncio

from nodeagent.client.access import Access, AgentAddress, ways_to
from nodeagent.client.errors import (
    AccessError,
    Attempt,
    ClientError,
    LinkLost,
    NoAgent,
    NotSent,
    TimedOut,
    nobody,
)
from nodeagent.client.link import Link
from nodeagent.model.configuration import Configuration
from nodeagent.model.text import clean
from nodeagent.wire.console import Answer, GetSnapshot, Request
from nodeagent.wire.live import Snapshot, StreamMessage

ANSWER_S = 8.0
"""A node that takes its inventory has some seconds for each part, all beside each other."""


class AgentChanged(msgspec.Struct, frozen=True):
    """From here on the stream is that of the agent `name`; a Snapshot follows at once."""

    name: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds. Agents promise a sign of life every second."""

    connect_s: float = 2.0
    silence_s: float = 3.0
    back_off_s: float = 0.2
    back_off_max_s: float = 5.0


class Client:
    """One console's way to the cluster. Belongs to one event loop; own sockets, closed by `close`.

    Agents are taken in the order of the access file; a lost one is followed by the next.
    """

    def __init__(self, access: Access, *, limits: Limits | None = None) -> None:
        if not access.agents:
            raise AccessError("the access file names no agent", "add [agent.NAME] or use --connect")
        self._access = access
        self._limits = limits or Limits()
        self._context = zmq.asyncio.Context()
        self._turn = 0
        self._link: Link | None = None
        self._beside: set[Link] = set()
        self._opening: Link | None = None
        self._closed = False
        self._reaching = asyncio.Lock()
        self.trouble = ""
        """Why no agent is reached at the moment, "" when one is."""

    @property
    def public(self) -> str:
        """Return this console's public key, by which agents know what it may do."""
        return self._access.public

    @property
    def agent(self) -> str:
        """Return the agent that is talked to, "" when none is."""
        link = self._link
        return link.agent.name if link is not None and link.error is None else ""

    async def ask(self, request: Request, *, timeout_s: float = 5.0) -> Answer:
        """Return the cluster's answer to `request`, from the first agent that takes it.

        NoAgent or Denied when nobody does; TimedOut when one took it and did not answer within
        `timeout_s`. Only a question without effect is put to a second agent then: another request
        may have been carried out, and who asked has to look.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        back_off = self._limits.back_off_s
        while True:
            link = await self._reach()
            left = max(deadline - loop.time(), 0.05)
            try:
                return await self._ask_one(link, request, left)
            except (TimedOut, LinkLost) as error:
                await self._drop(link, error)
                again = isinstance(request, GetSnapshot) or isinstance(error, NotSent)
                if loop.time() >= deadline or not again:
                    raise _unanswered(link, error) from None
            await asyncio.sleep(min(back_off, max(0.0, deadline - loop.time())))
            back_off *= 2

    async def ask_node(
        self,
        node: str,
        request: Request,
        *,
        configuration: Configuration | None = None,
        timeout_s: float = ANSWER_S,
    ) -> Answer:
        """Return the answer of the agent on `node`, on a line of its own that is closed then.

        Tried are, one after the other, the access file's agent with the key that the node has in
        `configuration`, then the addresses of its adapters there. ClientError with the last reason
        when none answers.
        """
        agents = self._ways_to(node, configuration)
        error: ClientError = NoAgent("not tried")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        for agent in agents:
            left_s = deadline - loop.time()
            if left_s <= 0:
                break
            async with self._own_link(agent) as link:
                try:
                    await link.open(min(left_s, self._limits.connect_s))
                    return await link.ask(request, max(0.05, deadline - loop.time()))
                except ClientError as lost:
                    error = lost
        raise error

    @asynccontextmanager
    async def beside(
        self, node: str, *, configuration: Configuration | None = None
    ) -> AsyncIterator[Link]:
        """Give a link to the agent on `node`, beside the one that is talked to; closed at the end.

        The ways are those of `ask_node`. ClientError with the last reason when none leads there.
        """
        error: ClientError = NoAgent("not tried")
        for agent in self._ways_to(node, configuration):
            async with self._own_link(agent) as link:
                try:
                    await link.open(self._limits.connect_s)
                except ClientError as lost:
                    error = lost
                    continue
                yield link
                return
        raise error

    @asynccontextmanager
    async def _own_link(self, agent: AgentAddress) -> AsyncIterator[Link]:
        """Give a link of its own to `agent`, which ends with this, or with the client."""
        link = Link(self._context, self._access, agent)
        self._beside.add(link)
        try:
            yield link
        finally:
            self._beside.discard(link)
            if link is not self._link:
                await link.close()

    def others(self, configuration: Configuration | None = None) -> tuple[str, ...]:
        """Return the names of all agents that are known but for the one that is talked to.

        An agent of a node in `configuration` has that node's name, whatever the access file calls
        it.
        """
        nodes = configuration.node.items() if configuration is not None else ()
        names = {noun.key: node for node, noun in nodes}
        known = {agent.key: names.get(agent.key, agent.name) for agent in self._access.agents}
        if not self._access.alone:
            known |= names
        link = self._link
        own = names.get(link.agent.key, link.agent.name) if link is not None else ""
        return tuple(dict.fromkeys(name for name in known.values() if name != own))

    async def turn_to(self, node: str, *, configuration: Configuration | None = None) -> None:
        """Talk to the agent on `node` from now on; the stream goes on with it by itself.

        ClientError when it cannot be reached, or when a question still waits for the answer of the
        one that is talked to: that one stays then.
        """
        async with self.beside(node, configuration=configuration) as link, self._reaching:
            before = self._link
            if before is not None and before.owes:
                raise ClientError(f"{before.agent.name} has still to answer")
            self._link, self.trouble = link, ""
            agents = self._access.agents
            self._turn = agents.index(link.agent) if link.agent in agents else self._turn
        if before is not None:
            await before.close()

    def _ways_to(self, node: str, configuration: Configuration | None) -> tuple[AgentAddress, ...]:
        if self._closed:
            raise NoAgent("this client was closed")
        agents = ways_to(node, self._access, configuration)
        if not agents:
            raise NoAgent(f"nobody knows where the agent of {clean(node, 63)} listens")
        return agents

    async def stream(self) -> AsyncGenerator[StreamMessage | Snapshot | AgentChanged]:
        """Yield what the cluster does, for ever: AgentChanged, Snapshot, then news, and so on.

        Never raises for a lost agent; while none is reached it tries on, and `trouble` says why.
        One reader at a time; close it (`contextlib.aclosing`) to give the subscription back.
        """
        back_off = self._limits.back_off_s
        while True:
            try:
                link = await self._reach()
                async with aclosing(self._follow(link)) as messages:
                    async for message in messages:
                        back_off = self._limits.back_off_s
                        yield message
            except ClientError as error:
                self.trouble = self.trouble or str(error)
            await asyncio.sleep(back_off)
            back_off = min(back_off * 2, self._limits.back_off_max_s)

    async def close(self) -> None:
        """Give back every socket, of links that are in use, too; waiting questions fail."""
        self._closed = True
        for link in (self._link, self._opening, *self._beside):
            if link is not None:
                await link.close()
        self._link = self._opening = None
        # `term` would wait for ever for a socket that somebody still has; this takes it away.
        self._context.destroy(linger=0)

    async def _follow(self, link: Link) -> AsyncGenerator[StreamMessage | Snapshot | AgentChanged]:
        try:
            async with aclosing(link.follow(self._limits.silence_s)) as messages:
                async for message in messages:
                    if isinstance(message, Snapshot):
                        name = clean(message.cluster.observer, 63) or link.agent.name
                        yield AgentChanged(name=name)
                    yield message
        except LinkLost as error:
            await self._drop(link, error)

    async def _ask_one(self, link: Link, request: Request, left_s: float) -> Answer:
        if isinstance(request, GetSnapshot):
            left_s = min(left_s, self._limits.silence_s)
        return await link.ask(request, left_s)

    async def _reach(self) -> Link:
        """Return a link that stands, a new one if need be; one round, then NoAgent or Denied."""
        async with self._reaching:
            if self._link is not None and self._link.error is None:
                return self._link
            if self._link is not None:
                await self._drop(self._link, self._link.error)
            attempts = []
            for _ in self._access.agents:
                attempt = await self._try_next()
                if attempt is None:
                    assert self._link is not None
                    self.trouble = ""
                    return self._link
                attempts.append(attempt)
            raise nobody(attempts)

    async def _try_next(self) -> Attempt | None:
        agent = self._access.agents[self._turn % len(self._access.agents)]
        if self._closed:
            raise NoAgent("this client was closed")
        link = self._opening = Link(self._context, self._access, agent)
        try:
            await link.open(self._limits.connect_s)
            self._link = link
        except LinkLost as error:
            self._turn += 1
            return Attempt(agent.name, agent.admin, error)
        finally:
            self._opening = None
            if self._link is not link:
                await link.close()
        return None

    async def _drop(self, link: Link, error: ClientError | None) -> None:
        if self._link is not link:
            return
        self._link = None
        self._turn += 1
        self.trouble = f"{link.agent.name} at {link.agent.admin}: {error}"
        await link.close()


def _unanswered(link: Link, error: ClientError) -> TimedOut:
    if isinstance(error, TimedOut):
        return error
    return TimedOut(
        f"{link.agent.name} at {link.agent.admin} was lost before it answered ({error.text})",
        "whether it acted is not known; `clustertui status` tells what the cluster does",
    )
