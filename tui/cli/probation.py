"""`clustertui confirm` and `clustertui return`: how a probation ends before its time."""

import asyncio
from typing import Literal

from nodeagent.client.client import Client
from nodeagent.client.errors import ClientError
from nodeagent.wire.console import Done, EndProbation, Refused
from nodeagent.wire.live import ProbationLive, Snapshot
from tui.cli import exits
from tui.cli.access import Way, author
from tui.cli.asking import snapshot_of, with_client
from tui.cli.output import put, put_json

LOOK_S = 0.3
CONFIRM_S = 20.0
"""Longer than agents try to decide a confirmation."""
RETURN_S = 600.0


def run(way: Way, end: Literal["confirm", "return"], *, as_json: bool) -> int:
    """End the open probation and wait until it has ended. Return the exit code."""

    async def work(client: Client) -> int:
        snapshot = await snapshot_of(client)
        probation = snapshot.cluster.probation
        if probation is None:
            text = f"nothing is on probation; epoch {snapshot.cluster.epoch} is active"
            return _tell("nothing", exits.FAILED, text, as_json=as_json)
        answer = await client.ask(EndProbation(probation.tx, end, author()))
        if isinstance(answer, Refused):
            return _tell("refused", answer.exit_code, answer.text, as_json=as_json)
        if not isinstance(answer, Done):
            raise ClientError(f"{client.agent} gave another answer: {type(answer).__name__}")
        last = await _ended(client, probation, CONFIRM_S if end == "confirm" else RETURN_S)
        return _judge(last, probation, end, as_json=as_json)

    return with_client(way, work)


async def _ended(client: Client, probation: ProbationLive, limit_s: float) -> Snapshot:
    """Return the cluster once the probation is over, or as it is when nobody waits longer."""
    loop = asyncio.get_running_loop()
    until = loop.time() + limit_s
    while True:
        snapshot = await snapshot_of(client)
        now = snapshot.cluster.probation
        if now is None or now.tx != probation.tx or loop.time() > until:
            return snapshot
        await asyncio.sleep(LOOK_S)


def _judge(
    last: Snapshot, probation: ProbationLive, end: Literal["confirm", "return"], *, as_json: bool
) -> int:
    """Say how it ended: another one's wish, or its time, may have come first."""
    cluster = last.cluster
    if cluster.probation is not None and cluster.probation.tx == probation.tx:
        why = cluster.probation.problem or "it was not decided in time"
        return _tell("open", exits.BUSY, f"still on probation: {why}", as_json=as_json)
    if cluster.made_by == probation.tx:
        code = exits.DONE if end == "confirm" else exits.FAILED
        return _tell("confirmed", code, f"epoch {cluster.epoch} stays", as_json=as_json)
    code = exits.ABORTED if end == "confirm" else exits.DONE
    text = f"epoch {cluster.epoch} has the configuration of epoch {probation.previous} again"
    return _tell("returned", code, text, as_json=as_json)


def _tell(result: str, code: int, text: str, *, as_json: bool) -> int:
    if as_json:
        put_json({"result": result, "exit": code, "text": text})
    else:
        put(f"{result}: {text}")
    return code
