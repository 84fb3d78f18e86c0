"""What time has to do with placement: settling after a start, and returning late.

Time is data that the deciding voter hands in. It only holds back: it keeps a group from starting
on a second choice or from returning, and never takes one from where it is. So voters whose clocks
differ cannot undo each other's views, whichever of them proposes.
"""

from collections.abc import Mapping

from msgspec import Struct

from nodeagent.model.configuration import Group

MINUTES_OF_DAY = 24 * 60
WINDOW_MINUTES = 15
"""So long after `fallback-at` a group may still return; a DARE or a restart may lie on the time."""


class Moment(Struct, frozen=True):
    """What time it is for placement, and what came before.

    `settling`: the cluster was started less than `settling-seconds` ago. `in_ms`: for how long
    each node has been in. `minute`: of the day in UTC, -1 where it is not known.
    `ran`: groups that somebody owned since the cluster was started: they start no more, they only
    come back, and for that any node is good enough.
    """

    settling: bool = False
    in_ms: Mapping[str, int] = {}
    minute: int = -1
    ran: frozenset[str] = frozenset()


UNKNOWN = Moment()
"""Nothing that has to wait for a time may return."""


def minute_of_day(unix: float) -> int:
    """Return the minute of the day in UTC."""
    return int(unix // 60) % MINUTES_OF_DAY


def is_delayed(group: Group) -> bool:
    """Return whether the group returns only at some time or after some time."""
    return bool(group.fallback_delay_seconds or group.fallback_at)


def may_return(group: Group, node: str, moment: Moment) -> bool:
    """Return whether the group may now return to the better `node`."""
    if moment.in_ms.get(node, 0) < group.fallback_delay_seconds * 1000:
        return False
    return not group.fallback_at or _is_open(minute_of(group.fallback_at), moment.minute)


def _is_open(start: int, minute: int) -> bool:
    """A time that cannot be read is never reached: verification refuses it."""
    if start < 0 or minute < 0:
        return False
    return (minute - start) % MINUTES_OF_DAY < WINDOW_MINUTES


def minute_of(time: str) -> int:
    """Return the minute of the day of "HH:MM", -1 if it is not written so."""
    hour, colon, minute = time.partition(":")
    digits = hour.isascii() and hour.isdigit() and minute.isascii() and minute.isdigit()
    if not (colon and digits and len(hour) == len(minute) == 2):
        return -1
    return int(hour) * 60 + int(minute) if int(hour) < 24 and int(minute) < 60 else -1


def waiting_text(group: Group) -> str:
    """Return when a group returns whose fallback is delayed, as "at 02:00 UTC"."""
    parts = []
    if group.fallback_at:
        parts.append(f"at {group.fallback_at} UTC")
    if group.fallback_delay_seconds:
        parts.append(f"once that node was in for {group.fallback_delay_seconds:g} s")
    return ", ".join(parts)
