"""Parameters that shall be reloaded, and those that name a place which comes with the group."""

from collections.abc import Iterable, Iterator, Mapping

from nodeagent.model.agents import AgentDescription
from nodeagent.model.text import clean

_HERE_ALWAYS = ("/bin/", "/etc/", "/lib/", "/sbin/", "/usr/")
"""What lies there belongs to the node itself, not to something that is mounted with the group."""


def not_reloadable(description: AgentDescription, names: Iterable[str]) -> Iterator[str]:
    """Yield which of the parameters that shall be reloaded the agent cannot reload."""
    known = description.reloadable()
    for name in names:
        if name not in known:
            can = f"; it reloads {', '.join(sorted(known))}" if known else ""
            yield f"its agent cannot reload {clean(name, 80)}{can}"


def travelling_paths(given: Mapping[str, str]) -> list[str]:
    """Return the values that may name a place on storage that comes with the group."""
    return [
        value
        for value in given.values()
        if value.startswith("/") and not value.startswith(_HERE_ALWAYS) and "\0" not in value
    ]
