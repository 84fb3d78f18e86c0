"""How old a value is, and how that is said. The time of now is always handed in."""

from datetime import UTC, datetime
from typing import NamedTuple


class Moment(NamedTuple):
    """One reading of both clocks: `mono` for ages, `wall` (Unix seconds) for times of day."""

    mono: float
    wall: float


def age_text(seconds: float) -> str:
    """Return an age in at most five characters: 0.4s, 12s, 4m12s, 3h05m, 9d."""
    seconds = max(0.0, seconds)
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86_400}d"


def coarse_age_text(seconds: float) -> str:
    """Return an age in whole seconds: what a crowd of nodes needs, painted far less often.

    Nodes are told of once a second: an age that went to and fro between 0 and 1 would say nothing,
    and repaint every line of the crowd twice a second.
    """
    return "<2s" if seconds < 2.0 else age_text(float(int(seconds))).replace(".0s", "s")


def clock_text(wall: float) -> str:
    """Return the time of day in UTC as 12:04:31Z."""
    whole = int(wall) % 86_400
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}Z"


_LAST = 253_402_300_799.0
"""The last second that has a date."""


def moment_text(wall: float, now: float) -> str:
    """Return a moment as 12:04:31Z, with its date where that is not the day of `now`."""
    if int(wall) // 86_400 == int(now) // 86_400:
        return clock_text(wall)
    day = datetime.fromtimestamp(min(wall, _LAST), UTC)
    return f"{day:%Y-%m-%d} {clock_text(wall)}"


def length_text(seconds: float) -> str:
    """Return a length of time as 0:14, 2:05 or 1:02:03."""
    whole = max(0, int(seconds))
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
