"""Reading ZeroMQ sockets on an asyncio loop without zmq.asyncio's cost per message.

A socket's descriptor is edge-triggered: it tells that something changed, once. So a reader always
empties the socket, in slices that leave the loop time for its other tasks.
"""

import asyncio
import select
from collections.abc import Callable
from typing import Generic, TypeVar

import zmq

from nodeagent.transport.sockets import waits

SLICE = 100
FAILURE_SECONDS = 0.02

Owner = TypeVar("Owner")


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


class Stirred(Generic[Owner]):
    """Tells in which of many sockets something happened since the last look.

    To ask all of them, one by one or with zmq_poll, costs the same whether or not something
    happened, and a large cluster has hundreds of sockets in which nothing does.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._owners: dict[int, Owner] = {}
        self._again: set[int] = set()

    @property
    def descriptor(self) -> int:
        """Return what a loop can watch: it is readable while a look would find something new."""
        return self._epoll.fileno()

    @property
    def unfinished(self) -> bool:
        """Return whether the next look finds something although nothing new happens."""
        return bool(self._again)

    def add(self, socket: "zmq.Socket[bytes]", owner: Owner) -> None:
        """Watch `socket` until it is discarded; the first look finds it, for it may be late."""
        descriptor = int(socket.getsockopt(zmq.FD))
        self._epoll.register(descriptor, select.EPOLLIN)
        self._owners[descriptor] = owner
        self._again.add(descriptor)

    def discard(self, socket: "zmq.Socket[bytes]") -> None:
        """Watch it no longer; call before it is closed."""
        descriptor = int(socket.getsockopt(zmq.FD))
        self._epoll.unregister(descriptor)
        del self._owners[descriptor]
        self._again.discard(descriptor)

    def again(self, socket: "zmq.Socket[bytes]") -> None:
        """Have the next look find a socket that was not emptied."""
        self._again.add(int(socket.getsockopt(zmq.FD)))

    def look(self) -> list[Owner]:
        """Return the owners of those in which something happened; each has to be emptied."""
        found = self._again | {descriptor for descriptor, _ in self._epoll.poll(0)}
        self._again = set()
        return [self._owners[descriptor] for descriptor in found]

    def close(self) -> None:
        """Give the descriptor back."""
        self._epoll.close()
