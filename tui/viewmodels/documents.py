"""A configuration text as the console holds it: the bytes, what it says, and what is wrong."""

from dataclasses import dataclass
from functools import lru_cache

from nodeagent.config.digest import file_digest
from nodeagent.config.instances import expanded
from nodeagent.config.load import load
from nodeagent.config.places import Places
from nodeagent.model.configuration import Configuration
from nodeagent.model.reports import Report


@dataclass(frozen=True, slots=True)
class Document:
    """One text with its parsed form; `configuration` is None where the text is no configuration.

    `running`: the same with an instance for each node of groups that run on all of theirs.
    `base`: file digest of the decided configuration that a draft was made from ("": not known).
    """

    text: str = ""
    epoch: int = 0
    digest: str = ""
    author: str = ""
    base: str = ""
    configuration: Configuration | None = None
    running: Configuration | None = None
    reports: tuple[Report, ...] = ()
    places: Places | None = None


@lru_cache(maxsize=8)
def digest_of(text: str) -> str:
    """Return the digest of the exact text, by which agents name a configuration."""
    return file_digest(text.encode("utf-8"))


def read(
    text: str, *, epoch: int = 0, digest: str = "", author: str = "", base: str = ""
) -> Document:
    """Return `text` parsed and verified; never raises."""
    if not text:
        return Document(epoch=epoch, digest=digest, author=author, base=base)
    parsed = load(text)
    return Document(
        text=text,
        epoch=epoch,
        digest=digest,
        author=author,
        base=base,
        configuration=parsed.configuration,
        running=expanded(parsed.configuration) if parsed.configuration else None,
        reports=parsed.reports,
        places=parsed.places,
    )
