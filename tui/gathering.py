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


class Listening:
    """Hears what happens at every node that `configuration` names, until `run` is cancelled.

    `happened` takes events of one agent, what it remembers among them, `changed` is called when
    an agent is heard and when it is not any more, and `missed` with the reason of each attempt
    that failed.
    """

    def __init__(
        self,
        client: Neighbourly,
        *,
        configuration: Callable[[], Configuration | None],
        happened: Callable[[list[EventLine]], None],
        changed: Callable[[], None],
        missed: Callable[[str, Exception], None] = lambda _node, _reason: None,
    ) -> None:
        self._client = client
        self._configuration = configuration
        self._happened = happened
        self._changed = changed
        self._missed = missed
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.links: dict[str, Link] = {}
        """The agents that are heard."""

    async def run(self) -> None:
        """Listen to whoever is a node."""
        try:
            while True:
                self.follow_nodes()
                await asyncio.sleep(LOOK_S)
        finally:
            await self.end()

    def follow_nodes(self) -> None:
        """Begin to listen to new nodes, and leave those that are none any more."""
        configuration = self._configuration()
        wanted = set(configuration.node) if configuration else set()
        for node in wanted - set(self._tasks):
            self._tasks[node] = asyncio.create_task(self._listen(node))
        for node in set(self._tasks) - wanted:
            self._tasks.pop(node).cancel()

    async def end(self) -> None:
        """Listen to nobody any more."""
        await cancelled(list(self._tasks.values()))

    async def _listen(self, node: str) -> None:
        """Take what happens on one node, for ever; a lost agent is tried ever more rarely."""
        pause_s = RETRY_S
        while True:
            try:
                async with self._client.beside(node, configuration=self._configuration()) as link:
                    pause_s = RETRY_S
                    await self._take(node, link)
            except asyncio.CancelledError:
                raise
            except Exception as reason:  # noqa: BLE001 - the other agents tell that it is gone
                pause_s = min(pause_s * 2, RETRY_MAX_S)
                self._missed(node, reason)
            await asyncio.sleep(pause_s)

    async def _take(self, node: str, link: Link) -> None:
        self.links[node] = link
        waiting: list[EventLine] = []
        loop = asyncio.get_running_loop()

        def give() -> None:
            self._happened(waiting[:])
            waiting.clear()

        try:
            async with aclosing(link.events(ANSWER_S)) as events:
                self._changed()
                async for event in events:
                    if not waiting:
                        loop.call_later(BATCH_S, give)
                    waiting.append(event)
        finally:
            self.links.pop(node, None)
            self._changed()


class Gathering:
    """Listens for as long as `run` is not cancelled, and lets voters know where this console is.

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
        self._view = view
        self._heard = heard
        self._present = present
        self._console = secrets.token_hex(16)
        self._listening = Listening(
            client,
            configuration=lambda: view().active.configuration,
            happened=happened,
            changed=self._links_changed,
        )
        self._deaf: set[Link] = set()
        """Agents of an older version, which do not know what they are told."""
        self._known: dict[str, tuple[Neighbour, ...]] = {}
        self.place = Place()
        """Where this console is; the app moves it."""

    async def run(self) -> None:
        """Listen to whoever is a node, and tell where this console is."""
        loop = asyncio.get_running_loop()
        told, due = Place(), 0.0
        try:
            while True:
                self._listening.follow_nodes()
                if self.place != told or loop.time() >= due:
                    told, due = self.place, loop.time() + TOLD_EVERY_S
                    await self._tell(told)
                await asyncio.sleep(LOOK_S)
        finally:
            await self._listening.end()

    def _links_changed(self) -> None:
        links = self._listening.links
        self._known = {node: known for node, known in self._known.items() if node in links}
        self._deaf &= set(links.values())
        self._heard(tuple(links))

    async def _tell(self, place: Place) -> None:
        cluster, links = self._view().cluster, self._listening.links
        voters = cluster.value.voters if cluster else ()
        here = Here(self._console, place.author, place.screen, place.item, place.edits)
        told = {node: links[node] for node in voters if node in links}
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


async def cancelled(tasks: list["asyncio.Task[None]"]) -> None:
    """Cancel `tasks` and wait for their end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
