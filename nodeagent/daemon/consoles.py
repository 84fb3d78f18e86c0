"""Which consoles are open, as they told this agent; for people who work beside each other.

Kept in memory for some seconds and never decided by, so it is no matter of the core. Consoles tell
the agents of all voters, and so hear of each other whichever agent they listen to.
"""

from msgspec.structs import replace

from nodeagent.model.text import clean
from nodeagent.wire.console import PRESENT_SECONDS, Here, Neighbour, Present

CONSOLES_MAX = 64
"""Of more nobody could make use; the one that told the longest ago is forgotten."""


class Consoles:
    """Remembers consoles by their key and the name that they gave themselves."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], tuple[float, Neighbour]] = {}

    def told(self, key: str, admin: str, here: Here, now: float) -> Present:
        """Take what a console of `key` tells at `now` seconds; return the others."""
        own = key, here.console
        known = {
            name: (at, other)
            for name, (at, other) in self._told.items()
            if name != own and now - at <= PRESENT_SECONDS
        }
        others = tuple(other for _, other in known.values())
        known[own] = now, Neighbour(clean(admin, 63), _cleaned(here))
        for name in list(known)[:-CONSOLES_MAX]:
            del known[name]
        self._told = known
        return Present(others)


def _cleaned(here: Here) -> Here:
    return replace(
        here,
        console=clean(here.console, 64),
        author=clean(here.author, 100),
        place=clean(here.place, 40),
        item=clean(here.item, 100),
    )
