"""Checks across a whole configuration, and of a change against the cluster that runs.

Each check is a small function that yields reports and never stops at the first; all of them run
always, so that one pass of corrections is enough. Start with `CHECKS`.
"""

from collections.abc import Callable, Collection, Iterator
from itertools import islice

from nodeagent.config.places import Places
from nodeagent.config.verify import (
    addresses,
    change,
    commands,
    concurrent,
    fencing,
    groups,
    links,
    references,
    resources,
    rules,
    timing,
)
from nodeagent.config.verify.scope import Scope
from nodeagent.model.configuration import Configuration
from nodeagent.model.reports import Report

REPORTS_MAX = 100
"""Findings of one check; whoever has more wrong starts with these."""

LIMITS = (("network", 256), ("node", 500), ("group", 1000), ("event", 100))
"""Objects of one kind in a file, which still fit into the agents' messages."""

Check = Callable[[Scope], Iterator[Report]]

CHECKS: tuple[Check, ...] = (
    *references.CHECKS,
    *addresses.CHECKS,
    *links.CHECKS,
    *groups.CHECKS,
    *rules.CHECKS,
    *concurrent.CHECKS,
    *resources.CHECKS,
    *fencing.CHECKS,
    *commands.CHECKS,
    *timing.CHECKS,
)
CHECKS_OF_CHANGE: tuple[Check, ...] = change.CHECKS


def verify(
    cfg: Configuration,
    *,
    places: Places | None = None,
    base: Configuration | None = None,
    live: Collection[str] | None = None,
    unix: float = 0.0,
) -> tuple[Report, ...]:
    """Return everything that is wrong or doubtful in `cfg`, errors and warnings in file order.

    `base` is the active configuration and `live` the nodes that are in: with them, what the
    change would do to the running cluster is checked as well. `live` defaults to all of `base`.
    `unix` is the time in seconds: with it, what is over is noticed.
    """
    here = places or Places()
    members = frozenset(base.node if base is not None and live is None else live or ())
    scope = Scope(cfg, here, base, members, unix)
    checks = CHECKS if base is None else (*CHECKS, *CHECKS_OF_CHANGE)
    crowded = tuple(_too_many(scope))
    if crowded:
        return crowded
    reports = [found for check in checks for found in islice(check(scope), REPORTS_MAX)]
    reports.sort(key=lambda item: item.place.line)
    return tuple(reports)


def _too_many(scope: Scope) -> Iterator[Report]:
    """The checks compare objects with each other, so a hostile file must not bring thousands."""
    for kind, limit in LIMITS:
        count = len(getattr(scope.cfg, kind))
        if count > limit:
            text = f"the file has {count:,} objects of the kind {kind}"
            yield scope.report("E006", (kind,), text, f"at most {limit:,} are taken")
