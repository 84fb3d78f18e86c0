"""What the nodes reported, for all forms of this console; each node is asked when it is of use.

Only nodes that an open form is about are asked, some at a time, so a cluster of hundreds costs no
more than a small one. Answers are kept for a while; a node that was silent is asked again sooner.
"""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any, cast
from weakref import WeakKeyDictionary

from textual.app import App
from textual.signal import Signal

from nodeagent.model.names import AGENT_PATTERN
from nodeagent.model.text import clean
from nodeagent.wire.console import Answer, Refused
from nodeagent.wire.inventory import AgentFound, GetAgent, GetInventory, Inventory
from tui.session import Session
from tui.viewmodels.form_inventory import NOTHING_KNOWN, Known

AT_ONCE = 8
KEPT_S = 60.0
AGAIN_S = 5.0
_AGENT = re.compile(AGENT_PATTERN)


class Inventories:
    """Asks and remembers; `known` is all that was answered, `changed` tells of each answer."""

    def __init__(self, app: App[Any]) -> None:
        self.app = app
        self.known: Known = NOTHING_KNOWN
        self.changed: Signal[Inventories] = Signal(app, "inventories")
        self._until: dict[str, float] = {}
        self._agents_until: dict[str, float] = {}
        self._places = asyncio.Semaphore(AT_ONCE)

    @property
    def session(self) -> Session:
        """Return the way to the nodes."""
        return cast("Session", self.app.session)  # type: ignore[attr-defined]

    def want(self, nodes: Iterable[str]) -> None:
        """Ask those of `nodes` of which nothing is known, or nothing new enough."""
        now = self.session.now.mono
        wanted = {
            node
            for node in nodes
            if self._until.get(node, 0.0) <= now and node not in self.known.asking
        }
        if wanted:
            self.known = replace(self.known, asking=self.known.asking | wanted)
        for node in sorted(wanted):
            self._work(partial(self._ask, node))

    def want_agent(self, agent: str, nodes: Iterable[str]) -> None:
        """Ask the first of `nodes` that has the OCF agent what it says of itself."""
        having = [node for node, one in self.known.of(nodes).items() if agent in one.agents]
        now = self.session.now.mono
        if not having or not _AGENT.match(agent) or self._agents_until.get(agent, 0.0) > now:
            return
        self._agents_until[agent] = now + KEPT_S
        self._work(partial(self._ask_agent, agent, tuple(having)))

    async def _ask(self, node: str) -> None:
        async with self._places:
            answer = await self.session.ask_node(node, GetInventory())
        found = answer if isinstance(answer, Inventory) else None
        known, kept_s = self.known, KEPT_S if found else AGAIN_S
        self._until[node] = self.session.now.mono + kept_s
        silent = {name: why for name, why in known.silent.items() if name != node}
        inventories = {**known.inventories, node: found} if found else known.inventories
        if found is None:
            silent[node] = _reason(answer)
        asking = known.asking - {node}
        self.known = replace(known, inventories=inventories, silent=silent, asking=asking)
        self.changed.publish(self)

    async def _ask_agent(self, agent: str, nodes: tuple[str, ...]) -> None:
        for node in nodes:
            async with self._places:
                answer = await self.session.ask_node(node, GetAgent(agent))
            if isinstance(answer, AgentFound):
                agents = {**self.known.agents, agent: answer}
                self.known = replace(self.known, agents=agents)
                self.changed.publish(self)
                return
        self._agents_until[agent] = self.session.now.mono + AGAIN_S

    def _work(self, work: Any) -> None:
        self.app.run_worker(work, group="inventory", exit_on_error=False)


def _reason(answer: Answer) -> str:
    text = answer.text if isinstance(answer, Refused) else "its answer is not understood"
    return clean(text, 200)


_OF: WeakKeyDictionary[App[Any], Inventories] = WeakKeyDictionary()


def inventories_of(app: App[Any]) -> Inventories:
    """Return what is known in an app."""
    if app not in _OF:
        _OF[app] = Inventories(app)
    return _OF[app]
