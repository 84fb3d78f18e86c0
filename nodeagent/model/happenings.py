"""What can happen in a cluster that an administrator's commands can be bound to, and such commands.

The names are the closed list of `on` in `[event.NAME]`; an event line carries one of them where it
tells of such a thing.
"""

from typing import Literal, get_args

from msgspec import Struct

EventName = Literal[
    "group-online",
    "group-offline",
    "group-error",
    "node-up",
    "node-down",
    "view-changed",
    "adapter-up",
    "adapter-down",
    "lease-lost",
    "dare-committed",
    "dare-aborted",
]
EVENT_NAMES: tuple[EventName, ...] = get_args(EventName)
EVENTS_WITH_STEP = frozenset({"group-online", "group-offline"})
"""What a node does itself, so that a command can run before it."""
EVENTS_OF_GROUP = EVENTS_WITH_STEP | {"group-error"}
EVENTS_OF_ACTOR = EVENTS_OF_GROUP | {"adapter-up", "adapter-down", "lease-lost"}
"""What happens on one node that can itself run a command after it."""

Stage = Literal["pre", "recovery", "post", "notify"]


class Happening(Struct, frozen=True):
    """Something that happened: `node` is where, `group` what it is about ("": no group)."""

    event: EventName
    node: str
    group: str = ""
    cause: str = ""


class Command(Struct, frozen=True):
    """One run of an administrator's command: of which `[event.NAME]`, when, and for what."""

    name: str
    stage: Stage
    arguments: tuple[str, ...]
    limit_s: float
    happening: Happening
    epoch: int = 0

    def words(self) -> str:
        """Return how people call it, such as ``pre command audit (/usr/local/sbin/audit)``."""
        return f"{self.stage} command {self.name} ({self.arguments[0]})"
