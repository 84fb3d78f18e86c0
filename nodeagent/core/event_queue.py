"""The event queue (item 60 of the patent): first in, first out, one at a time.

Deaths and returns that are seen while a DARE has suspended the node wait here; they are
taken out in order when the suspension ends. Nothing is recovered from while suspended, and nothing
that was seen is lost.
"""

from collections import deque
from dataclasses import dataclass
from typing import Literal

ClusterEventKind = Literal["node-up", "node-down"]


@dataclass(frozen=True, slots=True)
class ClusterEvent:
    """Something that may ask for recovery."""

    kind: ClusterEventKind
    subject: str
    text: str
    seen_ms: int


class EventQueue:
    """Waiting cluster events."""

    def __init__(self) -> None:
        self._waiting: deque[ClusterEvent] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def push(self, event: ClusterEvent) -> bool:
        """Append an event; an equal one that still waits is not repeated."""
        if any(e.kind == event.kind and e.subject == event.subject for e in self._waiting):
            return False
        self._waiting.append(event)
        return True

    def take(self, *, suspended: bool) -> tuple[ClusterEvent, ...]:
        """Return all waiting events in order, none while suspended."""
        if suspended:
            return ()
        taken = tuple(self._waiting)
        self._waiting.clear()
        return taken
