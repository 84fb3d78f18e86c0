"""The one place that holds a client: its stream becomes the `View`, requests become answers.

One task reads the stream into the view and a set of what changed; the app's timer paints. Nothing
that the network does ends the app: a stream that breaks is opened again, a request that fails is
an answer that says so.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing, suppress
from typing import Protocol, get_args

from msgspec.structs import replace
from textual.message import Message

from nodeagent.model.configuration import Configuration
from nodeagent.model.run import DareRun
from nodeagent.model.text import clean
from nodeagent.wire.console import (
    Abort,
    Answer,
    Apply,
    Drill,
    EndProbation,
    Fence,
    Neighbour,
    Refused,
    Request,
    SaveDraft,
)
from nodeagent.wire.joining import Admit, Guest, Invite, Joining, Withdraw
from nodeagent.wire.live import (
    ConfigurationChanged,
    EventLine,
    Snapshot,
    StreamMessage,
)
from tui import messages
from tui.gathering import Gathering, Neighbourly
from tui.turning import Pace, Turnable, Turning
from tui.viewmodels import store
from tui.viewmodels.ages import Moment
from tui.viewmodels.agreement import Agreement
from tui.viewmodels.merged import EVENTS_MAX
from tui.viewmodels.presence import Place
from tui.viewmodels.rights import lock_text, role_of

RETRY_S = 1.0
CLOSE_S = 2.0
WRITES = (Apply, Abort, EndProbation, SaveDraft, Drill, Fence, Invite, Admit, Withdraw)
RETURN = "probation"
"""What agents mark a DARE with that brings back what was before a probation."""
STREAMED = (*get_args(StreamMessage), Snapshot)


class Client(Protocol):
    """What the console needs of a client; `nodeagent.client.client.Client` is one."""

    async def ask(self, request: Request) -> Answer:
        """Return the agent's answer; raises when there is none."""
        ...

    async def ask_node(
        self, node: str, request: Request, *, configuration: Configuration | None = None
    ) -> Answer:
        """Return the answer of the agent on `node` itself; raises when there is none."""
        ...

    def stream(self) -> AsyncGenerator[object, None]:
        """Yield what agents say; an item with a `name` announces another agent."""
        ...

    async def close(self) -> None:
        """Let go of the sockets."""
        ...


