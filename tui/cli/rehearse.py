"""`clustertui rehearse FILE`: all that a DARE asks first, of the real nodes, without effect."""

import asyncio
from contextlib import suppress

from nodeagent.client.client import AgentChanged, Client
from nodeagent.client.errors import ClientError
from nodeagent.config.digest import file_digest
from nodeagent.model.run import DareRun, RunStarted, advance, is_rehearsal
from nodeagent.wire.console import Done, Refused, Rehearse
from nodeagent.wire.live import ProgressMade, Snapshot
from tui.cli import exits, files
from tui.cli.access import Way, author
from tui.cli.active import active_of
from tui.cli.asking import snapshot_of, with_client
from tui.cli.dare import Result, Teller
from tui.cli.follow import FLOWING_S, Heard, heard_by
from tui.cli.output import say
from tui.viewmodels.dare import ended_text

LIMIT_S = 120.0
"""Longer than agents wait for the slowest node; fence devices are asked, too."""


def run(way: Way, file: str, *, as_json: bool) -> int:
    """Rehearse FILE. Return the exit code."""
    data = files.read(file)
    teller = Teller(as_json=as_json)

    async def work(client: Client) -> int:
        snapshot = await snapshot_of(client)
        files.usable(file, data, active_of(snapshot), snapshot.cluster.view)
        request = Rehearse(data.decode(), file_digest(snapshot.active.encode()), author())
        async with heard_by(client) as heard:
            agent = await _flowing(heard)
            answer = await client.ask(request)
            if isinstance(answer, Refused):
                for report in answer.reports:
                    say(str(report))
                result = Result("refused", answer.exit_code, text=answer.text)
                return teller.result(result)
            if not isinstance(answer, Done):
                raise ClientError(f"{client.agent} gave another answer: {type(answer).__name__}")
            if not answer.tx:
                return teller.result(Result("done", exits.DONE, text=answer.text))
            last = await _followed(heard, answer.tx, agent, teller)
        return _tell(last, answer.tx, file, teller, as_json=as_json)

    return with_client(way, work)


async def _flowing(heard: "asyncio.Queue[Heard]") -> str:
    """Return the agent whose stream flows, so that nothing of what follows is missed."""
    agent, item = "", None
    with suppress(TimeoutError):
        async with asyncio.timeout(FLOWING_S):
            while not isinstance(item, Snapshot):
                item = await heard.get()
                agent = item.name if isinstance(item, AgentChanged) else agent
    return agent


async def _followed(
    heard: "asyncio.Queue[Heard]", tx: str, agent: str, teller: Teller
) -> DareRun | None:
    """Return the record of the rehearsal at its end, None when the agent that knows it is gone."""
    run: DareRun | None = None
    try:
        async with asyncio.timeout(LIMIT_S):
            while run is None or run.state == "running":
                item = await heard.get()
                if isinstance(item, AgentChanged) and agent and item.name != agent:
                    return None
                if not isinstance(item, ProgressMade):
                    continue
                progress = item.progress
                named = progress.run.tx if isinstance(progress, RunStarted) else progress.tx
                if named == tx and is_rehearsal(tx):
                    run = advance(run, progress)
                    if run is not None:
                        teller.run(run)
    except TimeoutError:
        return None
    return run


def _tell(run: DareRun | None, tx: str, file: str, teller: Teller, *, as_json: bool) -> int:
    if run is None:
        text = "the agent that was asked is gone; rehearse again"
        return teller.result(Result("failed", exits.FAILED, tx, text))
    if run.state != "done":
        result = Result(run.state, exits.INVALID, tx, ended_text(run), seconds=run.seconds)
        return teller.result(result)
    if not as_json:
        say(f"{run.text}; carry it out: clustertui apply {file} --rehearsed {run.rehearsed}")
    result = Result(
        "rehearsed",
        exits.DONE,
        tx,
        run.rehearsed,
        seconds=run.seconds,
        rehearsed=run.rehearsed,
    )
    return teller.result(result)
