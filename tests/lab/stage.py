"""What the steps of the lab work with: the cluster, what its client sees, and the usual moves."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping

from nodeagent.config.digest import file_digest
from nodeagent.wire.console import Apply
from tests.lab.lab import Lab
from tests.lab.needs import MissingError
from tests.lab.result import Result
from tests.lab.room import RoomError
from tests.lab.seen import Seen, complete, seen
from tests.support.witness import Witness
from tui.demo.agents import AgentError
from tui.demo.asker import Asker, ask
from tui.demo.scene import Scene, told
from tui.demo.watch import NotHeld, Watch, done, require, where

Step = Callable[[], Awaitable[str]]
Steps = tuple[tuple[str, Step], ...]
"""What a story shows, in order: a name, and what does it, proves it, and tells it."""
START_S = 60.0
RECOVER_S = 60.0
READ_S = 5.0
LAST_LINES = 3


class Stage:
    """A lab on which a story is told. `watched`: the groups whose services the client asks."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.watch = Watch(lab.access_to)
        self.scene = Scene(lab, self.watch, Asker({}, 0))
        self.witness = Witness()

    async def close(self) -> None:
        """Give all back but the lab."""
        self.witness.close()
        await self.watch.close()

    # -- telling

    async def tell(self, name: str, step: Step) -> Result:
        """Carry out one step; return what came of it, with what the client saw meanwhile."""
        began, told_doubts = time.monotonic(), len(self.witness.seen_twice)
        skipped = False
        try:
            detail, ok = await step(), True
            doubts = self.witness.seen_twice[told_doubts:]
            require(not doubts, "; ".join(doubts[:2]))
        except (NotHeld, AgentError, RoomError) as reason:
            detail, ok = str(reason), False
        except MissingError as reason:
            detail, ok, skipped = str(reason), True, True
        ended = time.monotonic()
        notes = () if ok else tuple(self.lab.last_words(LAST_LINES))
        services = {g: one for g, one in (await self.saw(began, ended)).items() if one.requests}
        return Result(name, ok, detail, round(ended - began, 2), services, notes, skipped)

    async def saw(self, begin: float, end: float) -> dict[str, Seen]:
        """Return what the client saw of each service between two times."""
        found = {}
        for group, poller in self.lab.pollers.items():
            deadline = time.monotonic() + READ_S
            while not complete(samples := poller.samples(), end):
                require(time.monotonic() < deadline, f"the client of {group} is stuck")
                await asyncio.sleep(0.02)
            found[group] = seen(samples, begin, end)
        return found

    async def answered(self, begin: float, group: str) -> None:
        """Wait until `group` has answered something that its client asked after `begin`."""

        async def check() -> None:
            samples = self.lab.pollers[group].samples()
            good = any(one.asked >= begin and not one.failure for one in samples)
            require(good, f"the client of {group} has no answer yet")

        await self.watch.until(check, READ_S, f"an answer of {group}")

    async def undisturbed(self, begin: float, *groups: str) -> str:
        """Return how many requests `groups` answered since; NotHeld if a single one failed."""
        if not groups:
            return "no other service"
        services = await self.saw(begin, time.monotonic())
        for group in groups:
            one = services[group]
            require(one.requests > 0, f"the client asked {group} nothing")
            text = "; ".join(one.failures)
            require(one.failed == 0, f"{one.failed} of {one.requests} of {group} failed: {text}")
        total = sum(services[group].requests for group in groups)
        return f"{total} requests to {' and '.join(groups)}, none failed"

    # -- moving

    async def owners(self) -> dict[str, str]:
        """Return who owns what, as all living agents say."""
        return where(await self.scene.look())

    async def counted(self, groups: Iterable[str]) -> dict[str, int]:
        """Return how many requests each of `groups` has answered in its life, by its own data."""
        asks = {group: asyncio.to_thread(ask, *self.lab.service_at(group)) for group in groups}
        try:
            return {group: (await one)[1] for group, one in asks.items()}
        except (OSError, ValueError, KeyError) as error:
            raise NotHeld(f"a service does not answer: {error}") from None

    async def move(self, group: str, node: str) -> None:
        """Let `node` serve `group`."""
        through = self.scene.alive[0]
        active = (await self.watch.look(through)).active
        what = f"move {group} to {node}"
        base = file_digest(active.encode())
        request = Apply(active, base, reason=what, author="lab", owners={group: node})
        answer = done(await self.watch.ask(through, request, timeout_s=10.0), what)
        run = await self.watch.follow(through, answer.tx)
        require(run.state == "done", f"{what}: {told(run)}")

    async def settled(self, limit_s: float = RECOVER_S) -> Mapping[str, str]:
        """Return the owners once all living nodes are stable and each group answers from its."""
        await self.scene.settle(limit_s)
        owners = await self.owners()
        for group in owners:
            await self.scene.served(group)
        return owners

    async def without(self, gone: str) -> Mapping[str, str]:
        """Return the owners once the living serve all groups, and count `gone` out."""

        async def check() -> None:
            for name, view in (await self.scene.look()).items():
                require(gone not in view.cluster.view, f"{name} still counts {gone} in")
            left = [group for group, owner in (await self.owners()).items() if owner in {"", gone}]
            require(not left, f"{' and '.join(left)} still with {gone} or nobody")

        await self.watch.until(check, RECOVER_S, f"going on without {gone}")
        return await self.settled()

    async def back(self, name: str) -> Mapping[str, str]:
        """Return the owners once `name`, which was started again, is in and all is stable."""
        self.scene.alive.append(name)
        return await self.settled()
