"""The same work on this cluster and on its peer: what a client saw, and how long it took.

A side is a running cluster with the groups *web* and *orders*, asked by pollers all the time. Each
work brings the cluster back to where the next one can begin; only the work itself is measured.
"""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from nodeagent.config import edit
from tests.lab import changes
from tests.lab.lab import Cast, Lab, Poller
from tests.lab.pacemaker import Pacemaker
from tests.lab.plan import Plan
from tests.lab.seen import complete, seen
from tests.lab.stage import START_S, Stage
from tests.lab.switch import Switch
from tests.support.witness import services
from tui.demo.places import NODE_NAMES
from tui.demo.watch import require

MEMBERS, SPARE = NODE_NAMES[:3], NODE_NAMES[3]
LIMIT_S = 60.0
UNNOTICED_S = 10.0
"""After that long a dead adapter counts as not noticed."""
REQUEST_S = 2.0
"""By then each request that was asked before has ended."""
FORGOTTEN_S = 10.0
"""A node that was removed is still listened for after that; who returns meanwhile seems dead."""
WELL = 25
"""Good answers in a row after which a service counts as back."""


class Figure(Struct, frozen=True):
    """One work, once: its milliseconds (-1: it never came), and failed requests elsewhere.

    Milliseconds are the gap that the client of *web* saw, or for a change the time it took.
    """

    side: str
    work: str
    ms: float
    failed_elsewhere: int


class Side(Protocol):
    """A cluster at work."""

    name: str

    @property
    def pollers(self) -> Mapping[str, Poller]:
        """Who asks each group."""
        ...

    @property
    def works(self) -> Mapping[str, Callable[[], Awaitable[float]]]:
        """Each returns its milliseconds, or 0 where the client's gap is what counts."""
        ...

    async def start(self) -> None: ...

    async def ready(self) -> Mapping[str, str]:
        """Return the host that serves each group, once the next work may begin."""
        ...

    def close(self) -> None: ...


def running() -> Mapping[str, str]:
    """Return the host on which each group's service runs, by the table of processes."""
    return {group: node for _, group, node in services()}


async def measured(side: Side, work: str) -> Figure:
    """Do one work and return what came of it."""
    where = await side.ready()
    began = time.monotonic()
    ms = await side.works[work]()
    ended = time.monotonic()
    found = {}
    await asyncio.sleep(REQUEST_S)
    for group, poller in side.pollers.items():
        samples = poller.samples()
        require(complete(samples, ended), f"the client of {group} is stuck")
        found[group] = seen(samples, began, ended)
    apart = [g for g in found if g in where and where[g] != where.get("web")]
    failed = sum(found[group].failed for group in apart)
    return Figure(side.name, work, ms or found["web"].longest_gap_s * 1000, failed)


