"""Watches the links of this node's adapters, and says at once when one goes or comes.

Only adapters whose address is on the interface of their name are watched: on loopback, as in the
demonstration, names of adapters are only names.
"""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Mapping

from nodeagent.drivers import netlink

_BYTES = 1 << 18


class LinkWatcher:
    """Calls `on_change(adapter, up)` for watched adapters; `open` and `close` on the loop."""

    def __init__(self, on_change: Callable[[str, bool], None]) -> None:
        self._on_change = on_change
        self._addresses: dict[str, str] = {}
        self._known: dict[str, bool] = {}
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Begin to listen; OSError where the kernel does not tell of links."""
        self._socket = netlink.open_watch()
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._read)

    def close(self) -> None:
        """End it."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def watch(self, addresses: Mapping[str, str]) -> None:
        """Watch these adapters from now on: name to address. Tells what is down already."""
        self._addresses = dict(addresses)
        self._known = {name: up for name, up in self._known.items() if name in addresses}
        self._look()

    def _read(self) -> None:
        assert self._socket is not None, "only an open socket is read"
        lost = False
        while True:
            try:
                data = self._socket.recv(_BYTES)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                lost = True  # more happened than fits: look at the whole
                continue
            for kind, body in netlink.messages(data):
                one = netlink.link_of(kind, body)
                lost = lost or (one is not None and one.name in self._addresses)
        if lost:
            self._look()

    def _look(self) -> None:
        try:
            found, held = netlink.interfaces(), netlink.addresses()
        except OSError:
            return  # silence on the network is judged all the same
        for name, address in self._addresses.items():
            one = found.get(name)
            here = one is not None and any(
                a.address == address and a.index == one.index for a in held
            )
            if name not in self._known and not here:
                continue
            up = one is not None and one.working
            if self._known.get(name, True) != up:
                self._on_change(name, up)
            self._known[name] = up


def devices(addresses: Mapping[str, str]) -> dict[str, str]:
    """Return the interface that has each of these adapters' addresses, loopback left out."""
    found: dict[str, str] = {}
    with contextlib.suppress(OSError):
        names = {one.index: one for one in netlink.interfaces().values()}
        held = {a.address: names[a.index] for a in netlink.addresses() if a.index in names}
        for adapter, address in addresses.items():
            one = held.get(address)
            if one is not None and not one.flags & netlink.IFF_LOOPBACK:
                found[adapter] = one.name
    return found
