"""`clustertui fence` and `clustertui fence test NODE`: which devices there are, and do they answer.

Each node is asked itself: a device that answers one of them need not answer the others.
"""

import asyncio
import time
from collections.abc import Iterator

import click

from nodeagent.client.client import Client
from nodeagent.client.errors import ClientError
from nodeagent.model.configuration import Configuration, Node
from nodeagent.model.text import clean
from nodeagent.wire.console import Done, Refused, Request
from nodeagent.wire.fencing import FenceCheck, FenceChecks, GetFenceChecks, TestFence
from nodeagent.wire.live import FenceLive, Snapshot
from tui.cli import exits
from tui.cli.access import Way
from tui.cli.active import active_of
from tui.cli.asking import snapshot_of, with_client
from tui.cli.operate import known
from tui.cli.output import put, put_json, put_table, say
from tui.viewmodels.ages import moment_text
from tui.viewmodels.fencing_page import levels_text

LOOK_S = 0.5
SPARE_S = 15.0
"""Beyond the device's own deadline: its agent's meta-data are read before."""
Checks = dict[str, tuple[FenceCheck, ...]]


def listed(way: Way, *, as_json: bool) -> int:
    """List each node's devices, their newest checks and the last fencing. Return the exit code."""

    async def work(client: Client) -> tuple[Snapshot, Checks]:
        snapshot = await snapshot_of(client)
        return snapshot, await _all(client, snapshot, active_of(snapshot))

    snapshot, checks = with_client(way, work)
    nodes = active_of(snapshot).node
    rows = [_row(snapshot, checks, name, noun) for name, noun in nodes.items()]
    if as_json:
        put_json([
            {"node": name, "fence": noun.fence, "last": _fence(snapshot, name),
             "checks": [{"by": by, "check": one} for by, one in _of(checks, name)]}
            for name, noun in nodes.items()
        ])  # fmt: skip
    else:
        put_table([("node", "devices by level", "last check", "last fencing"), *rows])
    return exits.DONE


def _row(snapshot: Snapshot, checks: Checks, name: str, noun: Node) -> tuple[str, ...]:
    newest = max(_of(checks, name), key=lambda one: one[1].time, default=None)
    check = "-"
    if newest is not None:
        by, one = newest
        check = f"{one.device} from {by}: {one.state}, {_when(one.time)}"
    fence = _fence(snapshot, name)
    last = "-"
    if fence is not None:
        last = f"{fence.state}, by {fence.device or fence.by}, {_when(fence.time)}"
    return (name, levels_text(noun), check, last)


def test(way: Way, words: tuple[str, ...], *, as_json: bool) -> int:
    """Have the devices of a node asked by each other node. Return the exit code."""
    if len(words) > 2:
        raise click.UsageError("name one node, and one of its devices or none")
    node, device = (*words, "")[:2]

    async def work(client: Client) -> int:
        snapshot = await snapshot_of(client)
        active = active_of(snapshot)
        known("node", node, active.node)
        devices = active.node[node].fence
        if device:
            known("fence device", device, devices)
        seconds = sum(fence.seconds for fence in devices.values()) + SPARE_S
        code = exits.DONE
        for by in _up(snapshot):
            if by != node:
                found = await _tested(client, active, by, TestFence(node, device), seconds)
                code = max(code, _tell(by, node, found, as_json=as_json))
        return code

    return with_client(way, work)


async def _tested(
    client: Client, active: Configuration, by: str, request: TestFence, seconds: float
) -> tuple[FenceCheck, ...] | str:
    """Return what `by` found, or why that is not known."""
    answer = await _ask(client, active, by, request)
    if not isinstance(answer, Done):
        return str(answer)
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        told = await _ask(client, active, by, GetFenceChecks())
        if not isinstance(told, FenceChecks):
            return str(told)
        found = tuple(
            check
            for check in told.checks
            if check.node == request.node and request.device in {"", check.device}
        )
        if found and all(check.state != "running" for check in found):
            return found
        await asyncio.sleep(LOOK_S)
    return f"it was not told within {seconds:g} s"


def _tell(by: str, node: str, found: tuple[FenceCheck, ...] | str, *, as_json: bool) -> int:
    if isinstance(found, str):
        if as_json:
            put_json({"node": node, "by": by, "silent": found})
        else:
            say(f"{by} did not test {node}: {found}")
        return exits.FAILED
    for check in found:
        if as_json:
            put_json({"by": by, "check": check})
        else:
            word = "answers" if check.state == "ok" else "FAILED"
            put(f"{node}: {check.device} from {by}: {word}: {check.text}")
    return exits.DONE if all(check.state == "ok" for check in found) else exits.FAILED


async def _all(client: Client, snapshot: Snapshot, active: Configuration) -> Checks:
    nodes = _up(snapshot)
    answers = await asyncio.gather(*(_ask(client, active, n, GetFenceChecks()) for n in nodes))
    pairs = zip(nodes, answers, strict=True)
    return {node: one.checks for node, one in pairs if isinstance(one, FenceChecks)}


async def _ask(
    client: Client, active: Configuration, node: str, request: Request
) -> Done | FenceChecks | str:
    """Return the answer of a node, or why there is none."""
    try:
        answer = await client.ask_node(node, request, configuration=active)
    except ClientError as error:
        return str(error)
    if isinstance(answer, Done | FenceChecks):
        return answer
    return clean(answer.text) if isinstance(answer, Refused) else "its answer is not understood"


def _up(snapshot: Snapshot) -> list[str]:
    return [live.node for live in snapshot.nodes if live.state == "up"]


def _of(checks: Checks, node: str) -> Iterator[tuple[str, FenceCheck]]:
    for by, found in checks.items():
        yield from ((by, check) for check in found if check.node == node)


def _when(unix: float) -> str:
    return moment_text(unix, time.time())


def _fence(snapshot: Snapshot, node: str) -> FenceLive | None:
    return next((live.fence for live in snapshot.nodes if live.node == node), None)
