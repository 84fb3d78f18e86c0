"""Reading a ZeroMQ socket on an asyncio loop without zmq.asyncio's cost per message.

The socket's descriptor is edge-triggered: it tells that something changed, once. So a reader
always empties the socket, in slices that leave the loop time for its other tasks.
"""

import asyncio
from collections.abc import Callable

import zmq

from nodeagent.transport.sockets import waits

SLICE = 100
FAILURE_SECONDS = 0.02


class Reader:
    """Calls `take` (one message each; raises zmq.Again when there is none) until it is empty."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        socket: "zmq.Socket[bytes]",
        take: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._socket = socket
        self._take = take
        self._descriptor = int(socket.getsockopt(zmq.FD))
        self._again: asyncio.Handle | None = None
        self._closed = False
        loop.add_reader(self._descriptor, self.drain)
        self.later()  # what came before the descriptor was watched

    def later(self) -> None:
        """Empty the socket soon: needed after a send, which swallows the descriptor's edge."""
        if self._again is None and not self._closed:
            self._again = self._loop.call_soon(self.drain)

    def drain(self) -> None:
        """Take what waits, at most one slice, and come back if there may be more."""
        self._again = None
        try:
            empty = self._slice()
        except BaseException:
            # A lost edge would silence the socket for ever, a prompt return could spin.
            if not self._closed:
                self._again = self._loop.call_later(FAILURE_SECONDS, self.drain)
            raise
        if not empty:
            self.later()

    def close(self) -> None:
        """Watch no longer; call before the socket is closed."""
        self._closed = True
        self._loop.remove_reader(self._descriptor)
        if self._again is not None:
            self._again.cancel()

    def _slice(self) -> bool:
        for _ in range(SLICE):
            if self._closed or not waits(self._socket):
                return True
            try:
                self._take()
            except zmq.Again:
                return True
        return False
