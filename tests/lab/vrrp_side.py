"""keepalived as a side of the comparison: of the work it can do what moves addresses."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

from tests.lab.keepalived import Keepalived
from tests.lab.plan import Plan
from tests.lab.seen import seen
from tests.lab.sides import MEMBERS, back, fail, mend

HOMES = {"web": MEMBERS[0], "orders": MEMBERS[2]}
VRRP_WORKS = (
    "planned move",
    "dead service adapter",
    "silent service adapter",
    "node death",
)
TRUSTED_S = 4.0
"""By then a daemon that was started, or whose adapter works again, has heard who is the master."""


class Vrrp:
    """keepalived, with the addresses of *web* and *orders*."""

    name = "keepalived"

    def __init__(self, folder: Path, plan: Plan, advert_s: float = 1.0) -> None:
        self._peer = Keepalived(folder, plan, HOMES, advert_s)
        self._had_two = False
        self.pollers = self._peer.pollers
        self.works = {
            "planned move": self._move,
            "dead service adapter": lambda: self._adapter(silent=False),
            "silent service adapter": lambda: self._adapter(silent=True),
            "node death": self._death,
        }

    async def start(self) -> None:
        """Start the daemons and the clients."""
        await asyncio.to_thread(self._peer.start)
        for group in HOMES:
            self._peer.watch(group)
        await asyncio.sleep(1.0)

    async def ready(self) -> Mapping[str, str]:
        """Return which host has each address, once the next work may begin.

        Two that had an address while one was silent settle it between them; that is not counted.
        """
        if self._had_two:
            await asyncio.to_thread(self._peer.stop_all)
            await asyncio.to_thread(self._peer.begin)
            await self._trusted()
            self._had_two = False
        await asyncio.to_thread(self._peer.until_idle)
        return await asyncio.to_thread(self._peer.owners)

    async def _owner(self) -> str:
        return (await self.ready())["web"]

    async def _move(self) -> float:
        owner, began = await self._owner(), time.monotonic()
        await asyncio.to_thread(self._peer.stop_daemon, owner)
        await back(self.pollers["web"], began)
        await asyncio.to_thread(self._peer.run_daemon, owner)
        await self._trusted()
        return 0

    async def _adapter(self, *, silent: bool) -> float:
        switch, owner = self._peer.switch, await self._owner()
        ports, began = switch.ports(owner, plugs=("pub1a",)), time.monotonic()
        await asyncio.to_thread(fail, switch, ports, silent=silent)
        ended = await back(self.pollers["web"], began)
        gap_ms = self._gap_ms(began)
        await asyncio.to_thread(mend, switch, ports)
        await self._trusted()
        self._had_two = silent
        return gap_ms if ended else -1

    def _gap_ms(self, began: float) -> float:
        """Return the longest gap since then; what a host that comes back does is not counted."""
        return seen(self.pollers["web"].samples(), began, time.monotonic()).longest_gap_s * 1000

    async def _death(self) -> float:
        peer, victim = self._peer, await self._owner()
        began = time.monotonic()
        await asyncio.to_thread(peer.power_off, victim)
        await back(self.pollers["web"], began)
        gap_ms = self._gap_ms(began)
        await asyncio.to_thread(peer.boot, victim)
        await asyncio.to_thread(peer.run_daemon, victim)
        await self._trusted()
        return gap_ms

    async def _trusted(self) -> None:
        await asyncio.sleep(TRUSTED_S)
        await asyncio.to_thread(self._peer.until_idle)

    def close(self) -> None:
        """End everything."""
        self._peer.close()
