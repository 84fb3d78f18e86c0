"""The placement that was worked out last, kept while nothing that it depends on is another one.

A voter asks ten times a second where the groups ought to be, and at rest the answer stays.
"""

from collections.abc import Collection, Mapping

from nodeagent.config.placement import place
from nodeagent.config.times import Moment
from nodeagent.model.configuration import Configuration


class Placement:
    """Answers as `config.placement.place`. What it is given must not be changed afterwards."""

    def __init__(self) -> None:
        self._configuration: Configuration | None = None
        self._facts: tuple[object, ...] = ()
        self._owners: Mapping[str, str] = {}

    def owners(  # noqa: PLR0913 - by keyword only: all that a placement depends on
        self,
        configuration: Configuration,
        *,
        view: Collection[str],
        owners: Mapping[str, str],
        failed: Mapping[str, frozenset[str]],
        asked: Mapping[str, str],
        leaving: Collection[str],
        moment: Moment,
        held: frozenset[str],
        cut: Mapping[str, frozenset[str]],
    ) -> Mapping[str, str]:
        """Return the owner of every group; worked out anew where a fact changed."""
        facts = (tuple(view), owners, failed, asked, tuple(leaving), moment, held, cut)
        if self._configuration is not configuration or self._facts != facts:
            self._configuration, self._facts = configuration, facts
            self._owners = place(
                configuration,
                view=view,
                owners=owners,
                failed=failed,
                asked=asked,
                leaving=leaving,
                moment=moment,
                held=held,
                cut=cut,
            )
        return self._owners
