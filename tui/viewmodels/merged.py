"""One log from the logs of all agents: in order of time, each thing that happened once.

Every agent numbers what it tells, so one agent's event is known again by node, number and time,
over whatever way and however often it comes. What several agents tell of one thing is one event,
with all of them as witnesses. Pure.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from nodeagent.model.happenings import EVENTS_OF_ACTOR
from nodeagent.wire.live import EventLine

EVENTS_MAX = 2_000
SAME_S = 5.0
"""Two agents see one thing within so many seconds: a heartbeat's way, and clocks that differ."""

EventId = tuple[str, int, float]
_Thing = tuple[str, str, str]


def event_id(event: EventLine) -> EventId:
    """Return what names an event among those of all agents."""
    return event.node, event.number, event.time


@dataclass(frozen=True, slots=True)
class Log:
    """Events, oldest first. `witnesses`, by event: all that tell of it, where it is not one."""

    events: tuple[EventLine, ...] = ()
    witnesses: Mapping[EventId, tuple[EventId, ...]] = field(default_factory=dict)

    def told_as(self, event: EventLine) -> tuple[EventId, ...]:
        """Return all that tell of what `event` stands for, itself included."""
        own = event_id(event)
        return self.witnesses.get(own, (own,))

    def tellers(self, event: EventLine) -> tuple[str, ...]:
        """Return the nodes whose agents tell of it."""
        return tuple(dict.fromkeys(node for node, _, _ in self.told_as(event)))


def with_events(log: Log, fresh: Iterable[EventLine], groups: Container[str] = ()) -> Log:
    """Return `log` with what is new of `fresh`; the same object where nothing is.

    `groups`: of what has no name each node tells its own part only, so it is never the same.
    Better many at once than one by one: the whole log is looked at once in each call.
    """
    merging = _Merging(log, groups)
    changed = [merging.add(event) for event in fresh]
    return merging.log() if any(changed) else log


def is_news(log: Log, event: EventLine) -> bool:
    """Return whether `event` is in `log` as something that nobody else told of."""
    own = event_id(event)
    return all(own not in told for told in log.witnesses.values())


class _Merging:
    """A log while events are put into it. `_alike`: those that may be one thing, by what it is."""

    def __init__(self, log: Log, groups: Container[str]) -> None:
        self._events = list(log.events)
        self._witnesses = dict(log.witnesses)
        self._groups = groups
        told = [self._told(event) for event in self._events]
        self._known = {own for ids in told for own in ids}
        self._alike: dict[_Thing, list[EventLine]] = {}
        for event in self._events:
            self._alike.setdefault(_thing(event), []).append(event)

    def add(self, event: EventLine) -> bool:
        """Put one event into its place; False if it is there already."""
        own = event_id(event)
        if own in self._known:
            return False
        self._known.add(own)
        alike = self._alike.setdefault(_thing(event), [])
        partners = [one for one in alike if self._may_be(one, event)]
        if not partners:
            alike.append(event)
            self._insert(event)
            return True
        before = min(partners, key=lambda one: (abs(one.time - event.time), one.time))
        ids = self._told(before)
        self._witnesses.pop(event_id(before), None)
        shown = event if _knows_better(event, before) else before
        if shown is event:
            alike[_place_in(alike, before)] = event
            first = bisect_left(self._events, before.time, key=_time)
            del self._events[_place_in(self._events, before, first)]
            self._insert(event)
        self._witnesses[event_id(shown)] = (*ids, own)
        return True

    def log(self) -> Log:
        """Return all of it, but no more than `EVENTS_MAX`."""
        events, witnesses = self._events[-EVENTS_MAX:], self._witnesses
        if len(witnesses) > EVENTS_MAX:
            kept = {event_id(event) for event in events}
            witnesses = {own: told for own, told in witnesses.items() if own in kept}
        return Log(tuple(events), witnesses)

    def _insert(self, event: EventLine) -> None:
        self._events.insert(bisect_right(self._events, event.time, key=_time), event)

    def _told(self, event: EventLine) -> tuple[EventId, ...]:
        own = event_id(event)
        return self._witnesses.get(own, (own,))

    def _may_be(self, one: EventLine, event: EventLine) -> bool:
        """Return whether both tell of one thing: near in time, and told by different agents."""
        if abs(one.time - event.time) > SAME_S or not _is_shared(event, self._groups):
            return False
        return all(node != event.node for node, _, _ in self._told(one))


def _place_in(events: list[EventLine], wanted: EventLine, first: int = 0) -> int:
    return next(place for place in range(first, len(events)) if events[place] is wanted)


def _time(event: EventLine) -> float:
    return event.time


def _thing(event: EventLine) -> _Thing:
    """Return what an event tells of: something at one node, or of the cluster in these words.

    What happens on one node is told otherwise there than from afar.
    """
    return event.subject, event.event, event.at if event.event in EVENTS_OF_ACTOR else event.text


def _is_shared(event: EventLine, groups: Container[str]) -> bool:
    """Return whether several agents may tell of it."""
    return bool(event.event) or event.subject not in groups


def _knows_better(event: EventLine, before: EventLine) -> bool:
    """Return whether `event` is told where it happened, and `before` only from afar."""
    return event.at == event.node and before.at != before.node
