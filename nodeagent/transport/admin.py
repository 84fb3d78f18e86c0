"""The door for consoles: requests with answers, and the live stream.

Who may come in is asked by key, again at each request: a console whose role was taken away is
refused although its connection still stands, and within a second all are made to knock anew so
that it loses the stream too.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable, Iterable

import zmq

from nodeagent.transport.errors import TransportError
from nodeagent.transport.gate import Gate
from nodeagent.transport.keys import KeyPair
from nodeagent.transport.local import bind
from nodeagent.transport.notes import Bucket, Notes, OnNote
from nodeagent.transport.reading import Reader
from nodeagent.transport.sockets import Bounds, new_context, property_of, receive, server
from nodeagent.wire.limits import CONFIGURATION_BYTES_MAX, FRAMES_MAX

DOMAIN = "admin"
REQUESTS = Bounds(send=256, receive=256, bytes_max=CONFIGURATION_BYTES_MAX + (64 << 10))
EVENTS = Bounds(send=2_000, receive=256, bytes_max=256)
REQUESTS_PER_SECOND = 50.0
REQUESTS_BURST = 100.0
REQUEST_TOKEN_BYTES = 32 << 10
ANSWER_TOKEN_BYTES = 128 << 10
"""So many bytes cost as much as one more request: large ones keep the one loop busy longer."""
DEBT_SECONDS = 1.0
KEYS_MAX = 1_024
TICK_SECONDS = 1.0
QUIET_SECONDS = 2.0


class AdminServer:
    """ROUTER for requests, XPUB for the stream, both on each of the addresses.

    `role_of(key)` gives a console's role or None; `on_request(client, key, data)` gets what
    consoles ask, `client` being the handle for `reply`. Notes: stranger, bad-request, flood,
    bind-failed.
    """

    def __init__(
        self,
        keys: KeyPair,
        *,
        role_of: Callable[[str], str | None],
        on_request: Callable[[bytes, str, bytes], None],
        on_note: OnNote,
    ) -> None:
        self._keys = keys
        self._role_of = role_of
        self._on_request = on_request
        self._notes = Notes(on_note)
        self._context = new_context()
        self._gate: Gate | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._places: tuple[str, ...] = ()
        self._ports = (0, 0)
        self._doors: dict[str, _Door] = {}
        self._admitted: set[str] = set()
        self._quiet_until = 0.0
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def open(self, addresses: Iterable[str], admin_port: int, event_port: int) -> None:
        """Start on the running loop; TransportError unless strangers are proven to be refused.

        An address that cannot be had is noted and tried again.
        """
        self._loop = asyncio.get_running_loop()
        self._gate = Gate(self._context, self._admit)
        self._gate.prove(self._keys)
        self._gate.start(self._loop)
        self._places = tuple(dict.fromkeys(addresses))
        self._ports = (admin_port, event_port)
        self._bind_missing()
        self._timer = self._loop.call_later(TICK_SECONDS, self._tick)

    @property
    def subscribers(self) -> int:
        """How many subscriptions to the whole stream there are."""
        return sum(door.subscribers for door in self._doors.values())

    def reply(self, client: bytes, data: bytes) -> bool:
        """Answer the request of `client`; False when that console is gone or does not read."""
        address, _, rest = client.partition(b"|")
        key, _, identity = rest.partition(b"|")
        self._charge(key.decode("ascii", "replace"), len(data) // ANSWER_TOKEN_BYTES)
        door = self._doors.get(address.decode("ascii", "replace"))
        return door is not None and door.reply(identity, data)

    def publish(self, data: bytes) -> None:
        """Send `data` to all who subscribed; one who does not read loses it."""
        for door in self._doors.values():
            door.publish(data)

    def close(self) -> None:
        """End all connections and give the addresses back."""
        if self._timer is not None:
            self._timer.cancel()
        self._close_doors()
        if self._gate is not None:
            self._gate.close()
            self._gate = None
        self._context.destroy(linger=0)

    def _admit(self, domain: str, key: str, address: str) -> bool:
        if domain == DOMAIN and self._role_of(key) is not None:
            self._admitted.add(key)
            return True
        if domain == DOMAIN:
            self._notes.say("stranger", address, address=address, key=key, where="handshake")
        return False

    def _requested(self, place: str, frames: list[zmq.Frame], count: int) -> None:
        key = property_of(frames[-1], "User-Id")
        address = property_of(frames[-1], "Peer-Address")
        if self._role_of(key) is None:
            self._notes.say("stranger", address, address=address, key=key, where="request")
        elif count != FRAMES_MAX or not len(frames[-1]):
            self._notes.say("bad-request", address, address=address, key=key, frames=count)
        elif not self._bucket(key).take(self._now()):
            self._notes.say("flood", key, address=address, key=key, per_second=REQUESTS_PER_SECOND)
        else:
            self._charge(key, len(frames[-1]) // REQUEST_TOKEN_BYTES)
            client = b"|".join((place.encode("ascii"), key.encode("ascii"), frames[0].bytes))
            self._on_request(client, key, frames[-1].bytes)

    def _bucket(self, key: str) -> Bucket:
        if key not in self._buckets:
            self._buckets[key] = Bucket(REQUESTS_PER_SECOND, REQUESTS_BURST, self._now())
            if len(self._buckets) > KEYS_MAX:
                self._buckets.popitem(last=False)
        return self._buckets[key]

    def _charge(self, key: str, tokens: int) -> None:
        if key in self._buckets:
            self._buckets[key].charge(tokens, REQUESTS_PER_SECOND * DEBT_SECONDS)

    def _now(self) -> float:
        assert self._loop is not None
        return self._loop.time()

    def _tick(self) -> None:
        assert self._loop is not None
        self._timer = self._loop.call_later(TICK_SECONDS, self._tick)
        revoked = {key for key in self._admitted if self._role_of(key) is None}
        if revoked:
            self._admitted -= revoked
            self._close_doors()
            self._quiet_until = self._now() + QUIET_SECONDS
        self._bind_missing()

    def _bind_missing(self) -> None:
        for place in self._places:
            if place in self._doors:
                continue
            try:
                self._doors[place] = _Door(self._context, self._keys, place, self._ports, self)
            except TransportError as error:
                if self._now() < self._quiet_until:
                    continue  # libzmq gives a closed socket's port back a moment later
                self._notes.say("bind-failed", place, text=str(error), remedy=error.remedy)

    def _close_doors(self) -> None:
        for door in self._doors.values():
            door.close()
        self._doors = {}


class _Door:
    """Both sockets on one address."""

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        keys: KeyPair,
        place: str,
        ports: tuple[int, int],
        owner: AdminServer,
    ) -> None:
        self.subscribers = 0
        self._place = place
        self._owner = owner
        self._requests = server(context, zmq.ROUTER, keys, DOMAIN, REQUESTS)
        self._requests.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self._events = server(context, zmq.XPUB, keys, DOMAIN, EVENTS)
        self._events.setsockopt(zmq.XPUB_VERBOSER, 1)  # every subscriber counts, not every topic
        try:
            bind(self._requests, place, ports[0])
            bind(self._events, place, ports[1])
        except TransportError:
            self._requests.close()
            self._events.close()
            raise
        loop = asyncio.get_running_loop()
        self._request_reader = Reader(loop, self._requests, self._take_request)
        self._event_reader = Reader(loop, self._events, self._take_subscription)

    def reply(self, identity: bytes, data: bytes) -> bool:
        try:
            self._requests.send_multipart([identity, data], zmq.NOBLOCK)
        except zmq.ZMQError:  # Again: it does not read; EHOSTUNREACH: it is gone
            return False
        finally:
            self._request_reader.later()
        return True

    def publish(self, data: bytes) -> None:
        with contextlib.suppress(zmq.Again):
            self._events.send(data, zmq.NOBLOCK)
        self._event_reader.later()

    def close(self) -> None:
        for reader in (self._request_reader, self._event_reader):
            reader.close()
        self._requests.close()
        self._events.close()

    def _take_request(self) -> None:
        frames, count = receive(self._requests, FRAMES_MAX)
        self._owner._requested(self._place, frames, count)  # noqa: SLF001  # its other half

    def _take_subscription(self) -> None:
        frames, count = receive(self._events, 1)
        data = frames[0].bytes
        # Who subscribes to nothing but events needs no live values made for it.
        if count == 1 and data == b"\x01":
            self.subscribers += 1
        elif count == 1 and data == b"\x00":
            self.subscribers = max(0, self.subscribers - 1)
