"""`clustertui inventory [NODE]` and `agents [AGENT]`: what the nodes have, as they report it."""

import asyncio
import re
from collections.abc import Sequence

import click

from nodeagent.client.client import Client
from nodeagent.client.errors import ClientError
from nodeagent.model.configuration import Configuration
from nodeagent.model.names import AGENT_PATTERN
from nodeagent.wire.console import Refused, Request
from nodeagent.wire.inventory import AgentFound, GetAgent, GetInventory, Inventory
from tui.cli import exits
from tui.cli.access import Way
from tui.cli.active import active_of
from tui.cli.asking import snapshot_of, with_client
from tui.cli.operate import known
from tui.cli.output import put, put_json, put_table, say
from tui.viewmodels.inventory import (
    PREFIX,
    having,
    inventory_rows,
    parameter_rows,
    where_text,
)

AT_ONCE = 16
_AGENT = re.compile(AGENT_PATTERN)


def inventory(way: Way, node: str, *, as_json: bool) -> int:
    """Show what NODE, or each node, has. Return the exit code: 1 when no node answered."""
    found, silent = with_client(way, lambda client: _all(client, node))
    for one in found.values():
        if as_json:
            put_json(one)
            continue
        put(one.node)
        put_table(inventory_rows(one, whole=bool(node)))
        for trouble in one.troubles:
            say(f"{one.node}: {trouble}")
    _tell_silent(silent, as_json=as_json)
    return exits.DONE if found else exits.FAILED


def agents(way: Way, agent: str, *, node: str, as_json: bool) -> int:
    """List the OCF agents, or tell what AGENT takes. Return the exit code."""
    if agent:
        return _one(way, _name(agent), node, as_json=as_json)
    found, silent = with_client(way, lambda client: _all(client, node))
    nodes = having({name: one.agents for name, one in found.items()})
    if as_json:
        for name, have in nodes.items():
            put_json({"agent": f"{PREFIX}{name}", "nodes": have})
    else:
        put_table(
            ((f"{PREFIX}{name}", where_text(have, found)) for name, have in nodes.items()),
            indent="",
        )
    _tell_silent(silent, as_json=as_json)
    return exits.DONE if found else exits.FAILED


def _name(agent: str) -> str:
    name = agent.removeprefix(PREFIX)
    if not _AGENT.match(name):
        raise click.UsageError(f"{agent} is no OCF agent; write it as ocf:heartbeat:IPaddr2")
    return name


def _one(way: Way, agent: str, node: str, *, as_json: bool) -> int:
    async def work(client: Client) -> tuple[AgentFound | None, dict[str, str]]:
        active = await _active(client, node)
        silent: dict[str, str] = {}
        for name in [node] if node else active.node:
            answer = await _ask(client, name, active, GetAgent(agent))
            if isinstance(answer, AgentFound):
                return answer, silent
            silent[name] = str(answer)
        return None, silent

    found, silent = with_client(way, work)
    if found is None:
        _tell_silent(silent, as_json=as_json)
        return exits.FAILED
    if as_json:
        put_json(found)
        return exits.DONE
    put(f"{PREFIX}{agent} on {found.node}: {found.description.short}")
    put_table(parameter_rows(found.description))
    return exits.DONE


async def _all(client: Client, node: str) -> tuple[dict[str, Inventory], dict[str, str]]:
    active = await _active(client, node)
    places = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> Inventory | str:
        async with places:
            answer = await _ask(client, name, active, GetInventory())
            return answer if isinstance(answer, Inventory) else str(answer)

    names: Sequence[str] = [node] if node else list(active.node)
    answers = dict(zip(names, await asyncio.gather(*map(one, names)), strict=True))
    found = {name: one for name, one in answers.items() if isinstance(one, Inventory)}
    return found, {name: one for name, one in answers.items() if isinstance(one, str)}


async def _active(client: Client, node: str) -> Configuration:
    active = active_of(await snapshot_of(client))
    if node:
        known("node", node, active.node)
    return active


async def _ask(
    client: Client, node: str, active: Configuration, request: Request
) -> Inventory | AgentFound | str:
    """Return the answer of a node, or why there is none."""
    try:
        answer = await client.ask_node(node, request, configuration=active)
    except ClientError as error:
        return str(error)
    if isinstance(answer, Inventory | AgentFound):
        return answer
    return answer.text if isinstance(answer, Refused) else "gave an answer that is not understood"


def _tell_silent(silent: dict[str, str], *, as_json: bool) -> None:
    for name, reason in silent.items():
        if as_json:
            put_json({"node": name, "silent": reason})
        else:
            say(f"{name} told nothing: {reason}")
