"""The gate: decides by public key who may connect (ZAP, ZeroMQ RFC 27), and proves that it does.

libzmq asks the gate over an in-process socket during each handshake. The gate runs on the agent's
own loop, so it always answers from what is in force now. Before any socket binds, `prove` lets a
random key knock: were it let in, the agent must not start.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable

import zmq
from zmq.utils import z85
from zmq.utils.monitor import parse_monitor_message

from nodeagent.transport.errors import TransportError
from nodeagent.transport.keys import KeyPair, generate
from nodeagent.transport.reading import Reader
from nodeagent.transport.sockets import Bounds, client, server

Admit = Callable[[str, str, str], bool]
"""Domain, public key in Z85, remote address: may it connect?"""

_ENDPOINT = "inproc://zeromq.zap.01"
_PROOF_SECONDS = 5.0
_PROOF_STEP_MS = 20
_PROOF_DOMAIN = "proof"
_REQUEST_FRAMES = 7
_REFUSED = zmq.EVENT_HANDSHAKE_FAILED_AUTH
_WATCHED = (
    zmq.EVENT_HANDSHAKE_SUCCEEDED
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
)


class Gate:
    """Answers every handshake of one context by asking `admit`."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", admit: Admit) -> None:
        self._context = context
        self._admit = admit
        self._socket = context.socket(zmq.REP)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.bind(_ENDPOINT)
        self._reader: Reader | None = None

    def prove(self, keys: KeyPair) -> None:
        """Let a random key knock at a socket of ours; TransportError unless it is refused.

        The socket is reached over an abstract local name, so nothing of it is seen outside.
        """
        bounds = Bounds(send=1, receive=1)
        place = f"ipc://@clustertui-proof-{secrets.token_hex(8)}"
        with contextlib.ExitStack() as stack:
            door = server(self._context, zmq.ROUTER, keys, _PROOF_DOMAIN, bounds)
            stack.callback(door.close)
            door.bind(place)
            stranger = client(self._context, zmq.DEALER, generate(), keys.public, bounds)
            stack.callback(stranger.close)
            monitor = stranger.get_monitor_socket(_WATCHED)
            stack.callback(monitor.close)
            stack.callback(stranger.disable_monitor)
            stranger.connect(place)
            event = self._first_event(monitor)
        if event != _REFUSED:
            raise TransportError(
                "authentication",
                "a random key was not refused",
                "libzmq's CURVE or ZAP does not work here; the agent does not start without it",
            )

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Answer from now on whenever `loop` runs."""
        self._reader = Reader(loop, self._socket, self._answer)

    def close(self) -> None:
        """Stop answering."""
        if self._reader is not None:
            self._reader.close()
        self._socket.close()

    def _first_event(self, monitor: "zmq.Socket[bytes]") -> int:
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(monitor, zmq.POLLIN)
        until = time.monotonic() + _PROOF_SECONDS
        while time.monotonic() < until:
            ready = dict(poller.poll(_PROOF_STEP_MS))
            with contextlib.suppress(zmq.Again):
                self._answer()
            if monitor in ready:
                return int(parse_monitor_message(monitor.recv_multipart())["event"])
        return 0

    def _answer(self) -> None:
        """Answer one handshake; zmq.Again when none waits."""
        request = self._socket.recv_multipart(zmq.NOBLOCK)
        number = request[1] if len(request) > 1 else b""
        key = ""
        try:
            key = self._admitted(request)
        finally:  # a REP socket that does not answer would never be asked again
            status, text = (b"200", b"OK") if key else (b"400", b"key is not known here")
            self._socket.send_multipart([b"1.0", number, status, text, key.encode("ascii"), b""])

    def _admitted(self, request: list[bytes]) -> str:
        if len(request) != _REQUEST_FRAMES:
            return ""
        version, _, domain, address, _, mechanism, raw = request
        if version != b"1.0" or mechanism != b"CURVE" or len(raw) != 32:
            return ""
        key = z85.encode(raw).decode("ascii")
        allowed = self._admit(domain.decode("ascii", "replace"), key, address.decode("ascii"))
        return key if allowed else ""
