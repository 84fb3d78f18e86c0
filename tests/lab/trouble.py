"""Stories of more faults: the application, the disk, the power switch, and a node that leaves."""

import asyncio
import os
import signal
import time

from nodeagent.config import edit
from tests.lab import changes, deaths
from tests.lab.disk import NoDiskError
from tests.lab.stage import RECOVER_S, Stage, Steps
from tests.lab.tour import Tour
from tests.support.witness import services
from tui.demo.watch import NotHeld, require

STAYS_S = 6.0
"""Longer than any takeover wait of these stories."""


def faults(stage: Stage) -> Steps:
    """Return the steps of what three hosts can still suffer."""
    tour = Tour(stage)
    return (
        ("stable", lambda: changes.stable(stage)),
        ("disk-refused", lambda: disk_refused(stage)),
        ("disk-refused-to-heir", lambda: disk_refused_to_heir(stage)),
        ("application-restart", lambda: application_restart(stage)),
        ("application-fallover", lambda: application_fallover(stage)),
        ("add-node", tour.add_node),
        ("remove-node", lambda: remove_node(stage)),
    )


def fencing(stage: Stage) -> Steps:
    """Return the steps of hosts that can switch each other off, and must."""
    return (
        ("stable", lambda: changes.stable(stage)),
        ("fence-success", lambda: deaths.of_owner(stage, "web", deaths.node_death)),
        ("fence-of-living", lambda: fence_of_living(stage)),
        ("fence-failure", lambda: fence_failure(stage)),
    )


# -- the application


async def application_restart(stage: Stage) -> str:
    """kill -9 of the application: it is started again where it was."""
    before, began = await stage.owners(), time.monotonic()
    await _killed("web")
    await stage.watch.until(lambda: _serves("web", before["web"]), RECOVER_S, "web runs again")
    after = await stage.settled()
    require(after == before, f"{before} became {after}")
    kept = await stage.undisturbed(began, *(g for g in before if after[g] != after["web"]))
    return f"web was started again on {before['web']}; {kept}"


async def application_fallover(stage: Stage) -> str:
    """It is killed once more than it may: its group goes to the next host."""
    before, began = await stage.owners(), time.monotonic()

    async def left() -> None:
        owner = (await stage.owners())["web"]
        require(owner not in {"", before["web"]}, f"web is with {owner or 'nobody'}")

    await _killed("web")
    await stage.watch.until(left, RECOVER_S, "web is given up")
    after = await stage.settled()
    kept = await stage.undisturbed(began, *(g for g in before if before[g] != before["web"]))
    return f"web from {before['web']} to {after['web']}; {kept}"


async def _killed(group: str) -> None:
    pids = [pid for pid, name, _ in services() if name == group]
    require(bool(pids), f"{group} runs nowhere")
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + RECOVER_S
    while {pid for pid, _, _ in services()} & set(pids):
        require(time.monotonic() < deadline, f"{group} does not die")
        await asyncio.sleep(0.02)


async def _serves(group: str, node: str) -> None:
    found = [where for _, name, where in services() if name == group]
    require(found == [node], f"{group} runs on {found}")


# -- the disk


async def disk_refused(stage: Stage) -> str:
    """A move to a host that cannot read the disk is undone, and clients are served as before."""
    before, began = await stage.owners(), time.monotonic()
    target = next(name for name in stage.lab.cast.members if name not in before.values())
    await _hide_disk(stage, target, hidden=True)
    try:
        await stage.move("web", target)
    except NotHeld as reason:
        told = str(reason)
    else:
        raise NotHeld(f"web went to {target}, which has no disk")
    await _hide_disk(stage, target, hidden=False)
    after = await stage.settled()
    require(after == before, f"{before} became {after}")
    require("aborted, restored" in told, told)
    kept = await stage.undisturbed(began, "orders")
    return f"{target} could not mount, web is back on {before['web']}; {kept}"


async def disk_refused_to_heir(stage: Stage) -> str:
    """The owner dies, and the first heir cannot mount: the next one takes the group."""
    before = await stage.owners()
    order = [stage.lab.cast.members[n] for n in stage.lab.cast.groups["web"]]
    heir = next(name for name in order if name != before["web"])
    await _hide_disk(stage, heir, hidden=True)
    told = await deaths.of_owner(stage, "web", deaths.node_death)
    owner = (await stage.owners())["web"]
    await _hide_disk(stage, heir, hidden=False)
    require(owner not in {heir, before["web"]}, f"web is with {owner}")
    return f"{heir} could not mount; {told}"


async def _hide_disk(stage: Stage, host: str, *, hidden: bool) -> None:
    device = stage.lab.plan.device
    if not device:
        raise NoDiskError("there is no shared disk here")
    words = ("mount", "--bind", "/dev/null", device) if hidden else ("umount", device)
    await asyncio.to_thread(stage.lab.hosts[host].run, *words)


# -- the power switch


async def fence_of_living(stage: Stage) -> str:
    """The owner is cut off and lives: it is switched off before another one takes its group."""
    lab, victim = stage.lab, (await stage.owners())["web"]
    rest = [name for name in stage.scene.alive if name != victim]
    began = time.monotonic()
    await asyncio.to_thread(lab.switch.part, [victim], rest)
    stage.scene.alive.remove(victim)
    after = await stage.without(victim)
    require(not lab.hosts[victim].is_up, f"{victim} was not switched off")
    seconds = time.monotonic() - began
    await asyncio.to_thread(lab.switch.mend)
    await asyncio.to_thread(lab.power_on, victim)
    await stage.back(victim)
    return f"{victim} was switched off, web on {after['web']} after {seconds:.1f} s; it is back"


async def fence_failure(stage: Stage) -> str:
    """The power switch is broken: the group waits, however long, until it works."""
    lab, before = stage.lab, await stage.owners()
    victim, power = before["web"], stage.lab.power
    assert power is not None, "this cast has one"
    power.turn(broken=True)
    await asyncio.to_thread(lab.power_off, victim)
    stage.scene.alive.remove(victim)
    await asyncio.sleep(STAYS_S)
    running = [node for _, group, node in services() if group == "web"]
    require(not running, f"web runs on {running}, and {victim} was not fenced")
    power.turn(broken=False)
    mended = time.monotonic()
    after = await stage.without(victim)
    seconds = time.monotonic() - mended
    await asyncio.to_thread(lab.power_on, victim)
    await stage.back(victim)
    return (
        f"nobody took web for {STAYS_S:.0f} s; on {after['web']} {seconds:.1f} s after the "
        "switch was mended"
    )


# -- a node that leaves


async def remove_node(stage: Stage) -> str:
    """A DARE of topology: the spare host goes again."""
    lab, spare, began = stage.lab, stage.lab.cast.spares[0], time.monotonic()
    text = edit.remove(await changes.active(stage), ("node", spare))
    before = await stage.owners()
    run = await stage.scene.change(stage.scene.alive[0], text, f"remove node {spare}")
    seconds = time.monotonic() - began
    stage.scene.alive.remove(spare)
    await asyncio.to_thread(lab.forget, spare)
    require(await stage.settled() == before, "a group moved")
    kept = await stage.undisturbed(began, *before)
    return f"{spare} left ({run.plan.kind}) in {seconds:.1f} s; {kept}"
