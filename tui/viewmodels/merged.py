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
    """
    events, witnesses = list(log.events), dict(log.witnesses)
    changed = [_add(events, witnesses, event, groups) for event in fresh]
    if not any(changed):
        return log
    del events[:-EVENTS_MAX]
    if len(witnesses) > EVENTS_MAX:
        kept = {event_id(event) for event in events}
        witnesses = {own: told for own, told in witnesses.items() if own in kept}
    return Log(tuple(events), witnesses)


def is_news(log: Log, event: EventLine) -> bool:
    """Return whether `event` is in `log` as something that nobody else told of."""
    own = event_id(event)
    return all(own not in told for told in log.witnesses.values())


def _add(
    events: list[EventLine],
    witnesses: dict[EventId, tuple[EventId, ...]],
    event: EventLine,
    groups: Container[str],
) -> bool:
    own = event_id(event)
    first = bisect_left(events, event.time - SAME_S, key=_time)
    last = bisect_right(events, event.time + SAME_S, key=_time)
    near = events[first:last]
    told = [witnesses.get(event_id(one), (event_id(one),)) for one in near]
    if any(own in ids for ids in told):
        return False
    partners = [
        (abs(one.time - event.time), place)
        for place, (one, ids) in enumerate(zip(near, told, strict=True))
        if _is_same(one, event, groups) and all(node != event.node for node, _, _ in ids)
    ]
    if not partners:
        events.insert(bisect_right(events, event.time, key=_time), event)
        return True
    place = min(partners)[1]
    before, ids = near[place], told[place]
    witnesses.pop(event_id(before), None)
    shown = event if _knows_better(event, before) else before
    if shown is event:
        del events[first + place]
        events.insert(bisect_right(events, event.time, key=_time), event)
    witnesses[event_id(shown)] = (*ids, own)
    return True


def _time(event: EventLine) -> float:
    return event.time


def _is_same(one: EventLine, other: EventLine, groups: Container[str]) -> bool:
    """Return whether both may tell of one thing: at one node, or of the cluster in the same words.

    What happens on one node is told otherwise there than from afar.
    """
    if one.subject != other.subject or one.event != other.event:
        return False
    if one.event in EVENTS_OF_ACTOR:
        return one.at == other.at
    return one.text == other.text and (bool(one.event) or one.subject not in groups)


def _knows_better(event: EventLine, before: EventLine) -> bool:
    """Return whether `event` is told where it happened, and `before` only from afar."""
    return event.at == event.node and before.at != before.node
