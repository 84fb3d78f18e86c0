"""How long the actions of a resource may take, how often it is watched, how often restarted.

Kinds of resources that let the administrator choose have fields of these names; the others, whose
drivers need no patience, take the defaults.
"""

from typing import Literal

import msgspec
from msgspec import Struct

from nodeagent.model.configuration import Filesystem, Resource

VALIDATE_SECONDS = 10.0
FILESYSTEM_SECONDS = 60.0
"""A journal may have to be replayed by mount, and written out by umount."""


class Operations(Struct, frozen=True):
    """Deadlines and interval in seconds, and restarts on the same node before fallover."""

    start_seconds: float = 10.0
    stop_seconds: float = 10.0
    monitor_seconds: float = 10.0
    interval_seconds: float = 5.0
    restart_count: int = 0
    failures_tolerated: int = 0

    def limit_s(self, action: Literal["start", "stop", "monitor", "validate", "reload"]) -> float:
        """Return the deadline of an action in seconds."""
        limits = {
            "start": self.start_seconds,
            "stop": self.stop_seconds,
            "monitor": self.monitor_seconds,
            "validate": VALIDATE_SECONDS,
            "reload": self.start_seconds,
        }
        return limits[action]


def operations(resource: Resource) -> Operations:
    """Return what holds for `resource`."""
    if isinstance(resource, Filesystem):
        return Operations(start_seconds=FILESYSTEM_SECONDS, stop_seconds=FILESYSTEM_SECONDS)
    return msgspec.convert(resource, Operations, from_attributes=True)
