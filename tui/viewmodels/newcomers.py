"""Nodes that a draft adds: a DARE waits for their agents, then fails.

Agents tell of no node that is not in the cluster, nor in a DARE that is open. So of an added one it
is known only how far it is with its invitation, if there is one.
"""

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from nodeagent.config.words import join
from nodeagent.model.run import NO_ANSWER, DareRun
from nodeagent.wire.joining import Guest, JoinState

_COMMAND = "systemctl enable --now nodeagent"
_START = f"start its agent there ({_COMMAND})"
_MISSING: Mapping[JoinState, str] = {
    "invited": f"nobody has come with its invitation; nodeagent join there, then {_START}",
    "asks": f"it asks to be let in (n); then {_START}",
    "admitted": f"nodeagent join has not ended there; then {_START}",
}
"""By how far it was with joining when that was last looked at."""


class Newcomer(Struct, frozen=True):
    """What is known of an added node; `missing`: its agent cannot run yet."""

    text: str
    missing: bool


def newcomers(
    added: Iterable[str], live: Collection[str], joins: Mapping[str, JoinState]
) -> tuple[Newcomer, ...]:
    """Return for each added node that is not heard what a DARE needs there."""
    return tuple(_newcomer(name, joins.get(name)) for name in added if name not in live)


def joins_of(guests: Iterable[Guest]) -> dict[str, JoinState]:
    """Return how far each invited node is."""
    return {guest.node: guest.state for guest in guests}


def must_answer(name: str) -> str:
    """Return what a DARE needs of an added node of which nothing more is known."""
    return f"{name} must answer, or the DARE fails: {_START}"


def remedy(run: DareRun) -> str:
    """Return what to do where a run failed for added nodes that never said a word, else ""."""
    silent = [node for node in run.plan.added_nodes if _is_silent(run, node)]
    if not silent:
        return ""
    return f"start the agent{'s' * (len(silent) > 1)} on {join(silent)} ({_COMMAND})"


def _is_silent(run: DareRun, node: str) -> bool:
    cells = [row.cells[node] for row in run.steps if node in row.cells and not row.undo]
    waited = any(cell.reason == NO_ANSWER for cell in cells)
    return waited and all(cell.state != "done" for cell in cells)


def _newcomer(name: str, state: JoinState | None) -> Newcomer:
    remedy = _MISSING.get(state) if state else None
    if remedy is not None:
        return Newcomer(f"{name} cannot answer yet: {remedy}. Without it the DARE fails", True)
    return Newcomer(f"{must_answer(name)}; h asks it first", False)
