"""Looking at the cluster from outside: every agent by itself, until something holds."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

from nodeagent.client.access import Access
from nodeagent.client.client import Client, Limits
from nodeagent.client.errors import ClientError
from nodeagent.model.run import DareRun
from nodeagent.wire.console import Answer, Done, GetSnapshot, Request
from nodeagent.wire.live import GroupLive, Snapshot

LOOK_S = 2.0
PAUSE_S = 0.05
RUN_S = 60.0
QUICK = Limits(connect_s=1.0, silence_s=LOOK_S)
FINAL = frozenset({"done", "refused", "aborted", "in-doubt"})

T = TypeVar("T")
Views = Mapping[str, Snapshot]


class NotHeld(Exception):  # noqa: N818 - reads as a sentence
    """Something that should be so is not; the text says which and why."""


class Watch:
    """One client for each agent. `access_to` gives the access to one of them alone."""

    def __init__(self, access_to: Callable[[str], Access]) -> None:
        self._access_to = access_to
        self._clients: dict[str, Client] = {}

    async def ask(self, node: str, request: Request, *, timeout_s: float = 5.0) -> Answer:
        """Ask this agent and no other; NotHeld when it does not answer."""
        if node not in self._clients:
            self._clients[node] = Client(self._access_to(node), limits=QUICK)
        try:
            return await self._clients[node].ask(request, timeout_s=timeout_s)
        except ClientError as error:
            raise NotHeld(str(error)) from None

    async def look(self, node: str) -> Snapshot:
        """Return what this agent knows; NotHeld when it does not answer."""
        answer = await self.ask(node, GetSnapshot(), timeout_s=LOOK_S)
        if not isinstance(answer, Snapshot):
            raise NotHeld(f"{node} gave no snapshot: {answer}")
        return answer

    async def look_at_all(self, nodes: Callable[[], "list[str]"] | list[str]) -> Views:
        """Return what each agent knows; NotHeld when one does not answer."""
        names = nodes if isinstance(nodes, list) else nodes()
        looks = (self.look(name) for name in names)
        found = await asyncio.gather(*looks, return_exceptions=True)
        views = {}
        for name, view in zip(names, found, strict=True):
            if isinstance(view, BaseException):
                raise view
            views[name] = view
        return views

    async def until(self, check: Callable[[], Awaitable[T]], limit_s: float, what: str) -> T:
        """Return what `check` returns once it raises NotHeld no more; NotHeld after `limit_s`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit_s
        while True:
            try:
                return await check()
            except NotHeld as reason:
                if loop.time() > deadline:
                    raise NotHeld(f"{what}: not within {limit_s:.0f} s: {reason}") from None
            await asyncio.sleep(PAUSE_S)

    async def follow(self, node: str, tx: str, limit_s: float = RUN_S) -> DareRun:
        """Return the run `tx` once this agent's record of it is finished."""

        async def finished() -> DareRun:
            snapshot = await self.look(node)
            runs = (*snapshot.runs, *((snapshot.run,) if snapshot.run else ()))
            run: DareRun | None = next((run for run in reversed(runs) if run.tx == tx), None)
            if run is None or run.state not in FINAL:
                raise NotHeld(f"DARE {tx} is {run.state if run else 'not known'} at {node}")
            return run

        return await self.until(finished, limit_s, f"end of DARE {tx}")

    async def close(self) -> None:
        """Give back all clients."""
        for client in self._clients.values():
            await client.close()
        self._clients.clear()


def done(answer: Answer, what: str) -> Done:
    """Return `answer` if it is Done; NotHeld with its words if not."""
    if isinstance(answer, Done):
        return answer
    raise NotHeld(f"{what} was not done: {getattr(answer, 'text', answer)}")


def require(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - the condition comes first
    """Raise NotHeld with `otherwise` unless it holds."""
    if not holds:
        raise NotHeld(otherwise)


def agree(views: Views) -> tuple[int, str]:
    """Return the (epoch, digest) of all agents, all unlocked; NotHeld when they differ."""
    require(bool(views), "no agent runs")
    found = {name: (view.cluster.epoch, view.cluster.digest) for name, view in views.items()}
    told = ", ".join(f"{name} {epoch}/{digest[:8]}" for name, (epoch, digest) in found.items())
    require(len(set(found.values())) == 1, f"epochs differ: {told}")
    for name, view in views.items():
        require(not view.cluster.lock, f"{name} says a lock is held: {view.cluster.lock}")
        require(not view.cluster.suspended, f"{name} is suspended")
        require(view.cluster.quorum, f"{name} has no quorum")
    return next(iter(found.values()))


def stable(views: Views) -> tuple[int, str]:
    """Return the (epoch, digest) of a cluster where all asked are in and every group is online."""
    agreed = agree(views)
    for name, view in views.items():
        missing = set(views) - set(view.cluster.view)
        require(not missing, f"{name} does not count in {', '.join(sorted(missing))}")
        own = next((live for live in view.nodes if live.node == name), None)
        require(own is not None and own.member, f"{name} was started anew and is not in yet")
        word = view.cluster.state
        whole = {node.node for node in view.nodes} <= set(views)  # a dead node makes it unstable
        require(word == "stable" or not whole, f"{name} calls the cluster {word}{_because(view)}")
        for group, owner in view.cluster.owners.items():
            require(bool(owner), f"{group} has no owner")
            require(owner in views, f"{group} belongs to {owner}, which is not asked")
            state = state_at(views[owner], owner, group)
            require(state == "online", f"{group} is {state} on {owner}")
    owners = {tuple(sorted(view.cluster.owners.items())) for view in views.values()}
    require(len(owners) == 1, f"owners differ: {owners}")
    return agreed


def _because(view: Snapshot) -> str:
    """Return what an agent sees that is not as it should be: nodes, and groups at their owners."""
    nodes = [f"{node.node} is {node.state}" for node in view.nodes if node.state != "up"]
    seen = {
        group: state_at(view, owner, group) for group, owner in view.cluster.owners.items() if owner
    }
    groups = [
        f"{group} is {state} on {view.cluster.owners[group]}"
        for group, state in seen.items()
        if state != "online"
    ]
    why = ", ".join((*nodes, *groups))
    return f": {why}" if why else ""


def state_at(view: Snapshot, node: str, group: str) -> str:
    """Return the state of a group as the node itself reports it."""
    live = group_at(view, node, group)
    return live.state if live else "not reported"


def group_at(view: Snapshot, node: str, group: str) -> GroupLive | None:
    """Return what a node says of a group."""
    nodes = (live for live in view.nodes if live.node == node)
    return next((item for live in nodes for item in live.groups if item.group == group), None)


def where(views: Views) -> dict[str, str]:
    """Return the owner of every group, as all agents say; NotHeld when they differ."""
    owners = [dict(view.cluster.owners) for view in views.values()]
    require(all(one == owners[0] for one in owners), f"owners differ: {owners}")
    return owners[0]


def groups(views: Views) -> list[str]:
    """Return all groups, whoever owns them: a takeover may be on its way to some of the agents."""
    return sorted({group for view in views.values() for group in view.cluster.owners})


def staged_files(folder: Path, names: list[str]) -> list[str]:
    """Return the nodes on whose disk a temporary configuration lies."""
    return [name for name in names if (folder / name / "state" / "temporary.toml").exists()]
