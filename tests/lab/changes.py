"""Steps that several stories share: the cluster starts, and is reconfigured under load."""

import time
from collections.abc import Sequence

from tests.lab.stage import START_S, Stage
from tui.demo.watch import agree, require


async def stable(stage: Stage) -> str:
    """All hosts are in and every group answers the client, from its owner."""
    began = time.monotonic()
    owners = await stage.settled(START_S)
    for group in owners:
        stage.lab.watch(group)
    views = await stage.scene.look()
    placed = ", ".join(f"{group} on {owner}" for group, owner in owners.items())
    seconds = time.monotonic() - began
    return f"{len(views)} hosts in after {seconds:.1f} s, epoch {agree(views)[0]}; {placed}"


async def active(stage: Stage) -> str:
    """Return the active configuration."""
    return (await stage.scene.active()).active


async def add_group(stage: Stage, order: Sequence[str]) -> str:
    """A DARE of resources: the group *mail*."""
    stage.lab.plan.data("mail").mkdir()
    text = stage.lab.plan.with_group(await active(stage), "mail", order)
    return await change(stage, text, "add group mail")


async def change(stage: Stage, text: str, reason: str, adds: str = "") -> str:
    """Carry out a DARE; what it does not name stays where it is, and its clients notice nothing."""
    began = time.monotonic()
    before = await stage.owners()
    run = await stage.scene.change(stage.scene.alive[0], text, reason)
    seconds = time.monotonic() - began
    if adds:
        stage.lab.adopt(adds)
        stage.scene.alive.append(adds)
    after = await stage.settled()
    require({group: after[group] for group in before} == before, f"{before} became {after}")
    for group in after:
        if group not in stage.lab.pollers:
            stage.lab.watch(group)
    kept = await stage.undisturbed(began, *before)
    return f"{reason} ({run.plan.kind}) in {seconds:.1f} s; {kept}"
