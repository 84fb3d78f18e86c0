"""systemd's manager on the system bus (interface org.freedesktop.systemd1.Manager).

One connection for each action: what hangs or breaks is gone with it. The library is loaded with
this module, so agents without units do without it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from dbus_fast import DBusError, Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.errors import AuthError, InvalidAddressError

from nodeagent.drivers.systemd.unit import BusError, UnitState
from nodeagent.model.text import clean

NAME = "org.freedesktop.systemd1"
PATH = "/org/freedesktop/systemd1"
MANAGER = f"{NAME}.Manager"
UNIT = f"{NAME}.Unit"
PROPERTIES = "org.freedesktop.DBus.Properties"
_BUS = "org.freedesktop.DBus"
GONE = frozenset({"masked", "masked-runtime", "bad"})
"""States of unit files that cannot be started."""
_MATCH = f"type='signal',sender='{NAME}',interface='{MANAGER}',member='JobRemoved'"


@asynccontextmanager
async def manager(address: str) -> AsyncIterator["Manager"]:
    """Connect to systemd; BusError when there is no bus or it refuses. No deadline of its own."""
    try:
        connection = MessageBus(bus_address=address)
    except InvalidAddressError as error:
        raise BusError(f"{address} is no address of a bus") from error
    try:
        await connection.connect()
    except (OSError, AuthError, EOFError) as error:
        connection.disconnect()
        text = f"no system bus at {address} ({clean(str(error), 80)}); does systemd run here?"
        raise BusError(text) from error
    try:
        yield Manager(connection)
    finally:
        connection.disconnect()


class Manager:
    """What is asked of systemd. Each call raises BusError with systemd's own words."""

    def __init__(self, connection: MessageBus) -> None:
        self._connection = connection
        self._ended: dict[str, str] = {}
        self._news = asyncio.Event()
        connection.add_message_handler(self._heard)

    async def state(self, unit: str) -> UnitState:
        """Return how `unit` is; systemd loads it if need be."""
        (path,) = await self._call("LoadUnit", "s", unit)
        (found,) = await self._send(path, PROPERTIES, "GetAll", "s", UNIT)
        words = {key: str(found[key].value) for key in UnitState.KEYS if key in found}
        return UnitState.of(words)

    async def services(self) -> list[str]:
        """Return the services that unit files describe, by name; templates are left out."""
        (files,) = await self._call("ListUnitFiles", "")
        names = {str(path).rsplit("/", 1)[-1] for path, state in files if state not in GONE}
        return sorted(
            clean(name, 255) for name in names if name.endswith(".service") and "@." not in name
        )

    async def order(self, verb: str, unit: str) -> str:
        """Queue the job `verb` ("StartUnit", "StopUnit") and return its result ("done", …)."""
        await self._call("Subscribe", "")
        await self._send("/org/freedesktop/DBus", _BUS, "AddMatch", "s", _MATCH, to=_BUS)
        (job,) = await self._call(verb, "ss", unit, "replace")
        while job not in self._ended:
            self._news.clear()
            await self._news.wait()
        return self._ended[job]

    def _heard(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and message.member == "JobRemoved":
            _, job, _, result = message.body
            self._ended[job] = clean(result, 40)
            self._news.set()

    async def _call(self, member: str, signature: str, *body: Any) -> list[Any]:
        return await self._send(PATH, MANAGER, member, signature, *body)

    async def _send(
        self, path: str, interface: str, member: str, signature: str, *body: Any, to: str = NAME
    ) -> list[Any]:
        message = Message(
            destination=to,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=list(body),
        )
        try:
            reply = await self._connection.call(message)
        except (OSError, EOFError, DBusError) as error:
            raise BusError(f"the bus broke off: {clean(str(error), 80)}") from error
        if reply is None:
            raise BusError(f"{member} got no answer")
        if reply.message_type is MessageType.ERROR:
            words = str(reply.body[0]) if reply.body else ""
            raise BusError(clean(words or str(reply.error_name), 200), name=str(reply.error_name))
        return list(reply.body)
