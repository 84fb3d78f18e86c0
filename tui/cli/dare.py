"""Asking for a DARE and telling what becomes of it: shared by `apply` and `operate`."""

import asyncio
import secrets

from msgspec import Struct
from msgspec.structs import replace

from nodeagent.client.client import Client
from nodeagent.client.errors import TimedOut
from nodeagent.model.rehearsal import DRIFTED
from nodeagent.model.reports import Report
from nodeagent.model.run import DareRun, is_rehearsal
from nodeagent.wire.console import Apply, Done, Refused
from nodeagent.wire.live import Snapshot
from tui.cli import exits
from tui.cli.follow import Follower, follow_to_end, heard_by, take_first
from tui.cli.output import complain, put, put_json, say
from tui.cli.progress import is_worth_a_line, item_line, news
from tui.viewmodels.dare import ended_text
from tui.viewmodels.preview import Foretold, outcome_text, outcomes

ANSWER_S = 15.0
LOOK_ON = "`clustertui status` and `clustertui events --follow` show how it goes on"


class Away(Struct, frozen=True):
    """For how long a group was away, or took to start: forecast and actual, in seconds.

    -1 is not known. `text` says the same to people.
    """

    group: str
    low_s: float = -1.0
    median_s: float = -1.0
    high_s: float = -1.0
    actual_s: float = -1.0
    records: int = 0
    text: str = ""


class Result(Struct, frozen=True):
    """How a DARE ended: `result` and `exit` say the same to people and to scripts."""

    result: str
    exit: int
    tx: str = ""
    text: str = ""
    restored: str = ""
    seconds: float = 0.0
    detection_gap_ms: int = 0
    detection_gap_node: str = ""
    reports: tuple[Report, ...] = ()
    rehearsed: str = ""
    groups: tuple[Away, ...] = ()


class Teller:
    """Writes a run's news, as lines or as JSON objects."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._told: DareRun | None = None

    def run(self, run: DareRun) -> None:
        """Write what is new in `run`."""
        if self._told is None and run.nodes:
            who = "asked by" if is_rehearsal(run.tx) else "DARE {}: coordinator"
            say(f"{who.format(run.tx)} {run.coordinator}, nodes {', '.join(run.nodes)}")
        elif self._told is not None and run.coordinator != self._told.coordinator:
            say(f"DARE {run.tx}: {self._told.coordinator} was lost; {run.coordinator} goes on")
        for item in news(self._told, run):
            if self._as_json:
                put_json(item)
                continue
            if not is_worth_a_line(item):
                continue
            put(item_line(item))
            for line in item.evidence if item.state == "failed" else ():
                put(f"  | {line}")
        self._told = run

    def result(self, result: Result) -> int:
        """Write the last line and return the exit code."""
        if self._as_json:
            put_json(result)
        else:
            if result.detection_gap_ms > 0:
                where = f" on {result.detection_gap_node}" if result.detection_gap_node else ""
                put(f"longest gap in failure detection: {result.detection_gap_ms} ms{where}")
            for away in result.groups:
                put(away.text)
            put(f"{result.result}: {result.text}")
        return result.exit


async def carry_out(client: Client, snapshot: Snapshot, apply: Apply, teller: Teller) -> int:
    """Ask for `apply`, follow the run to its end, return the exit code."""
    apply = replace(apply, mark=secrets.token_hex(16))
    follower = Follower(snapshot.cluster, apply.mark, teller.run)
    async with heard_by(client) as heard:
        try:
            await take_first(follower, heard)
            answer = await _ask(client, apply)
            if isinstance(answer, Refused):
                return _refused(answer, teller)
            if answer is not None and not answer.tx:
                return teller.result(Result("done", exits.DONE, text=answer.text))
            follower.tx = answer.tx if answer is not None else ""
            await follow_to_end(follower, heard, client)
        except asyncio.CancelledError:
            say(f"interrupted; a DARE that has begun goes on without this command: {LOOK_ON}")
            raise
    return teller.result(result_of(follower, client))


async def _ask(client: Client, apply: Apply) -> Done | Refused | None:
    """Return the answer, None when it was lost on the way and the cluster has to be looked at."""
    try:
        answer = await client.ask(apply, timeout_s=ANSWER_S)
    except TimedOut as error:
        complain(f"{error.text}; looking at the cluster to see what became of it")
        return None
    assert isinstance(answer, Done | Refused), "the others are answers to looking"
    return answer


def _refused(answer: Refused, teller: Teller) -> int:
    for report in answer.reports:
        say(str(report))
    result = Result("refused", answer.exit_code, text=answer.text, reports=answer.reports)
    return teller.result(result)


def result_of(follower: Follower, client: Client) -> Result:
    """Return how the followed run ended, as far as is known."""
    run = follower.run
    if run is None or not follower.ended:
        text = client.trouble or "no agent told how it ended"
        return Result("in-doubt", exits.IN_DOUBT, follower.tx, f"{text}; {LOOK_ON}")
    return Result(
        run.state,
        exit_of(run),
        run.tx,
        ended_text(run),
        run.restored,
        run.seconds,
        run.detection_gap_ms,
        run.detection_gap_node,
        groups=tuple(_away(one) for one in outcomes(run)),
    )


def _away(one: Foretold) -> Away:
    told, text = one.forecast, outcome_text(one)
    actual = -1.0 if one.actual_s is None else round(one.actual_s, 3)
    if told is None or not told.known:
        return Away(one.group, actual_s=actual, text=text)
    return Away(one.group, told.low_s, told.median_s, told.high_s, actual, told.records, text)


def exit_of(run: DareRun) -> int:
    """Return the exit code for an ended run.

    An abort counts as undone unless something is named that could not be brought back; then it is
    a failure, and in doubt where that is not known.
    """
    if run.state == "refused":
        return _exit_of_refusal(run)
    if run.state == "aborted":
        codes = {"restored-except": exits.FAILED, "unknown": exits.IN_DOUBT}
        return codes.get(run.restored, exits.ABORTED)
    return {"done": exits.DONE, "in-doubt": exits.IN_DOUBT}.get(run.state, exits.FAILED)


def _exit_of_refusal(run: DareRun) -> int:
    failed = next((row for row in run.steps if row.state == "failed"), None)
    if failed is None:
        return exits.FAILED
    if failed.name == "verify":
        return exits.STALE if DRIFTED in failed.reason else exits.INVALID
    reasons = [failed.reason, *(cell.reason for cell in failed.cells.values())]
    if any(reason.startswith("stale:") or ": stale:" in reason for reason in reasons):
        return exits.STALE
    return exits.BUSY
