"""One CURVE connection to one agent, and what its monitor says about it.

ZeroMQ by itself retries silently and for ever, except after a refused key, when it never does.
Neither helps a console, so a line connects once: it is ready, or lost with a reason. Who wants
another try makes another line.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import zmq
import zmq.asyncio
from zmq.utils.monitor import recv_monitor_message

from nodeagent.client.access import Access
from nodeagent.client.errors import AccessError, LinkLost, NotSent
from nodeagent.wire.limits import CONFIGURATION_BYTES_MAX

ANSWER_BYTES_MAX = CONFIGURATION_BYTES_MAX * 4
HANDSHAKE_MS = 3_000
NOT_RUNNING = "see that nodeagent runs there and the address is right"
WRONG_KEY = "compare its key in the access file with that under [node.NAME] in the configuration"
NOT_ADMITTED = "the configuration must name this console's public key under [admin.NAME]"

_CLOSING = zmq.Event.CLOSED | zmq.Event.CONNECT_RETRIED
_BROKEN = (
    zmq.Event.DISCONNECTED
    | zmq.Event.HANDSHAKE_FAILED_NO_DETAIL
    | zmq.Event.HANDSHAKE_FAILED_PROTOCOL
)
_WATCHED = _CLOSING | _BROKEN | zmq.Event.HANDSHAKE_SUCCEEDED | zmq.Event.HANDSHAKE_FAILED_AUTH


class Line:
    """A socket of kind `kind` (DEALER or SUB) to `endpoint`; frames go to `on_message`.

    `on_over` is called once, with the reason, when the line is lost. `topics`: with what the bytes
    begin that a SUB is sent.
    """

    def __init__(  # noqa: PLR0913 - all of them by name
        self,
        context: zmq.asyncio.Context,
        kind: int,
        *,
        access: Access,
        endpoint: str,
        key: str,
        on_message: Callable[[bytes], None],
        on_over: Callable[[LinkLost], None],
        topics: tuple[bytes, ...] = (b"",),
    ) -> None:
        self._on_message = on_message
        self._on_over = on_over
        self._ready = asyncio.Event()
        self._closed = False
        self.error: LinkLost | None = None
        self._socket = _socket(context, kind, access, key, topics)
        self._monitor = self._socket.get_monitor_socket(_WATCHED)
        self._tasks = (
            asyncio.create_task(self._watch()),
            asyncio.create_task(self._read()),
        )
        self._socket.connect(endpoint)

    async def wait_ready(self, timeout_s: float) -> None:
        """Return when the handshake is done; LinkLost with the reason if it is not to be."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ready.wait(), timeout_s)
        if self.error is not None:
            raise self.error
        if not self._ready.is_set():
            raise LinkLost(f"no handshake within {timeout_s:.1f} s", NOT_RUNNING)

    async def send(self, data: bytes) -> None:
        """Hand `data` to the agent; NotSent when it cannot be taken at once."""
        if self.error is not None:
            raise NotSent(self.error.text, self.error.remedy)
        try:
            await self._socket.send(data, flags=zmq.DONTWAIT)
        except zmq.ZMQError as error:
            raise NotSent(f"the request cannot be sent: {error.strerror}", NOT_RUNNING) from None

    async def close(self) -> None:
        """End the line; what still waits in it is dropped."""
        if self._closed:
            return
        self._closed = True
        self.fail(LinkLost("the line was closed"))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._socket.disable_monitor()
        self._monitor.close(0)
        self._socket.close(0)

    def fail(self, error: LinkLost) -> None:
        """Take the line for lost; the first reason stays."""
        if self.error is not None:
            return
        self.error = error
        self._ready.set()
        self._on_over(error)

    async def _read(self) -> None:
        while True:
            frames = await self._socket.recv_multipart()
            if len(frames) != 1:
                self.fail(LinkLost("sent a message of several parts", "is this a nodeagent?"))
                return
            self._on_message(frames[0])

    async def _watch(self) -> None:
        while self.error is None:
            event = (await recv_monitor_message(self._monitor))["event"]
            if event == zmq.Event.HANDSHAKE_SUCCEEDED:
                self._ready.set()
            elif event == zmq.Event.HANDSHAKE_FAILED_AUTH:
                self.fail(LinkLost("refused this console's key", NOT_ADMITTED, denied=True))
            elif event & _BROKEN and self._ready.is_set():
                self.fail(LinkLost("closed the connection", NOT_RUNNING))
            elif event & _BROKEN:
                self.fail(LinkLost("broke off the handshake", WRONG_KEY))
            elif event & _CLOSING:
                self.fail(LinkLost("nobody listens there", NOT_RUNNING))


def _socket(
    context: zmq.asyncio.Context,
    kind: int,
    access: Access,
    key: str,
    topics: tuple[bytes, ...],
) -> zmq.asyncio.Socket:
    socket = context.socket(kind)
    try:
        socket.curve_publickey = access.public.encode("ascii")
        socket.curve_secretkey = access.secret.encode("ascii")
        socket.curve_serverkey = key.encode("ascii")
    except zmq.ZMQError as error:
        socket.close(0)
        raise AccessError(f"a key of the access file cannot be used: {error.strerror}") from None
    options = {
        zmq.LINGER: 0,
        zmq.IMMEDIATE: 1,
        zmq.IPV6: 1,
        zmq.RECONNECT_IVL: -1,
        zmq.CONNECT_TIMEOUT: HANDSHAKE_MS,
        zmq.HANDSHAKE_IVL: HANDSHAKE_MS,
        zmq.MAXMSGSIZE: ANSWER_BYTES_MAX,
        zmq.SNDHWM: 64,
        zmq.TCP_KEEPALIVE: 1,
        zmq.TCP_KEEPALIVE_IDLE: 10,
        zmq.TCP_KEEPALIVE_INTVL: 5,
        zmq.TCP_KEEPALIVE_CNT: 3,
    }
    for option, value in options.items():
        socket.setsockopt(option, value)
    for topic in topics if kind == zmq.SUB else ():
        socket.setsockopt(zmq.SUBSCRIBE, topic)
    return socket
