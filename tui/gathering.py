"""Hears the agents of all nodes beside the one that the console listens to.

What happened comes from all of them, so that nothing is lost that any agent knows; and to the
agents of voters it is told where this console is, which answer with the other consoles.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Protocol, runtime_checkable

from nodeagent.model.configuration import Configuration
from nodeagent.wire.console import Answer, Here, Neighbour, Present, Refused
from nodeagent.wire.live import EventLine
from tui.viewmodels.presence import Place
from tui.viewmodels.store import View

ANSWER_S = 2.0
TOLD_EVERY_S = 2.0
LOOK_S = 0.5
"""How soon a move to another screen, and a change of the nodes, is noticed."""
RETRY_S = 1.0
RETRY_MAX_S = 15.0
BATCH_S = 0.05
"""What an agent remembers comes in one go, and is taken in one."""


class Link(Protocol):
    """One agent, as this asks it; `nodeagent.client.link.Link` is one."""

    def events(self, timeout_s: float) -> AsyncGenerator[EventLine, None]:
        """Yield what happened there, then what happens; raises when the agent is gone."""
        ...

    async def tell(self, here: Here, timeout_s: float) -> Answer:
        """Tell where this console is; raises when there is no answer."""
        ...


@runtime_checkable
class Neighbourly(Protocol):
    """A client that reaches every agent; one on a recorded past does not."""

    def beside(
        self, node: str, *, configuration: Configuration | None = None
    ) -> AbstractAsyncContextManager[Link]:
        """Give a link to the agent on `node`; raises when none can be had."""
        ...


class Gathering:
    """Listens for as long as `run` is not cancelled.

    `view` gives what is known now, `happened` takes events of a node's agent, `heard` the nodes
    whose agents are listened to, and `present` the other consoles.
    """

    def __init__(
        self,
        client: Neighbourly,
        *,
        view: Callable[[], View],
        happened: Callable[[list[EventLine]], None],
        heard: Callable[[tuple[str, ...]], None],
        present: Callable[[tuple[Neighbour, ...]], None],
    ) -> None:
        self._client = client
        self._view = view
        self._happened = happened
        self._heard = heard
        self._present = present
        self._console = secrets.token_hex(16)
        self._links: dict[str, Link] = {}
        self._deaf: set[Link] = set()
        """Agents of an older version, which do not know what they are told."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._known: dict[str, tuple[Neighbour, ...]] = {}
        self.place = Place()
        """Where this console is; the app moves it."""

    async def run(self) -> None:
        """Listen to whoever is a node, and tell where this console is."""
        loop = asyncio.get_running_loop()
        told, due = Place(), 0.0
        try:
            while True:
                self._follow_nodes()
                if self.place != told or loop.time() >= due:
                    told, due = self.place, loop.time() + TOLD_EVERY_S
                    await self._tell(told)
                await asyncio.sleep(LOOK_S)
        finally:
            await _ended(list(self._tasks.values()))

    def _follow_nodes(self) -> None:
        configuration = self._view().active.configuration
        wanted = set(configuration.node) if configuration else set()
        for node in wanted - set(self._tasks):
            self._tasks[node] = asyncio.create_task(self._listen(node))
        for node in set(self._tasks) - wanted:
            self._tasks.pop(node).cancel()

    async def _listen(self, node: str) -> None:
        """Take what happens on one node, for ever; a lost agent is tried ever more rarely."""
        pause_s = RETRY_S
        while True:
            try:
                active = self._view().active.configuration
                async with self._client.beside(node, configuration=active) as link:
                    pause_s = RETRY_S
                    await self._take(node, link)
            except asyncio.CancelledError:
                raise
            except Exception:  # noqa: BLE001 - the other agents tell that it is gone
                pause_s = min(pause_s * 2, RETRY_MAX_S)
            await asyncio.sleep(pause_s)

    async def _take(self, node: str, link: Link) -> None:
        self._links[node] = link
        waiting: list[EventLine] = []
        loop = asyncio.get_running_loop()

        def give() -> None:
            self._happened(waiting[:])
            waiting.clear()

        try:
            async with aclosing(link.events(ANSWER_S)) as events:
                self._heard(tuple(self._links))
                async for event in events:
                    if not waiting:
                        loop.call_later(BATCH_S, give)
                    waiting.append(event)
        finally:
            self._links.pop(node, None)
            self._known.pop(node, None)
            self._deaf.discard(link)
            self._heard(tuple(self._links))

    async def _tell(self, place: Place) -> None:
        cluster = self._view().cluster
        voters = cluster.value.voters if cluster else ()
        here = Here(self._console, place.author, place.screen, place.item, place.edits)
        told = {node: self._links[node] for node in voters if node in self._links}
        able = {node: link for node, link in told.items() if link not in self._deaf}
        answers = await asyncio.gather(
            *(link.tell(here, ANSWER_S) for link in able.values()), return_exceptions=True
        )
        for (node, link), answer in zip(able.items(), answers, strict=True):
            if isinstance(answer, Present):
                self._known[node] = answer.consoles
            elif isinstance(answer, Refused):
                self._deaf.add(link)
            else:
                self._known.pop(node, None)
        found = {other.here.console: other for known in self._known.values() for other in known}
        found.pop(self._console, None)
        self._present(tuple(sorted(found.values(), key=lambda other: other.here.author)))


async def _ended(tasks: list["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
