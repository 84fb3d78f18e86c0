"""The door for strangers: open only while somebody is invited, and good for one question.

Apart from the other doors in everything: its own context, gate and port, so that nobody who knocks
here comes near the sockets of nodes and consoles. Any key may come in, for the token that it shows
is judged by the core; what comes in is small, counted, and paced by its address. libzmq cannot end
one connection, so the door is shut for a moment when many have come, which ends all of them.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable

import zmq

from nodeagent.transport.errors import TransportError
from nodeagent.transport.gate import Gate
from nodeagent.transport.keys import KeyPair
from nodeagent.transport.local import bind
from nodeagent.transport.notes import Bucket, Notes, OnNote
from nodeagent.transport.reading import Reader
from nodeagent.transport.sockets import (
    Bounds,
    endpoint,
    new_context,
    property_of,
    receive,
    server,
)
from nodeagent.wire.joining import ASK_BYTES_MAX
from nodeagent.wire.limits import FRAMES_MAX

DOMAIN = "join"
BOUNDS = Bounds(send=16, receive=64, bytes_max=ASK_BYTES_MAX)
CONNECTIONS_MAX = 64
"""So many may come before all have to come anew; each holds a descriptor of the agent."""
KNOCKS = (2.0, 10.0)
"""Handshakes of one address: a second, and at once."""
ASKS = (2.0, 10.0)
"""Questions of one address: a second, and at once."""
ADDRESSES_MAX = 256
UNWELCOME_MAX = 1_024
"""So many keys are remembered that showed no good invitation."""
UNWELCOME_S = 10.0
"""So long these are not let in, in seconds: its machine may have got a good one since."""
TICK_SECONDS = 0.5

OnAsk = Callable[[bytes, str, str, bytes], None]
"""Handle for `answer`, the stranger's key, its address, what it says."""


class _Pace:
    """A token bucket for each address, for the latest ADDRESSES_MAX of them."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def allows(self, address: str, now: float) -> bool:
        if address not in self._buckets:
            self._buckets[address] = Bucket(self._rate, self._burst, now)
            if len(self._buckets) > ADDRESSES_MAX:
                self._buckets.popitem(last=False)
        return self._buckets[address].take(now)


class JoinDoor:
    """A ROUTER on each of the addresses, for machines that nobody knows yet.

    `knocks` and `asks` pace each address: so many a second, so many at once. `unwelcome_s`: for how
    long a key without a good invitation stays out. Notes: flood, bad-request, bind-failed.
    """

    def __init__(
        self,
        keys: KeyPair,
        *,
        on_ask: OnAsk,
        on_note: OnNote,
        knocks: tuple[float, float] = KNOCKS,
        asks: tuple[float, float] = ASKS,
        unwelcome_s: float = UNWELCOME_S,
    ) -> None:
        self._keys = keys
        self._on_ask = on_ask
        self._notes = Notes(on_note)
        self._context: zmq.Context[zmq.Socket[bytes]] | None = None
        self._gate: Gate | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._port = 0
        self._places: tuple[str, ...] = ()
        self._doors: dict[str, tuple[zmq.Socket[bytes], Reader]] = {}
        self._knocks, self._asks = _Pace(*knocks), _Pace(*asks)
        self._unwelcome_s = unwelcome_s
        self._unwelcome: OrderedDict[str, float] = OrderedDict()
        self._came = 0

    def open(self, addresses: Iterable[str], port: int) -> tuple[str, ...]:
        """Let strangers ask on the running loop, if none may yet; return where.

        Who was unwelcome may have a good invitation from now on.
        TransportError if no address can be had, or libzmq lets strangers in where it must not.
        """
        self._unwelcome.clear()
        if self._context is None:
            self._open(tuple(dict.fromkeys(addresses)), port)
        return tuple(endpoint(place, self._port) for place in self._doors)

    def _open(self, places: tuple[str, ...], port: int) -> None:
        self._context, self._places, self._port, self._came = new_context(), places, port, 0
        self._gate = Gate(self._context, self._admit)
        try:
            self._gate.prove(self._keys)
            self._gate.start(asyncio.get_running_loop())
            reason = self._bind_missing()
            if not self._doors:
                raise reason or TransportError("join door", "has no address", "name an adapter")
        except TransportError:
            self.close()
            raise
        self._timer = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)

    @property
    def connections(self) -> int:
        """How many strangers there can be at most."""
        return self._came

    def answer(self, client: bytes, data: bytes, *, unwelcome: bool = False) -> bool:
        """Answer a stranger; False when it is gone. An `unwelcome` key stays out for a while."""
        place, key, identity = client.split(b"|", 2)
        if unwelcome:
            until = asyncio.get_running_loop().time() + self._unwelcome_s
            self._unwelcome[key.decode("ascii", "replace")] = until
            if len(self._unwelcome) > UNWELCOME_MAX:
                self._unwelcome.popitem(last=False)
        door = self._doors.get(place.decode("ascii", "replace"))
        if door is None:
            return False
        try:
            door[0].send_multipart([identity, data], zmq.NOBLOCK)
        except zmq.ZMQError:  # Again: it does not read; EHOSTUNREACH: it is gone
            return False
        finally:
            door[1].later()
        return True

    def close(self) -> None:
        """Let nobody in, end all connections, and give the port back."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._close_doors()
        if self._gate is not None:
            self._gate.close()
            self._gate = None
        if self._context is not None:
            self._context.destroy(linger=0)
            self._context = None

    def _admit(self, domain: str, key: str, address: str) -> bool:
        now = asyncio.get_running_loop().time()
        if domain != DOMAIN or now < self._unwelcome.get(key, now):
            return False
        if self._came >= CONNECTIONS_MAX:
            return False  # until the next tick has ended those that are there
        if not self._knocks.allows(address, now):
            self._notes.say("flood", address, address=address, key=key, where="join handshake")
            return False
        self._came += 1
        return True

    def _take(self, place: str) -> None:
        frames, count = receive(self._doors[place][0], FRAMES_MAX)
        key = property_of(frames[-1], "User-Id")
        address = property_of(frames[-1], "Peer-Address")
        if not self._asks.allows(address, asyncio.get_running_loop().time()):
            self._notes.say("flood", address, address=address, key=key, where="join")
        elif count != FRAMES_MAX or not len(frames[-1]):
            self._notes.say("bad-request", address, address=address, key=key, frames=count)
        else:
            client = b"|".join((place.encode("ascii"), key.encode("ascii"), frames[0].bytes))
            self._on_ask(client, key, address, frames[-1].bytes)

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)
        if self._came >= CONNECTIONS_MAX:
            self._close_doors()
            self._came = 0
        reason = self._bind_missing()
        if reason is not None:
            self._notes.say("bind-failed", str(self._port), text=str(reason), remedy=reason.remedy)

    def _bind_missing(self) -> TransportError | None:
        """Bind where it is not bound; return why an address cannot be had, if one cannot."""
        assert self._context is not None, "opened before"
        reason = None
        for place in self._places:
            if place in self._doors:
                continue
            socket = server(self._context, zmq.ROUTER, self._keys, DOMAIN, BOUNDS)
            socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
            try:
                bind(socket, place, self._port)
            except TransportError as error:
                socket.close()
                reason = error
                continue
            loop = asyncio.get_running_loop()
            reader = Reader(loop, socket, lambda place=place: self._take(place))  # type: ignore[misc]
            self._doors[place] = (socket, reader)
        return reason

    def _close_doors(self) -> None:
        for socket, reader in self._doors.values():
            reader.close()
            socket.close()
        self._doors = {}
