"""Takes the inventory: all parts beside each other, each with its own deadline.

It is kept for a moment, so that many consoles that ask at once cost as much as one; and one is
taken at a time, for each runs programs.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec

from nodeagent.drivers.aside import aside
from nodeagent.drivers.base import Context
from nodeagent.drivers.inventory import places
from nodeagent.drivers.inventory.devices import UnknownError, devices
from nodeagent.drivers.systemd.unit import BusError
from nodeagent.model.agents import AgentDescription
from nodeagent.wire.inventory import (
    AGENTS_MAX,
    DEVICES_MAX,
    INTERFACES_MAX,
    PARAMETERS_MAX,
    UNITS_MAX,
    AgentFound,
    Inventory,
)

T = TypeVar("T")
PART_SECONDS = 3.0
KEPT_SECONDS = 5.0
WAITING_MAX = 16


class TooManyError(Exception):
    """So many consoles wait for an answer that another one cannot be promised one."""


class InventoryTaker:
    """Answers consoles. `describe` reads what an OCF agent says of itself (AgentError)."""

    def __init__(
        self,
        context: Context,
        describe: Callable[[str, float], Awaitable[AgentDescription]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._context = context
        self._describe = describe
        self._clock = clock
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._kept: tuple[float, Inventory] | None = None

    async def inventory(self) -> Inventory:
        """Return what this machine has, at most some seconds old; TooManyError."""
        async with self._in_turn():
            if self._kept is None or self._clock() - self._kept[0] > KEPT_SECONDS:
                taken = await self._take()
                self._kept = (self._clock(), taken)
            return self._kept[1]

    async def agent(self, name: str) -> AgentFound:
        """Return what an OCF agent says of itself; AgentError, or TooManyError."""
        async with self._in_turn():
            found = await self._describe(name, PART_SECONDS)
        kept = msgspec.structs.replace(found, parameters=found.parameters[:PARAMETERS_MAX])
        return AgentFound(self._context.node, name, kept)

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        if self._waiting >= WAITING_MAX:
            raise TooManyError("too many consoles ask what is here; ask again in a moment")
        self._waiting += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1

    async def _take(self) -> Inventory:
        troubles: list[str] = []

        async def part(what: str, limit: int, work: Awaitable[Sequence[T]]) -> tuple[T, ...]:
            try:
                async with asyncio.timeout(PART_SECONDS + 0.5):
                    found = await work
            except TimeoutError:
                troubles.append(f"{what}: not found out within {PART_SECONDS:.0f} s")
                return ()
            except OSError as error:
                troubles.append(f"{what}: {error.strerror}")
                return ()
            except (UnknownError, BusError) as error:
                troubles.append(str(error))
                return ()
            if len(found) > limit:
                troubles.append(f"{what}: {len(found) - limit} more than {limit} are left out")
            return tuple(found[:limit])

        root = self._context.ocf_root
        interfaces, found, agents, units = await asyncio.gather(
            part("interfaces", INTERFACES_MAX, aside(places.interfaces)),
            part("block devices", DEVICES_MAX, devices(PART_SECONDS)),
            part("OCF agents", AGENTS_MAX, aside(lambda: places.agents(root))),
            part("units", UNITS_MAX, self._units()),
        )
        return Inventory(
            self._context.node, interfaces, found, agents, units, tuple(sorted(troubles))
        )

    async def _units(self) -> tuple[str, ...]:
        from nodeagent.drivers.systemd.bus import manager

        async with manager(self._context.system_bus) as systemd:
            return tuple(await systemd.services())
