"""Nodes that a draft adds and that nobody has heard yet: a DARE waits for them, then fails."""

from collections.abc import Collection, Iterable, Mapping

from nodeagent.wire.joining import Guest, JoinState

_START = "start its agent there (systemctl enable --now nodeagent)"
_REMEDIES: Mapping[JoinState, str] = {
    "invited": f"nobody has come with its invitation; nodeagent join there, then {_START}",
    "asks": f"it asks to be let in (n); then {_START}",
    "admitted": f"nodeagent join has not ended there; then {_START}",
}
"""By how far it was with joining when that was last looked at."""


def newcomers(
    added: Iterable[str], live: Collection[str], joins: Mapping[str, JoinState]
) -> tuple[str, ...]:
    """Return for each added node that is not heard what has to be done, or the DARE fails."""
    return tuple(_text(name, joins.get(name)) for name in added if name not in live)


def joins_of(guests: Iterable[Guest]) -> dict[str, JoinState]:
    """Return how far each invited node is."""
    return {guest.node: guest.state for guest in guests}


def _text(name: str, state: JoinState | None) -> str:
    remedy = _REMEDIES.get(state, _START) if state else _START
    return f"{name} was not heard yet: {remedy}. Without it the DARE fails; h asks it first"
