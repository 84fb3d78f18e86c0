"""Which events are meant: by node, group, kind, time and words, as one line of text or as options.

A kind is the name of an event (``group-online``), the part before its hyphen (``group``), or how
bad it is (``error``).
"""

from dataclasses import dataclass

from nodeagent.model.happenings import EVENT_NAMES
from nodeagent.wire.live import EventLine

SEVERITIES = ("error", "warning", "note")
KINDS = (*dict.fromkeys(name.partition("-")[0] for name in EVENT_NAMES), *EVENT_NAMES, *SEVERITIES)
_KEYS = {"node": "nodes", "group": "groups", "kind": "kinds"}


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What is looked for: of each row of names one, of `words` all. `since` is in Unix seconds."""

    nodes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    since: float = 0.0

    def takes(self, event: EventLine) -> bool:
        """Return whether an event is one of those that are looked for."""
        if event.time < self.since:
            return False
        if self.nodes and not {event.node, event.at, event.subject}.intersection(self.nodes):
            return False
        if self.groups and event.subject not in self.groups:
            return False
        if self.kinds and not any(_is_of_kind(event, kind) for kind in self.kinds):
            return False
        return not self.words or self._has_words(event)

    def _has_words(self, event: EventLine) -> bool:
        text = (
            f"{event.node} {event.subject} {event.text} {event.cause} {event.severity}"
            f" {event.event}"
        ).casefold()
        return all(word.casefold() in text for word in self.words)


def _is_of_kind(event: EventLine, kind: str) -> bool:
    return kind in {event.severity, event.event, event.event.partition("-")[0]}


def read_filter(text: str) -> EventFilter:
    """Return what one line asks for, such as ``group:web kind:error disk full``."""
    found: dict[str, list[str]] = {"nodes": [], "groups": [], "kinds": [], "words": []}
    for word in text.split():
        key, colon, value = word.partition(":")
        name = _KEYS.get(key.casefold(), "") if colon and value else ""
        found[name or "words"].append(value if name else word)
    nodes, groups, kinds, words = (tuple(values) for values in found.values())
    return EventFilter(nodes, groups, kinds, words)
