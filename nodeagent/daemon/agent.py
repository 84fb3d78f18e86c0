"""The loop: something happens, it becomes an event, the core steps, the hands carry out.

Events are taken one at a time, first in first out, and every effect of one is started before the
next is looked at. Callbacks of sockets and drivers only `post`; whoever posts first works off the
queue, so nothing ever waits in here.
"""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable

from nodeagent.core import effects as fx
from nodeagent.core import events as ev
from nodeagent.core.adoption import Inherited
from nodeagent.core.desk import role_of
from nodeagent.core.node import Node
from nodeagent.core.ticking import TICK_MS
from nodeagent.daemon.consoles import Consoles
from nodeagent.daemon.logs import AgentLog
from nodeagent.daemon.metronome import Metronome
from nodeagent.model.text import clean
from nodeagent.wire.codec import (
    WireError,
    decode_ask,
    decode_envelope,
    decode_heartbeat,
    decode_here,
    decode_join_ask,
    request_id,
)
from nodeagent.wire.console import Ask, Refused
from nodeagent.wire.joining import JoinRefused

BAD_LINES_EVERY_S = 5.0

CarryOut = Callable[[fx.Effect], None]


def clock() -> ev.Now:
    """Return the time for the core: monotonic milliseconds, sleep included, and Unix seconds."""
    return ev.Now(int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000), time.time())


def _nowhere(effect: fx.Effect) -> None:
    raise AssertionError(f"no hands yet for {effect}")


class Agent:
    """Takes events to the core, in order, and hands its effects on."""

    def __init__(self, node: Node, log: AgentLog, inherited: Inherited | None = None) -> None:
        self._node = node
        self._inherited = inherited
        self.carry_out: CarryOut = _nowhere
        self._log = log
        self.failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._queue: deque[ev.Event] = deque()
        self._working = False
        self._bad: dict[str, float] = {}
        self._consoles = Consoles()
        self._rests = False
        self._metronome: Metronome | None = None

    def start(self) -> None:
        """Carry out the first effects."""
        for effect in self._node.start(clock(), self._inherited):
            self.carry_out(effect)

    def post(self, event: ev.Event) -> None:
        """Take an event; works the queue off unless that is under way further up the stack."""
        if self.failed.done():
            return
        self._queue.append(event)
        if self._working:
            return
        self._working = True
        try:
            while self._queue:
                for effect in self._node.step(self._queue.popleft(), clock()):
                    self.carry_out(effect)
        except Exception as error:  # noqa: BLE001 - whatever it was, what follows must not be told
            # A refused write or a defect: nothing that comes after may vouch for what is not on
            # disk, and asyncio would only log it. The agent ends and replays its journal.
            self._queue.clear()
            self.failed.set_exception(error)
        finally:
            self._working = False
        if self._rests and self._node.next_tick_ms <= TICK_MS:
            self._rests = False
            assert self._metronome is not None, "it rests between two ticks"
            self._metronome.hurry(TICK_MS / 1000)

    async def tick_for_ever(self, tick: Callable[[], None]) -> None:
        """Call `tick` whenever it is due; whatever ends the rest of the core makes that sooner."""

        def beat() -> float:
            self._rests = False
            tick()
            return self._rest_s()

        self._metronome = Metronome(beat)
        await self._metronome.play(self._rest_s())

    def _rest_s(self) -> float:
        due_ms = self._node.next_tick_ms
        self._rests = due_ms > TICK_MS
        return due_ms / 1000

    # -- bytes from outside become events, or a line in the log

    def heard_message(self, peer: str, data: bytes) -> None:
        """Take a control message of a peer."""
        try:
            envelope = decode_envelope(data)
        except WireError as error:
            self._bad_bytes(peer, "message", error)
            return
        self.post(ev.MessageHeard(peer, envelope))

    def heard_beat(self, peer: str, adapter: str, data: bytes) -> None:
        """Take a heartbeat of a peer."""
        try:
            beat = decode_heartbeat(data)
        except WireError as error:
            self._bad_bytes(peer, "heartbeat", error)
            return
        self.post(ev.BeatHeard(peer, adapter, beat))

    def asked(self, client: bytes, key: str, data: bytes) -> None:
        """Take a console's request."""
        try:
            ask: Ask = decode_ask(data)
        except WireError as error:
            if self._told_of_itself(client, key, data):
                return
            self._bad_bytes(key[:8], "request", error)
            self._refuse(client, data, error)
            return
        self.post(ev.ConsoleAsked(client, key, ask))

    def _told_of_itself(self, client: bytes, key: str, data: bytes) -> bool:
        """Answer a console that tells where it is; False if `data` is nothing of the kind."""
        try:
            told = decode_here(data)
        except WireError:
            return False
        name, _ = role_of(self._node.shared.configuration, key)
        present = self._consoles.told(key, name, told.here, time.monotonic())
        self.carry_out(fx.Reply(client, told.id, present))
        return True

    def join_asked(self, client: bytes, key: str, address: str, data: bytes) -> None:
        """Take what a machine that nobody knows yet asks."""
        try:
            ask = decode_join_ask(data)
        except WireError as error:
            self._bad_bytes(address, "request to join", error)
            text = f"this agent cannot read the request: {clean(str(error), 200)}"
            self.carry_out(fx.AnswerJoin(client, JoinRefused(text), unwelcome=True))
            return
        self.post(ev.JoinAsked(client, key, address, ask))

    def _refuse(self, client: bytes, data: bytes, error: WireError) -> None:
        """Tell a console of another version, or a faulty one, why it gets nothing."""
        number = request_id(data)
        if number is not None:
            text = f"this agent cannot read the request: {clean(str(error), 200)}"
            self.carry_out(fx.Reply(client, number, Refused("unreadable", text, 1)))

    def _bad_bytes(self, source: str, what: str, error: Exception) -> None:
        now = time.monotonic()
        if now - self._bad.get(source, -BAD_LINES_EVERY_S) >= BAD_LINES_EVERY_S:
            if len(self._bad) > 200:
                self._bad.clear()
            self._bad[source] = now
            fields = {"source": source, "text": str(error)}
            self._log.write("warning", f"unreadable {what} dropped", fields)


async def tick_for_ever(
    agent: Agent,
    drain: Callable[[], None],
    consoles: Callable[[], int],
    alive: Callable[[], None] = lambda: None,
) -> None:
    """Let time pass for the core: heartbeats that came, then a tick, whenever it is due.

    `alive` is told each time that the core has stepped.
    """
    following = -1

    def tick() -> None:
        nonlocal following
        drain()
        count = consoles()
        if count != following:
            following = count
            agent.post(ev.ConsolesPresent(count))
        agent.post(ev.Tick(os.getloadavg()[0]))
        if not agent.failed.done():
            alive()

    await agent.tick_for_ever(tick)
