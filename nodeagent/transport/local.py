"""One adapter of this node: the sockets bound on its address.

Each adapter has its own pair, so that a message says on which adapter it came in, and so that
binding anew after a key was revoked never silences two networks at once.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import zmq

from nodeagent.transport.errors import TransportError
from nodeagent.transport.keys import KeyPair
from nodeagent.transport.reading import Reader
from nodeagent.transport.sockets import HEARTBEAT_BUFFER, Bounds, endpoint, keep_to, receive, server
from nodeagent.wire.limits import FRAMES_MAX, HEARTBEAT_BYTES_MAX

DOMAIN = "peer"
HANDSHAKE_MS = 25_000
"""More than a peer gives a handshake, so that it is the one who knows that time was too short."""
CONTROL = Bounds(send=1, receive=1_000, handshake_ms=HANDSHAKE_MS)
HEARTBEAT = Bounds(
    8, 1_000, HEARTBEAT_BYTES_MAX, buffer=HEARTBEAT_BUFFER, handshake_ms=HANDSHAKE_MS
)
"""A PUB receives subscriptions; with room for one of them it was seen to get none."""

REMEDIES: dict[int, str] = {
    zmq.EADDRINUSE: "end the program that uses it, or choose another port",
    zmq.EADDRNOTAVAIL: "this machine has no such address; configure it or correct the adapter",
}

OnFrames = Callable[[str, list[zmq.Frame], int], None]
"""Adapter, frames, number of frames that were sent."""


@dataclass(frozen=True, slots=True)
class LocalAdapter:
    """An adapter of this node: its name, its network, and the address that is bound.

    With a `device` only what comes and goes by that interface is heard and said.
    """

    name: str
    network: str
    address: str
    device: str = ""


class BoundAdapter:
    """ROUTER and PUB on one address. Raises TransportError when the address cannot be had."""

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        keys: KeyPair,
        adapter: LocalAdapter,
        ports: tuple[int, int],
        on_frames: OnFrames,
    ) -> None:
        self.adapter = adapter
        self._on_frames = on_frames
        self._control = server(context, zmq.ROUTER, keys, DOMAIN, CONTROL)
        self._heartbeat = server(context, zmq.PUB, keys, DOMAIN, HEARTBEAT)
        try:
            for socket in (self._control, self._heartbeat):
                keep_to(socket, adapter.device)
            bind(self._control, adapter.address, ports[0])
            bind(self._heartbeat, adapter.address, ports[1])
        except TransportError:
            self._control.close()
            self._heartbeat.close()
            raise
        self._reader = Reader(asyncio.get_running_loop(), self._control, self._take)

    def beat(self, data: bytes) -> None:
        """Send one heartbeat to all who listen on this adapter."""
        self._heartbeat.send(data, zmq.NOBLOCK)

    def close(self) -> None:
        """Give the address back; connections end."""
        self._reader.close()
        self._control.close()
        self._heartbeat.close()

    def _take(self) -> None:
        frames, count = receive(self._control, FRAMES_MAX)
        self._on_frames(self.adapter.name, frames, count)


def bind(socket: "zmq.Socket[bytes]", address: str, port: int) -> None:
    """Bind, or raise TransportError with the address and what to do about it."""
    try:
        socket.setsockopt(zmq.IPV6, int(":" in address))
        socket.bind(endpoint(address, port))
    except zmq.ZMQError as error:
        remedy = REMEDIES.get(int(error.errno or 0), "check the address")
        raise TransportError(f"{address} port {port}", str(error), remedy) from error
