"""Nodes that a draft adds: a DARE waits for their agents, then fails.

Agents tell of no node that is not in the cluster, nor in a DARE that is open. So of an added one it
is known only how far it is with its invitation, if there is one.
"""

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from nodeagent.wire.joining import Guest, JoinState

_START = "start its agent there (systemctl enable --now nodeagent)"
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


def _newcomer(name: str, state: JoinState | None) -> Newcomer:
    remedy = _MISSING.get(state) if state else None
    if remedy is not None:
        return Newcomer(f"{name} cannot answer yet: {remedy}. Without it the DARE fails", True)
    text = f"{name} must answer, or the DARE fails: {_START}; h asks it first"
    return Newcomer(text, False)
