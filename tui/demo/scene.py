"""What the tour works with: the box, a look at every agent, the client, and the usual moves."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from nodeagent.config.digest import file_digest
from nodeagent.model.run import DareRun
from nodeagent.wire.console import Apply, Drill
from nodeagent.wire.live import Snapshot
from tui.demo import asker
from tui.demo.agents import Agent
from tui.demo.asker import Asker
from tui.demo.watch import NotHeld, Views, Watch, agree, done, require, stable, where

SETTLE_S = 25.0
SERVE_S = 5.0


@dataclass(frozen=True, slots=True)
class Proof:
    """What a step of the tour has shown, in words, and how each node stands after it."""

    detail: str
    nodes: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    run: DareRun | None = None


class Ground(Protocol):
    """What the cluster runs on: a box of processes here, hosts of a network in the lab."""

    names: list[str]
    agents: dict[str, Agent]

    def service_at(self, group: str) -> tuple[str, int]:
        """Return address and port at which clients find `group`."""
        ...


G = TypeVar("G", bound=Ground)


class Scene(Generic[G]):
    """The running box. `alive` are the nodes that are up and known to consoles."""

    def __init__(self, box: G, watch: Watch, client: Asker) -> None:
        self.box = box
        self.watch = watch
        self.client = client
        self.alive = list(box.names)

    async def look(self) -> Views:
        """Return what every living agent knows, each asked by itself."""
        ended = [name for name in self.alive if not self.box.agents[name].alive]
        require(not ended, f"the agent of {' and '.join(ended)} has ended")
        return await self.watch.look_at_all(self.alive)

    async def settle(self, limit_s: float = SETTLE_S) -> Views:
        """Return the views once the living nodes are a stable cluster."""

        async def check() -> Views:
            views = await self.look()
            stable(views)
            return views

        return await self.watch.until(check, limit_s, "a stable cluster")

    async def agreed(self, limit_s: float = SETTLE_S) -> Views:
        """Return the views once all living nodes agree, nobody holds a lock or is suspended."""

        async def check() -> Views:
            views = await self.look()
            agree(views)
            return views

        return await self.watch.until(check, limit_s, "agreement without a lock")

    async def active(self) -> Snapshot:
        """Return the view of the first living agent."""
        return await self.watch.look(self.alive[0])

    async def begin(self, through: str, text: str, reason: str, **owners: str) -> str:
        """Ask the agent `through` for a DARE to `text` with these moves; return its transaction."""
        base = file_digest((await self.watch.look(through)).active.encode())
        apply = Apply(text=text, base=base, reason=reason, author="demo", owners=owners)
        answer = done(await self.watch.ask(through, apply, timeout_s=10.0), reason)
        require(bool(answer.tx), f"{reason}: {answer.text}")
        return answer.tx

    async def begin_fatally(self, through: str, text: str, reason: str) -> None:
        """Ask an agent that is to die of it: its answer may die with it."""
        try:
            await self.begin(through, text, reason)
        except NotHeld as why:
            if self.box.agents[through].alive and "was lost" not in str(why):
                raise

    async def change(self, through: str, text: str, reason: str, **owners: str) -> DareRun:
        """Carry out a DARE to `text` and return its record; NotHeld unless it was done."""
        run = await self.watch.follow(through, await self.begin(through, text, reason, **owners))
        require(run.state == "done", f"{reason}: {told(run)}")
        return run

    async def drill(self, node: str, kind: str, target: str) -> None:
        """Practise a fault at one agent."""
        done(await self.watch.ask(node, Drill(kind=kind, target=target)), f"{kind} {target}")  # type: ignore[arg-type]

    async def served(self, group: str, limit_s: float = SERVE_S) -> str:
        """Return the owner of `group`, once exactly it answers at the group's address."""

        async def check() -> str:
            owner = where(await self.look()).get(group, "")
            require(bool(owner), f"{group} has no owner")
            address, port = self.box.service_at(group)
            try:
                node, _ = await asyncio.to_thread(asker.ask, address, port)
            except (OSError, ValueError, KeyError) as error:
                raise NotHeld(f"{group} at {address}:{port} does not answer: {error}") from None
            require(node == owner, f"{group} belongs to {owner}, but {node} answers")
            return owner

        return await self.watch.until(check, limit_s, f"service {group}")


def told(run: DareRun) -> str:
    """Return how a run ended, with the first reason that any node gave."""
    reasons = [
        f"{row.name} on {node}: {cell.reason}"
        for row in run.steps
        for node, cell in row.cells.items()
        if cell.state in {"failed", "lost"}
    ]
    first = f" ({reasons[0]})" if reasons else ""
    restored = f", {run.restored}" if run.restored else ""
    return f"DARE {run.tx} is {run.state}{restored}: {run.text}{first}"


def per_node(views: Views) -> dict[str, dict[str, object]]:
    """Return each node's own epoch, digest and online groups."""
    found: dict[str, dict[str, object]] = {}
    for name, view in views.items():
        own = next((node for node in view.nodes if node.node == name), None)
        groups = own.groups if own else ()
        found[name] = {
            "epoch": view.cluster.epoch,
            "digest": view.cluster.digest,
            "online": [group.group for group in groups if group.state == "online"],
        }
    return found
