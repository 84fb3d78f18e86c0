"""`clustertui abort`: ask the coordinator of the running DARE to abort it."""

from nodeagent.client.client import Client
from nodeagent.client.errors import ClientError
from nodeagent.wire.console import Abort, Done, Refused
from tui.cli import exits
from tui.cli.access import Way
from tui.cli.asking import snapshot_of, with_client
from tui.cli.output import put, put_json
from tui.viewmodels import dare


def run(way: Way, tx: str, *, as_json: bool) -> int:
    """Ask for the abort of the running DARE, which must be `tx` where one is named."""

    async def work(client: Client) -> int:
        running = (await snapshot_of(client)).run
        if running is None or not dare.can_abort(running) or (tx and running.tx != tx):
            text = "nothing is running that could be aborted"
            if running is not None and dare.decided(running) and tx in {"", running.tx}:
                text = f"DARE {running.tx} cannot be aborted: it is decided, or over"
            elif running is not None and dare.can_abort(running):
                text = f"DARE {tx} is not running; {running.tx} is"
            return _tell("refused", exits.FAILED, text, as_json=as_json)
        answer = await client.ask(Abort(running.tx))
        if isinstance(answer, Refused):
            return _tell("refused", answer.exit_code, answer.text, as_json=as_json)
        if not isinstance(answer, Done):
            raise ClientError(f"{client.agent} gave another answer: {type(answer).__name__}")
        text = answer.text or f"abort of DARE {running.tx} asked for"
        return _tell("asked", exits.DONE, text, as_json=as_json)

    return with_client(way, work)


def _tell(result: str, code: int, text: str, *, as_json: bool) -> int:
    if as_json:
        put_json({"result": result, "exit": code, "text": text})
    else:
        put(text)
    return code
