"""Parse and verify in one: what `check`, `apply` and the console call."""

from collections.abc import Collection

from nodeagent.config.parse import Parsed, parse
from nodeagent.config.verify import verify
from nodeagent.model.configuration import Configuration


def load(
    text: str | bytes,
    file: str = "",
    base: Configuration | None = None,
    live: Collection[str] | None = None,
    unix: float = 0.0,
) -> Parsed:
    """Return the configuration of `text` with all findings, those of verification included.

    `base` and `live` are the active configuration and the nodes that are in, where there is a
    running cluster that the text would change; `unix` is the time, where it is known.
    """
    parsed = parse(text, file)
    if parsed.configuration is None:
        return parsed
    checked = verify(parsed.configuration, places=parsed.places, base=base, live=live, unix=unix)
    reports = sorted((*parsed.reports, *checked), key=lambda item: item.place.line)
    return Parsed(parsed.configuration, tuple(reports), parsed.places)
