"""Both lines to one agent: questions with their answers, and its live stream."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable

import zmq
import zmq.asyncio

from nodeagent.client.access import Access, AgentAddress
from nodeagent.client.errors import LinkLost, TimedOut
from nodeagent.client.line import NOT_RUNNING, Line
from nodeagent.wire import codec
from nodeagent.wire.codec import WireError
from nodeagent.wire.console import Answer, Ask, GetSnapshot, Here, HereTold, Request
from nodeagent.wire.live import EventLine, Snapshot, StreamMessage

OTHER_VERSION = "use the same version of clustertui and nodeagent"
WAITING_MAX = 20_000
"""Stream messages kept for a reader that is slow; above it, it has to begin anew."""


class Link:
    """The connection to one agent. It ends once and for all: see `nodeagent.client.line`."""

    def __init__(self, context: zmq.asyncio.Context, access: Access, agent: AgentAddress) -> None:
        self.agent = agent
        self._context = context
        self._access = access
        self._numbers = itertools.count(1)
        self._pending: dict[int, asyncio.Future[Answer]] = {}
        self._arrived: asyncio.Queue[StreamMessage | LinkLost] = asyncio.Queue()
        self._events: Line | None = None
        self._requests = self._line(zmq.DEALER, agent.admin, self._take_answer, self._tell_end)

    def _line(
        self,
        kind: int,
        endpoint: str,
        take: Callable[[bytes], None],
        tell: Callable[[LinkLost], None],
        topics: tuple[bytes, ...] = (b"",),
    ) -> Line:
        return Line(
            self._context,
            kind,
            access=self._access,
            endpoint=endpoint,
            key=self.agent.key,
            on_message=take,
            on_over=tell,
            topics=topics,
        )

    @property
    def error(self) -> LinkLost | None:
        """Return why the link is lost, None while it is not."""
        return self._requests.error

    @property
    def owes(self) -> bool:
        """Return whether the agent has still to answer."""
        return bool(self._pending)

    def fail(self, error: LinkLost) -> None:
        """Take the link for lost, for `error` unless it was lost before."""
        self._requests.fail(error)

    async def open(self, timeout_s: float) -> None:
        """Return when the agent has let us in; LinkLost otherwise."""
        await self._requests.wait_ready(timeout_s)

    async def ask(self, request: Request, timeout_s: float) -> Answer:
        """Return the agent's answer. TimedOut, or LinkLost when the line breaks meanwhile."""
        return await self._answered(lambda number: Ask(number, request), timeout_s)

    async def tell(self, here: Here, timeout_s: float) -> Answer:
        """Tell the agent where this console is, as `ask` asks; an older one refuses it."""
        return await self._answered(lambda number: HereTold(number, here), timeout_s)

    async def _answered(
        self, numbered: Callable[[int], Ask | HereTold], timeout_s: float
    ) -> Answer:
        number = next(self._numbers)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._pending[number] = future
        try:
            await self._requests.send(codec.encode(numbered(number)))
            return await asyncio.wait_for(future, timeout_s)
        except TimeoutError:
            raise TimedOut(
                f"{self.agent.name} at {self.agent.admin} did not answer within {timeout_s:.1f} s",
                "ask again; `clustertui status` tells what the cluster does",
            ) from None
        finally:
            self._pending.pop(number, None)

    async def follow(self, silence_s: float) -> AsyncGenerator[StreamMessage | Snapshot]:
        """Yield a Snapshot, then all that the agent publishes.

        LinkLost when the agent is gone or says nothing for `silence_s`. Subscribed first and asked
        then, so that nothing falls between; events that came both ways are given once.
        """
        self._arrived = asyncio.Queue()
        events = self._events = self._line(
            zmq.SUB, self.agent.events, self._take_stream, self._arrived.put_nowait
        )
        try:
            await events.wait_ready(silence_s)
            snapshot = await self._snapshot(silence_s)
            yield snapshot
            known = {(event.node, event.number) for event in snapshot.events}
            while True:
                message = await self._next(silence_s)
                if not (isinstance(message, EventLine) and (message.node, message.number) in known):
                    yield message
        finally:
            await events.close()

    async def events(self, timeout_s: float) -> AsyncGenerator[EventLine]:
        """Yield what the agent remembers to have happened, then what happens; LinkLost at the end.

        `timeout_s` is for its first answers. It is not asked for more than events, so it may be
        silent for long; that it is gone is told by the connection.
        """
        self._arrived = asyncio.Queue()
        events = self._events = self._line(
            zmq.SUB,
            self.agent.events,
            self._take_stream,
            self._arrived.put_nowait,
            codec.event_topics(),
        )
        try:
            await events.wait_ready(timeout_s)
            for event in (await self._snapshot(timeout_s)).events:
                yield event
            while True:
                item = await self._arrived.get()
                if isinstance(item, LinkLost):
                    raise item
                if isinstance(item, EventLine):
                    yield item
        finally:
            await events.close()

    async def remembered(self, timeout_s: float) -> tuple[EventLine, ...]:
        """Return what the agent remembers to have happened; LinkLost without an answer."""
        return (await self._snapshot(timeout_s)).events

    async def _snapshot(self, timeout_s: float) -> Snapshot:
        try:
            snapshot = await self.ask(GetSnapshot(), timeout_s)
        except TimedOut as error:
            raise LinkLost(error.text, error.remedy) from None
        if not isinstance(snapshot, Snapshot):
            raise LinkLost(f"gave no snapshot: {snapshot}", OTHER_VERSION)
        return snapshot

    async def close(self) -> None:
        """End both lines."""
        self.fail(LinkLost("the link was closed"))
        for line in (self._requests, self._events):
            if line is not None:
                await line.close()

    async def _next(self, silence_s: float) -> StreamMessage:
        try:
            async with asyncio.timeout(silence_s):
                item = await self._arrived.get()
        except TimeoutError:
            raise LinkLost(f"said nothing for {silence_s:.1f} s", NOT_RUNNING) from None
        if isinstance(item, LinkLost):
            raise item
        return item

    def _tell_end(self, error: LinkLost) -> None:
        """Let whoever waits know, for an answer or for the stream."""
        for future in self._pending.values():
            if not future.done():
                future.set_exception(error)
        self._pending.clear()
        self._arrived.put_nowait(error)

    def _take_answer(self, data: bytes) -> None:
        try:
            answered = codec.decode_answered(data)
        except WireError as error:
            self.fail(LinkLost(f"gave an answer that is not understood: {error}", OTHER_VERSION))
            return
        future = self._pending.pop(answered.id, None)
        if future is not None and not future.done():
            future.set_result(answered.answer)

    def _take_stream(self, data: bytes) -> None:
        try:
            message = codec.decode_stream(data)
        except WireError as error:
            self.fail(LinkLost(f"published what is not understood: {error}", OTHER_VERSION))
            return
        if self._arrived.qsize() >= WAITING_MAX:
            self.fail(LinkLost(f"sent {WAITING_MAX} messages that this program did not read"))
            return
        self._arrived.put_nowait(message)