class Session:
    """Holds the client and the view. `post` delivers messages to the app.

    `left_at` is when a console on this cluster was last left, in Unix seconds (0: not known).
    `may_turn` says whether the person would not be disturbed by another agent.
    """

    def __init__(
        self,
        client: Client,
        *,
        post: Callable[[Message], object],
        now: Callable[[], Moment],
        read_only: bool = False,
    ) -> None:
        self.client = client
        self._started_read_only = read_only
        self._view = store.View(connection=store.Connection(since=now().mono))
        self.dirty: set[store.Topic] = set()
        self.left_at = 0.0
        self.may_turn: Callable[[], bool] = lambda: True
        self.pace = Pace()
        self._post = post
        self._now = now
        self._lost_told = False
        self._fresh: deque[EventLine] = deque(maxlen=EVENTS_MAX)
        self._following: asyncio.Task[None] | None = None
        self._gathering: asyncio.Task[None] | None = None
        self._turning: asyncio.Task[None] | None = None
        self.marks: set[str] = set()
        """By these the DAREs that were asked for here are known."""
        self._returned: set[str] = set()
        self._neighbours: Gathering | None = None
        self._place = Place()
        self._guests: dict[str, tuple[Guest, ...]] = {}

    @property
    def view(self) -> store.View:
        """Return what is known, of all that was told until now.

        Events are put into its log only when somebody looks: a storm of them, one by one, would
        cost more than all else.
        """
        if self._fresh:
            self._view = store.gathered(self._view, self._fresh)
            self._fresh.clear()
        return self._view

    @view.setter
    def view(self, view: store.View) -> None:
        self._view = view

    @property
    def guests(self) -> tuple[Guest, ...]:
        """Return who is invited, as the agents told when somebody last looked."""
        return tuple(guest for guests in self._guests.values() for guest in guests)

    def forget_guests(self, nodes: Collection[str]) -> None:
        """Forget who is invited by other agents than those on `nodes`: they are not asked again."""
        self._guests = {node: told for node, told in self._guests.items() if node in nodes}

    @property
    def role(self) -> str:
        """Return what the active configuration lets this console's key do, "" where unknown."""
        return role_of(self._view.active.configuration, str(getattr(self.client, "public", "")))

    @property
    def locked(self) -> str:
        """Return why nothing may be changed from here, "" where it may."""
        return lock_text(self.role, read_only=self._started_read_only)

    @property
    def read_only(self) -> bool:
        """Return whether nothing may be changed from here."""
        return bool(self.locked)

    @property
    def now(self) -> Moment:
        """Return the present moment, by the app's clocks."""
        return self._now()

    async def follow(self) -> None:
        """Read the stream for ever; each break is told, waited out and mended."""
        self._following = asyncio.current_task()
        while True:
            try:
                async with aclosing(self.client.stream()) as items:
                    async for item in items:
                        self._take(item)
                reason = "the stream ended"
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever broke, the console stays
                reason = f"{type(error).__name__}: {error}"
            self._lose(clean(reason, 200))
            await asyncio.sleep(RETRY_S)

    async def gather(self) -> None:
        """Hear all agents, and of other consoles, for ever; returns where there is but a past."""
        if not isinstance(self.client, Neighbourly):
            return
        self._gathering = asyncio.current_task()
        self._neighbours = Gathering(
            self.client,
            view=lambda: self.view,
            happened=self._happened,
            heard=self._heard,
            present=self._present,
        )
        self._neighbours.place = self._place
        await self._neighbours.run()

    async def turn(self) -> None:
        """Turn from an agent that is cut off to one that has quorum, for ever."""
        if not isinstance(self.client, Turnable):
            return
        self._turning = asyncio.current_task()
        turning = Turning(
            self.client,
            view=lambda: self._view,
            agreed=self._agreed,
            may_turn=self.may_turn,
            turned=lambda before, agent: self._post(messages.Turned(before, agent)),
            failed=self._not_turned,
            pace=self.pace,
        )
        await turning.run()

    def _not_turned(self, agent: str, why: str) -> None:
        title = f"Agent {clean(agent, 63)} is not turned to"
        self._post(messages.ProblemArose(title, clean(why, 500)))

    def _agreed(self, agreement: Agreement | None) -> None:
        if agreement != self._view.agreement:
            self.view = replace(self.view, agreement=agreement)
            self.dirty.add("health")

    def be_at(self, place: Place) -> None:
        """Let other consoles know where this one is."""
        self._place = place
        if self._neighbours is not None:
            self._neighbours.place = place

    def _happened(self, events: list[EventLine]) -> None:
        self.view = store.gathered(self.view, events)
        self.dirty.add("events")

    def _heard(self, nodes: tuple[str, ...]) -> None:
        self.view = replace(self.view, agents=nodes)

    def _present(self, others: tuple[Neighbour, ...]) -> None:
        if others != self.view.others:
            self.view = replace(self.view, others=others)
            self.dirty.add("draft")

    async def ask(self, request: Request, *, show: bool = True) -> Answer:
        """Return the answer; a failure comes back as `Refused` and (`show`) is told."""
        answer = await self._answer(self._marked(request))
        if show and isinstance(answer, Refused):
            self._post(messages.ProblemArose(f"Not done ({answer.code})", answer.text))
        return answer

    async def ask_node(self, node: str, request: Request) -> Answer:
        """Return the answer of one node itself, whoever else might know; `Refused` on failure."""
        if self.read_only and isinstance(request, WRITES):
            return Refused("read-only", self.locked)
        active = self.view.active.configuration
        try:
            answer = await self.client.ask_node(node, request, configuration=active)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - told to the person as the answer
            return Refused(type(error).__name__, clean(str(error) or "no answer", 500))
        if isinstance(answer, Joining):
            self._guests[node] = answer.guests
        return answer

    async def close(self) -> None:
        """Stop listening, then let go of the client: its sockets must not be in use."""
        tasks = (self._following, self._gathering, self._turning)
        listening = [task for task in tasks if task is not None]
        for task in listening:
            task.cancel()
        if listening:
            await asyncio.wait(listening, timeout=CLOSE_S)
        with suppress(Exception):
            await self.client.close()

    def check_feed(self) -> None:
        """Tell once when the agent has fallen silent; called by the app's timer."""
        if not self._lost_told and self.view.connection.agent and self._silent():
            self._lost_told = True
            connection = self.view.connection
            trouble = clean(str(getattr(self.client, "trouble", "")), 300)
            self._post(messages.AgentLost(connection.agent, connection.text or trouble))

    def is_own(self, run: DareRun) -> bool:
        """Return whether a DARE was asked for here, also where its answer was lost."""
        if run.mark == RETURN:
            return run.base_digest in self._returned
        return run.mark in self.marks

    def _marked(self, request: Request) -> Request:
        """Return the request so that what it begins is known as one's own, however soon it does."""
        if isinstance(request, EndProbation) and request.end == "return":
            self._returned.add(self._view.active.digest)
        if not isinstance(request, Apply):
            return request
        marked = request if request.mark else replace(request, mark=secrets.token_hex(16))
        self.marks.add(marked.mark)
        return marked

    async def _answer(self, request: Request) -> Answer:
        if self.read_only and isinstance(request, WRITES):
            return Refused("read-only", self.locked)
        try:
            return await self.client.ask(request)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - told to the person as the answer
            return Refused(type(error).__name__, clean(str(error) or "no answer", 500))

    def _silent(self) -> bool:
        return self.view.connection.lost(self._now())

    def _take(self, item: object) -> None:
        if isinstance(item, store.View):
            self._show_past(item)
            return
        if not isinstance(item, STREAMED):
            self._hear_of_agent(str(getattr(item, "name", "") or getattr(item, "agent", "")))
            return
        self._lost_told = False
        if isinstance(item, EventLine):
            self._view = store.heard(self._view, self._now())
            self._fresh.append(item)
            self.dirty.add("events")
            return
        before = self._view
        self._view, topic = store.fold(before, item, self._now())
        self.dirty |= store.TOPICS if isinstance(item, Snapshot) else {topic}
        if topic in store.PASSING and store.is_changed(before, item):
            self.dirty.add("health")
        self._tell(item, before.run, self._view.run)

    def _show_past(self, view: store.View) -> None:
        """Take a whole view, as a replay makes them."""
        first = not self.view.replayed
        self.view = view
        self.dirty |= store.TOPICS
        if first:
            self._post(messages.SnapshotArrived())

    def _hear_of_agent(self, agent: str) -> None:
        self.view = store.connected(self.view, clean(agent, 63), self._now())
        self._lost_told = False
        self.dirty |= store.TOPICS
        self._post(messages.AgentChanged(self.view.connection.agent))

    def _lose(self, reason: str) -> None:
        trying = clean(str(getattr(self.client, "trying", "")), 63)
        self.view = store.lost(self.view, self._now(), trying=trying, text=reason)
        self.dirty |= store.TOPICS

    def _tell(self, item: object, before: DareRun | None, after: DareRun | None) -> None:
        if isinstance(item, Snapshot):
            self._post(messages.SnapshotArrived())
        if isinstance(item, ConfigurationChanged):
            self._post(messages.ConfigurationArrived(draft=item.draft))
        if after is not None and after is not before:
            self._tell_of_run(before, after)

    def _tell_of_run(self, before: DareRun | None, after: DareRun) -> None:
        open_states = {"running", "aborting"}
        was_open = before is not None and before.tx == after.tx and before.state in open_states
        if after.state in open_states:
            told = messages.RunAdvanced(after) if was_open else messages.RunBegan(after)
            self._post(told)
        elif was_open:
            self._post(messages.RunEnded(after))
