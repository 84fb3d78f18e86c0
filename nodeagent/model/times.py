"""How long actions take, as agents recorded it, and the forecast that is made of it."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

RECORDS_MAX = 50
"""So many durations are kept of one action; older ones are dropped."""
TimedAction = Literal["start", "stop", "reload", "monitor", "step"]
_Word = Annotated[str, Meta(max_length=63)]
_Milliseconds = Annotated[int, Meta(ge=0, le=2**40)]
TimedKey = tuple[str, str, str, str]
"""(node, group, resource, action); of a step of the DARE only its name is there, as resource."""
Durations = Mapping[TimedKey, tuple[int, ...]]


class Timed(Struct, frozen=True, forbid_unknown_fields=True):
    """One action that went well, in milliseconds; of a step `resource` is its name."""

    group: _Word
    resource: _Word
    action: TimedAction
    ms: _Milliseconds


class Recorded(Struct, frozen=True, forbid_unknown_fields=True):
    """The last durations of one action on one node, the newest last, in milliseconds."""

    node: _Word
    group: _Word
    resource: _Word
    action: TimedAction
    ms: Annotated[tuple[_Milliseconds, ...], Meta(max_length=RECORDS_MAX)]

    @property
    def key(self) -> TimedKey:
        """Return what tells it from the others."""
        return self.node, self.group, self.resource, self.action


class Forecast(Struct, frozen=True, forbid_unknown_fields=True):
    """For how long a group will be away, or (`starts`) until it is online, in seconds.

    `low_s` and `high_s` are the 5th and the 95th percentile. `records`: of the part of which the
    fewest are known; 0 where they are too few, and then there are no figures. `wanting` names a
    part that is not known well enough.
    """

    group: str
    starts: bool = False
    low_s: float = 0.0
    median_s: float = 0.0
    high_s: float = 0.0
    records: int = 0
    wanting: str = ""

    @property
    def known(self) -> bool:
        """Return whether there are figures."""
        return self.records > 0

    def holds(self, seconds: float) -> bool:
        """Return whether an actual lies in the interval."""
        return self.known and self.low_s <= seconds <= self.high_s


def with_timed(known: Durations, node: str, timed: Timed) -> dict[TimedKey, tuple[int, ...]]:
    """Return the durations with one more, the oldest of its kind dropped where they are many."""
    key = (node, timed.group, timed.resource, timed.action)
    return {**known, key: (*known.get(key, ()), timed.ms)[-RECORDS_MAX:]}
