"""`clustertui fence NODE` and `clustertui fence confirm NODE`: by hand, and on a person's word.

What changes nothing (the list, a test) is in `fence_checks`.
"""

import asyncio

import click

from nodeagent.client.client import Client
from nodeagent.client.errors import ClientError
from nodeagent.model.configuration import Node
from nodeagent.model.text import clean
from nodeagent.wire.console import Done, Fence, Refused
from nodeagent.wire.live import FenceLive, Snapshot
from tui.cli import exits, fence_checks
from tui.cli.access import Way
from tui.cli.active import active_of
from tui.cli.asking import snapshot_of, with_client
from tui.cli.output import put, put_json, refuse, say
from tui.cli.prompts import may_ask, typed

CONFIRM, TEST = "confirm", "test"
LOOK_SECONDS = 0.5
SPARE_SECONDS = 10.0
"""Beyond the devices' own deadlines."""


def run(way: Way, words: tuple[str, ...], *, yes: str, as_json: bool) -> int:
    """Fence a node, test its devices, take a person's word, or list. Return the exit code."""
    if not words:
        return fence_checks.listed(way, as_json=as_json)
    if len(words) > 1 and words[0] == TEST:
        return fence_checks.test(way, words[1:], as_json=as_json)
    confirmed = len(words) == 2 and words[0] == CONFIRM
    if not confirmed and len(words) != 1:
        raise click.UsageError("name one node: fence NODE, fence confirm NODE or fence test NODE")
    node = words[-1]

    async def work(client: Client) -> int:
        snapshot = await snapshot_of(client)
        nouns = active_of(snapshot).node
        if node not in nouns:
            raise click.UsageError(f"there is no node {clean(node, 63)}: {', '.join(nouns)}")
        typed = yes or _typed(snapshot, node, confirmed=confirmed)
        before = _fence(snapshot, node)
        answer = await client.ask(Fence(node, typed, confirmed))
        if isinstance(answer, Refused):
            return refuse(answer.text, answer.exit_code, as_json=as_json)
        if not isinstance(answer, Done):
            raise ClientError(f"{client.agent} gave another answer: {type(answer).__name__}")
        if confirmed:
            return _tell(FenceLive("done", "operator", text=answer.text), node, as_json=as_json)
        say(answer.text)
        return _tell(await _end(client, nouns[node], node, before), node, as_json=as_json)

    return with_client(way, work, avoid=node)


def _typed(snapshot: Snapshot, node: str, *, confirmed: bool) -> str:
    """Return what a person types after reading what it means; nobody is asked without a terminal.

    Raises UsageError where there is none.
    """
    owned = [group for group, owner in snapshot.cluster.owners.items() if owner == node]
    runs = f"it owns {', '.join(owned)}" if owned else "it owns no group"
    if confirmed:
        say(f"Say this only if you have seen that {node} is off: what it held is started elsewhere")
        say("at once, and runs twice, with damage to its data, if it is not off.")
    else:
        say(f"{node} will be switched off at once; {runs}.")
    if not may_ask():
        raise click.UsageError(f"to confirm without a terminal add --yes {node}")
    return typed(f"Type {node} to go on")


def _fence(snapshot: Snapshot, node: str) -> FenceLive | None:
    return next((live.fence for live in snapshot.nodes if live.node == node), None)


async def _end(client: Client, noun: Node, node: str, before: FenceLive | None) -> FenceLive | None:
    """Return how it ended, None if that is not known after all devices' deadlines."""
    loop = asyncio.get_running_loop()
    until = loop.time() + sum(fence.seconds for fence in noun.fence.values()) + SPARE_SECONDS
    last = max(fence.level for fence in noun.fence.values())
    names = {name for name, fence in noun.fence.items() if fence.level == last}
    while loop.time() < until:
        await asyncio.sleep(LOOK_SECONDS)
        now = _fence(await snapshot_of(client), node)
        if now is None or now == before:
            continue
        ended = now.state == "failed" and names & set(now.device.split(", "))
        if now.state == "done" or ended:
            return now
    return None


def _tell(fence: FenceLive | None, node: str, *, as_json: bool) -> int:
    state = fence.state if fence else "unknown"
    text = fence.text if fence else "no answer yet; see clustertui events"
    if as_json:
        put_json(
            {"node": node, "state": state, "device": fence.device if fence else "", "text": text}
        )
    else:
        put(f"{node}: {'fenced' if state == 'done' else 'not fenced'}: {text}")
    if state == "done":
        return exits.DONE
    return exits.FAILED if state == "failed" else exits.IN_DOUBT
