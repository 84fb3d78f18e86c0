"""Taking votes away from nodes that are gone for long, so that the next loss can be survived.

Off unless `cluster.shrink-seconds` is set. It is a COMMIT like any other, decided by a majority of
the old and of the new voters, and changes nothing but `cluster.voters`; nobody gets a vote back by
itself. Three voters are kept, for two can lose none.

Told: what a node knows. Returns values to propose.
"""

from dataclasses import dataclass, field

from nodeagent.config import edit
from nodeagent.config.digest import file_digest
from nodeagent.core.shared import Shared
from nodeagent.model.choice import Choice
from nodeagent.wire.codec import pack
from nodeagent.wire.limits import UNIX_MAX
from nodeagent.wire.peer import Commit, Confirmed, Stamp

VOTERS_MIN = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """A view and owners that differ from the standing ones, or voters that shall stay, and why.

    `confirmed` is the probation that an administrator wants to end instead.
    """

    view: dict[str, int] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    cause: str = ""
    choices: tuple[Choice, ...] = ()
    voters: tuple[str, ...] = ()
    confirmed: Confirmed | None = None


def shrinking(shared: Shared) -> Wish | None:
    """Return the voters that ought to stay, None where all of them may.

    During a probation all may: what returns then is decided by those who decided what goes.
    """
    configuration, standing = shared.log.configuration, shared.log.standing
    shrinks = configuration is not None and configuration.cluster.shrink_seconds
    if configuration is None or not shrinks or shared.log.probation is not None:
        return None
    patience_ms = configuration.cluster.shrink_seconds * 1000
    lost = [
        voter
        for voter in shared.log.voters
        if voter not in standing.view
        and shared.now.ms - shared.out_since_ms.get(voter, shared.began_ms) >= patience_ms
    ]
    staying = [voter for voter in shared.log.voters if voter not in lost]
    if len(staying) % 2 == 0 and shared.log.tie_breaker not in staying:
        staying = staying[: max(0, len(staying) - 1)]  # an even number would survive no more
    if not lost or len(staying) < VOTERS_MIN:
        return None
    cause = f"no vote any more: {', '.join(v for v in shared.log.voters if v not in staying)}"
    return Wish(standing.view, standing.owners, cause, voters=tuple(staying))


def stamp(shared: Shared, seconds: float = 0.0, author: str = "", reason: str = "") -> Stamp:
    """Return when something is proposed; a clock that is out of all bounds is told as its bound."""
    at = min(max(0.0, shared.now.unix), UNIX_MAX)
    return Stamp(at, round(min(max(0.0, seconds), UNIX_MAX / 1e3), 3), author, reason)


def shrunk(shared: Shared, wish: Wish) -> Commit:
    """Return the COMMIT after which only `wish.voters` vote."""
    standing = shared.log.standing
    text = shared.log.active.decode()
    text = edit.set_value(text, ("cluster", "voters"), list(wish.voters))
    if shared.log.tie_breaker and shared.log.tie_breaker not in wish.voters:
        text = edit.set_value(text, ("cluster", "tie-breaker"), None)
    data = text.encode()
    return Commit(
        tx=f"shrink.{shared.log.next_slot}",
        epoch=standing.epoch + 1,
        digest=file_digest(data),
        file=pack(data),
        view=wish.view,
        owners=wish.owners,
        author="cluster",
        reason=wish.cause,
        stamp=stamp(shared),
    )