async def back(poller: Poller, since: float, unnoticed_s: float = UNNOTICED_S) -> bool:
    """Wait until a service failed and answers again; False if it never failed meanwhile."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        samples = [s for s in poller.samples() if s.asked >= since]
        failed = any(s.failure for s in samples)
        well = len(samples) > WELL and not any(s.failure for s in samples[-WELL:])
        if failed and well:
            return True
        now = time.monotonic()
        if not failed and now > since + unnoticed_s:
            return False
        require(now < deadline, "the service does not come back")
        await asyncio.sleep(0.05)


def fail(switch: Switch, ports: Sequence[str], *, silent: bool) -> None:
    """Take the links of adapters, or only all that they would hear and say."""
    if silent:
        switch.mute(ports)
    else:
        switch.turn(ports, on=False)


def mend(switch: Switch, ports: Sequence[str]) -> None:
    """Undo `fail`."""
    switch.turn(ports, on=True)
    switch.mend()


def kill_server(group: str) -> None:
    """kill -9 of the application of `group`, wherever it runs."""
    for pid, name, _ in services():
        if name == group:
            os.kill(pid, signal.SIGKILL)


class Ours:
    """This cluster."""

    name = "clustertui"

    def __init__(self, folder: Path, timing: str) -> None:
        cast = Cast(
            members=MEMBERS,
            spares=(SPARE,),
            groups={"web": (0, 1, 2), "orders": (2, 1, 0)},
            timing=timing,
            disk=False,
            restarts=100,
        )
        self._lab = Lab(folder, cast)
        self._stage: Stage | None = None
        self.pollers = self._lab.pollers
        self.works = {
            "planned move": self._move,
            "application killed": self._kill,
            "dead service adapter": lambda: self._adapter(silent=False),
            "silent service adapter": lambda: self._adapter(silent=True),
            "add a group": self._add_group,
            "add a node": self._add_node,
            "remove a node": self._remove_node,
            "node death": self._death,
        }

    @property
    def plan(self) -> Plan:
        """Return the plan of its hosts, for the other side too."""
        return self._lab.plan

    @property
    def stage(self) -> Stage:
        """Return the stage on which it is played."""
        assert self._stage is not None, "it is started first"
        return self._stage

    async def start(self) -> None:
        """Start the agents and wait for a stable cluster."""
        await asyncio.to_thread(self._lab.start)
        self._stage = Stage(self._lab)
        for group in await self.stage.settled(START_S):
            self._lab.watch(group)
        await asyncio.sleep(1.0)

    async def ready(self) -> Mapping[str, str]:
        """Return the host that serves each group, once the next work may begin."""
        return running()

    async def _move(self) -> float:
        owners = await self.stage.owners()
        await self.stage.move("web", next(n for n in MEMBERS if n not in owners.values()))
        await self.stage.settled()
        return 0

    async def _kill(self) -> float:
        began = time.monotonic()
        kill_server("web")
        await back(self.pollers["web"], began)
        await self.stage.settled()
        return 0

    async def _adapter(self, *, silent: bool) -> float:
        owner, switch = (await self.stage.owners())["web"], self._lab.switch
        room = self._lab.hosts[owner]
        shown = await asyncio.to_thread(room.run, "ip", "-o", "-4", "addr")
        address = f" {self._lab.service_at('web')[0]}/"
        plug = next(line.split()[1] for line in shown.splitlines() if address in line)
        ports, began = switch.ports(owner, plugs=(plug,)), time.monotonic()
        await asyncio.to_thread(fail, switch, ports, silent=silent)
        await back(self.pollers["web"], began, 3.0)
        require((await self.stage.owners())["web"] == owner, "the group left its node")
        await asyncio.to_thread(mend, switch, ports)
        await self._adapters_good()
        return 0

    async def _adapters_good(self) -> None:
        async def good() -> None:
            for view in (await self.stage.scene.look()).values():
                down = [k.adapter for n in view.nodes for k in n.links if k.state != "up"]
                require(not down, f"links down: {down}")

        await self.stage.watch.until(good, LIMIT_S, "all adapters good")
        await asyncio.sleep(3.0)  # a bad adapter is good again after `dead-after-ms`
        await self.stage.settled()

    async def _add_group(self) -> float:
        text = await changes.active(self.stage)
        self._lab.plan.data("mail").mkdir(exist_ok=True)
        wanted = self._lab.plan.with_group(text, "mail", MEMBERS[1::-1])
        seconds = await first_answer(self._lab, lambda: self._change(wanted, "add"))
        await self._change(edit.remove(wanted, ("group", "mail")), "remove")
        await self.stage.settled()
        return seconds * 1000

    async def _change(self, text: str, reason: str) -> float:
        began = time.monotonic()
        await self.stage.scene.change(self.stage.scene.alive[0], text, reason)
        return time.monotonic() - began

    async def _add_node(self) -> float:
        wanted = self._lab.plan.with_node(await changes.active(self.stage), SPARE)
        await asyncio.to_thread(self._lab.prepare, SPARE, wanted)
        began = time.monotonic()
        self._lab.run(SPARE)
        await self._change(wanted, "add")
        self._lab.adopt(SPARE)
        self.stage.scene.alive.append(SPARE)
        await self.stage.settled()
        return (time.monotonic() - began) * 1000

    async def _remove_node(self) -> float:
        wanted = edit.remove(await changes.active(self.stage), ("node", SPARE))
        seconds = await self._change(wanted, "remove")
        self.stage.scene.alive.remove(SPARE)
        await asyncio.to_thread(self._lab.forget, SPARE)
        await self.stage.settled()
        await asyncio.sleep(FORGOTTEN_S)
        return seconds * 1000

    async def _death(self) -> float:
        victim, began = (await self.stage.owners())["web"], time.monotonic()
        await asyncio.to_thread(self._lab.power_off, victim)
        self.stage.scene.alive.remove(victim)
        await back(self.pollers["web"], began)
        await asyncio.to_thread(self._lab.power_on, victim)
        await self.stage.back(victim)
        return 0

    def close(self) -> None:
        """End everything."""
        self._lab.close()


class Theirs:
    """corosync and pacemaker."""

    name = "pacemaker"

    def __init__(self, folder: Path, plan: Plan, token_ms: int) -> None:
        self._peer = Pacemaker(folder, plan, MEMBERS, token_ms)
        self.pollers = self._peer.pollers
        self.works = {
            "planned move": self._move,
            "application killed": self._kill,
            "dead service adapter": lambda: self._adapter(silent=False),
            "silent service adapter": lambda: self._adapter(silent=True),
            "add a group": self._add_group,
            "add a node": self._add_node,
            "remove a node": self._remove_node,
            "node death": self._death,
            "dead service adapter, watched": lambda: self._adapter(silent=False),
        }

    async def start(self) -> None:
        """Start the daemons and the groups."""
        await asyncio.to_thread(self._start)
        await asyncio.sleep(1.0)

    def _start(self) -> None:
        peer = self._peer
        peer.start()
        peer.add_group("web", MEMBERS[0])
        peer.add_group("orders", MEMBERS[2])
        peer.until_idle()
        for group in ("web", "orders"):
            peer.watch(group)

    async def ready(self) -> Mapping[str, str]:
        """Return the host that serves each group, once the next work may begin."""
        return running()

    async def watch_adapters(self) -> None:
        """From now on a dead service adapter is noticed, as soon as it can be."""
        await asyncio.to_thread(self._peer.watch_adapter)

    async def _move(self) -> float:
        peer, began = self._peer, time.monotonic()
        owners = [await asyncio.to_thread(peer.owner, group) for group in ("web", "orders")]
        await asyncio.to_thread(peer.move, "web", next(n for n in MEMBERS if n not in owners))
        await back(self.pollers["web"], began)
        await asyncio.to_thread(peer.clear, "web")
        return 0

    async def _kill(self) -> float:
        began = time.monotonic()
        kill_server("web")
        await back(self.pollers["web"], began)
        await asyncio.to_thread(self._peer.until_idle)
        return 0

    async def _adapter(self, *, silent: bool) -> float:
        peer = self._peer
        owner = await asyncio.to_thread(peer.owner, "web")
        ports, began = peer.switch.ports(owner, plugs=("pub1a",)), time.monotonic()
        await asyncio.to_thread(fail, peer.switch, ports, silent=silent)
        came = await self._left(owner, began)
        await asyncio.to_thread(mend, peer.switch, ports)
        await back(self.pollers["web"], began)
        await asyncio.sleep(4.0)
        await asyncio.to_thread(peer.until_idle)
        return 0 if came else -1

    async def _left(self, owner: str, began: float) -> bool:
        while time.monotonic() < began + UNNOTICED_S:
            late = [s for s in self.pollers["web"].samples() if s.asked > began and s.node]
            if any(s.node != owner for s in late):
                return True
            await asyncio.sleep(0.05)
        return False

    async def _add_group(self) -> float:
        peer = self._peer

        async def add() -> float:
            await asyncio.to_thread(peer.add_group, "mail")
            return 0

        seconds = await first_answer(peer, add)
        await asyncio.to_thread(peer.remove_group, "mail")
        return seconds * 1000

    async def _add_node(self) -> float:
        self._peer.members.append(SPARE)
        await asyncio.to_thread(self._peer.boot, SPARE)
        self._peer.members.remove(SPARE)
        began = time.monotonic()
        await asyncio.to_thread(self._peer.add, SPARE)
        return (time.monotonic() - began) * 1000

    async def _remove_node(self) -> float:
        began = time.monotonic()
        await asyncio.to_thread(self._peer.remove, SPARE)
        seconds = time.monotonic() - began
        await asyncio.to_thread(self._peer.forget, SPARE)
        return seconds * 1000

    async def _death(self) -> float:
        peer = self._peer
        victim, began = await asyncio.to_thread(peer.owner, "web"), time.monotonic()
        await asyncio.to_thread(peer.power_off, victim)
        await back(self.pollers["web"], began)
        await asyncio.to_thread(peer.boot, victim)
        await asyncio.to_thread(peer.run_daemons, victim)
        await asyncio.to_thread(peer.until_online, MEMBERS)
        await asyncio.to_thread(peer.until_idle)
        return 0

    def close(self) -> None:
        """End everything."""
        self._peer.close()


class Watched(Protocol):
    """Whose services can be asked."""

    pollers: dict[str, Poller]

    def watch(self, group: str) -> None: ...


async def first_answer(ground: Watched, add: Callable[[], Awaitable[float]]) -> float:
    """Return the seconds from the order to add *mail* until it answers a client."""
    ground.watch("mail")
    try:
        began = time.monotonic()
        await add()
        deadline = began + LIMIT_S
        while not (good := [s for s in ground.pollers["mail"].samples() if not s.failure]):
            require(time.monotonic() < deadline, "mail does not answer")
            await asyncio.sleep(0.02)
        return good[0].ended - began
    finally:
        ground.pollers.pop("mail").close()


def failing(figures: Collection[Figure]) -> int:
    """Return the most requests that failed elsewhere in one of these works."""
    return max((one.failed_elsewhere for one in figures), default=0)
