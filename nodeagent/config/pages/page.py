"""The noun of a finding's page."""

from msgspec import Struct


class Page(Struct, frozen=True):
    """What a person wants to know of a finding beside its title and its reason.

    `example`: lines for the sound configuration, see `provoked`; empty where no file is known to
    give the finding. `times` repeats its last line, with {n} counting from 0, for what is wrong
    only in large files. `encoding` is that of the file. `away`: nodes that are not in when the
    example is applied to the sound configuration; None where the example needs no cluster.
    """

    meaning: str
    remedy: str
    example: str
    times: int = 1
    encoding: str = "utf-8"
    away: tuple[str, ...] | None = None
