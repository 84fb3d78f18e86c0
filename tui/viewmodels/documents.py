"""A configuration text as the console holds it: the bytes, what it says, and what is wrong."""

from dataclasses import dataclass

from nodeagent.config.load import load
from nodeagent.config.places import Places
from nodeagent.model.configuration import Configuration
from nodeagent.model.reports import Report


@dataclass(frozen=True, slots=True)
class Document:
    """One text with its parsed form; `configuration` is None where the text is no configuration."""

    text: str = ""
    epoch: int = 0
    digest: str = ""
    author: str = ""
    configuration: Configuration | None = None
    reports: tuple[Report, ...] = ()
    places: Places | None = None


def read(text: str, *, epoch: int = 0, digest: str = "", author: str = "") -> Document:
    """Return `text` parsed and verified; never raises."""
    if not text:
        return Document(epoch=epoch, digest=digest, author=author)
    parsed = load(text)
    return Document(
        text=text,
        epoch=epoch,
        digest=digest,
        author=author,
        configuration=parsed.configuration,
        reports=parsed.reports,
        places=parsed.places,
    )
