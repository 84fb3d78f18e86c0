"""Steps that several stories share: a node dies or is cut off, and the others go on."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from tests.lab.plan import address_of
from tests.lab.stage import RECOVER_S, Stage
from tests.support.witness import services
from tui.demo.watch import require, state_at

Step = Callable[[Stage, str], Awaitable[str]]


async def of_owner(stage: Stage, group: str, step: Step) -> str:
    """Let `step` happen to the owner of `group`."""
    return await step(stage, (await stage.owners())[group])


async def agent_killed(stage: Stage, victim: str) -> str:
    """kill -9 of the agent alone: its host lives on, and nothing that it served is left there."""
    lab = stage.lab
    addresses = [address_of(group) for group in await stage.owners()]

    async def clean() -> None:
        shown = await asyncio.to_thread(lab.hosts[victim].run, "ip", "-o", "addr")
        left = [address for address in addresses if f" {address}/" in shown]
        left += [group for _, group, node in services() if node == victim]
        require(not left, f"{victim} still has {' and '.join(left)}")

    kill, start = lab.agents[victim].kill, lambda: lab.run(victim)
    return await _gone(stage, victim, kill, start, meanwhile=clean)


async def node_death(stage: Stage, victim: str) -> str:
    """The power of the host fails."""
    lab = stage.lab
    return await _gone(stage, victim, lambda: lab.power_off(victim), lambda: lab.power_on(victim))


async def cut_off(stage: Stage, victim: str) -> str:
    """No node hears `victim` any more, nor it them; clients reach all of them."""
    switch = stage.lab.switch
    rest = [name for name in stage.scene.alive if name != victim]

    async def silent() -> None:
        """It knows that it may not go on, and runs nothing."""
        view = await stage.watch.look(victim)
        require(not view.cluster.quorum, f"{victim} still believes in its quorum")
        for group in view.cluster.owners:
            state = state_at(view, victim, group)
            require(state != "online", f"{group} is {state} on {victim}")

    before = await _before(stage)
    began = time.monotonic()
    await asyncio.to_thread(switch.part, [victim], rest)
    told = await _go_on_without(stage, victim, before, began)
    await stage.watch.until(silent, RECOVER_S, f"{victim} alone is silent")
    await asyncio.to_thread(switch.mend)
    await stage.back(victim)
    return f"{told}; {victim} ran nothing, and is back"


async def _nothing() -> None:
    """Ask for no more."""


async def _gone(
    stage: Stage,
    victim: str,
    end: Callable[[], None],
    begin: Callable[[], None],
    meanwhile: Callable[[], Awaitable[None]] = _nothing,
) -> str:
    before = await _before(stage)
    began = time.monotonic()
    await asyncio.to_thread(end)
    told = await _go_on_without(stage, victim, before, began)
    await meanwhile()
    await asyncio.to_thread(begin)
    await stage.back(victim)
    return f"{told}; {victim} is back"


@dataclass(frozen=True, slots=True)
class Before:
    """How it was: the owners, and what each service has counted."""

    owners: Mapping[str, str]
    counts: Mapping[str, int]


async def _before(stage: Stage) -> Before:
    owners = await stage.owners()
    return Before(owners, await stage.counted(owners))


async def _go_on_without(stage: Stage, victim: str, before: Before, began: float) -> str:
    """Wait until the others serve all groups; return what became of them, in words."""
    lost = [group for group, owner in before.owners.items() if owner == victim]
    stage.scene.alive.remove(victim)
    after = await stage.without(victim)
    seconds = time.monotonic() - began
    kept = [group for group in after if group not in lost]
    stayed = all(after[group] == before.owners[group] for group in kept)
    require(stayed, f"{before.owners} became {after}")
    for group, count in (await stage.counted(after)).items():
        had = before.counts[group]
        require(count > had, f"{group} counts {count} after {had}: its data did not come along")
    moved = ", ".join(f"{group} on {after[group]}" for group in lost) or "nothing moved"
    return f"{moved} after {seconds:.1f} s; {await stage.undisturbed(began, *kept)}"
