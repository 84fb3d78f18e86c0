"""A list that is made of what each node itself answers, asked again and again while it is seen.

What only one agent knows (an invitation) or each sees for itself (a fence device) is on no stream.
"""

import asyncio
from abc import abstractmethod

from nodeagent.wire.console import Answer, Request
from tui.screens.listing import ListingScreen

AGAIN_S = 3.0
AT_ONCE = 8
"""Nodes that are asked at the same time; each question takes a line of its own."""


class RoundsScreen(ListingScreen):
    """`heard` has the newest answer of each node, what it refused or why it is silent included."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: dict[str, Answer] = {}
        self._going = False
        self._again = False

    @abstractmethod
    def question(self) -> Request:
        """Return what each node is asked; it changes nothing."""

    def on_mount(self) -> None:
        """Ask from now on."""
        self.set_interval(AGAIN_S, self._ask_again)
        self.ask_all()

    def on_screen_resume(self) -> None:
        """Ask at once: the answers are of an earlier look."""
        self.ask_all()

    def ask_all(self) -> None:
        """Begin a round, after one that is under way; none while the page is not seen."""
        if self.app.screen_stack and self in self.app.screen_stack:
            self._again = True
            if not self._going:
                self._going = True
                self.run_worker(self._rounds(), group="round", exit_on_error=False)

    def _ask_again(self) -> None:
        if not self._going:
            self.ask_all()

    async def _rounds(self) -> None:
        try:
            while self._again:
                self._again = False
                await self._round()
        finally:
            self._going = False

    async def _round(self) -> None:
        places = asyncio.Semaphore(AT_ONCE)
        nodes = self.asked_nodes()
        await asyncio.gather(*(self._ask(node, places) for node in nodes))
        self.heard = {node: one for node, one in self.heard.items() if node in nodes}
        self.repaint()

    async def _ask(self, node: str, places: asyncio.Semaphore) -> None:
        async with places:
            self.heard[node] = await self.session.ask_node(node, self.question())

    def asked_nodes(self) -> tuple[str, ...]:
        """Return the nodes that can answer: those that are up."""
        nodes = self.session.view.nodes.items()
        return tuple(name for name, heard in nodes if heard.value.state == "up")
