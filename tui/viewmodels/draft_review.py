"""What a draft amounts to: what it says, what is wrong with it, what it would do to whom.

Computed from texts and the cluster's standing alone, so it may run beside the screen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import unified_diff
from functools import lru_cache

from nodeagent.config.load import load
from nodeagent.config.parse import Parsed
from nodeagent.config.places import Places
from nodeagent.config.survival import Endurance
from nodeagent.model.configuration import Configuration
from nodeagent.model.plan import Change, GroupEffect, Plan
from nodeagent.model.reports import Report
from nodeagent.model.times import Durations, Forecast
from nodeagent.wire.joining import JoinState
from tui.viewmodels.draft_changes import told_changes
from tui.viewmodels.newcomers import Newcomer, newcomers
from tui.viewmodels.preview import Ground, Preview, preview

INTERRUPTING = frozenset({"moved", "restarted", "stopped"})


@dataclass(frozen=True, slots=True)
class Standing:
    """Who is in, who owns what, and who is alive: what the consequences depend on.

    `asked` are earlier moves that stay, `held` the groups that are held now, `joins` how far the
    nodes are that were invited.
    """

    view: tuple[str, ...] = ()
    owners: Mapping[str, str] = field(default_factory=dict)
    live: tuple[str, ...] = ()
    asked: Mapping[str, str] = field(default_factory=dict)
    held: frozenset[str] = frozenset()
    times: Durations = field(default_factory=dict)
    joins: Mapping[str, JoinState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Review:
    """The verdict on one text.

    `plan` is empty while the text is no configuration; `told` are the changes meanwhile, which are
    known as long as it is TOML.
    `forbidden`: why holds forbid the change. `forecasts` and `endurance` are of the plan.
    `unheard` are the added nodes that nobody heard yet, and what a DARE needs there.
    """

    text: str = ""
    configuration: Configuration | None = None
    reports: tuple[Report, ...] = ()
    plan: Plan = field(default_factory=Plan)
    places: Places | None = None
    told: tuple[Change, ...] = ()
    forbidden: str = ""
    forecasts: tuple[Forecast, ...] = ()
    endurance: Endurance = field(default_factory=Endurance)
    unheard: tuple[Newcomer, ...] = ()

    @property
    def count(self) -> int:
        """Return the number of changes."""
        return len(self.changes)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Return the differences to the base, object by object."""
        return self.plan.changes if self.configuration else self.told

    @property
    def errors(self) -> tuple[Report, ...]:
        """Return the findings that forbid a DARE."""
        return self.of("error")

    def of(self, severity: str) -> tuple[Report, ...]:
        """Return the findings of one severity."""
        return tuple(report for report in self.reports if report.severity == severity)

    @property
    def interrupted(self) -> tuple[GroupEffect, ...]:
        """Return what happens to the groups whose service is away for a while."""
        return tuple(effect for effect in self.plan.effects if effect.kind in INTERRUPTING)


def review(text: str, base: str, standing: Standing) -> Review:
    """Return what `text` amounts to, edited from `base`, while the cluster stands so."""
    old = configuration_of(base)
    parsed = _parsed(text, base, frozenset(standing.live))
    found, new = Preview(), parsed.configuration
    if new is not None and old is not None:
        ground = Ground(
            old, standing.view, standing.owners, standing.asked, standing.held, standing.times
        )
        differs = text != base  # else nothing is told of failures, and to play all takes long
        found = preview(ground, new, pairs=differs, failures=differs)
    return Review(
        text,
        new,
        parsed.reports,
        found.plan,
        parsed.places,
        () if new else told_changes(base, text),
        found.forbidden,
        found.forecasts,
        found.endurance,
        newcomers(found.plan.added_nodes, standing.live, standing.joins),
    )


@lru_cache(maxsize=4)
def _parsed(text: str, base: str, live: frozenset[str]) -> Parsed:
    """Return the findings of a text; each form that opens asks for them again."""
    return load(text, base=configuration_of(base), live=live or None)


@lru_cache(maxsize=4)
def configuration_of(text: str) -> Configuration | None:
    """Return what a text says, None where it is no configuration."""
    return load(text).configuration if text else None


def text_diff(base: str, text: str, name: str = "draft.toml") -> tuple[str, ...]:
    """Return the unified difference of the two texts, as lines without line ends."""
    return tuple(
        line.rstrip("\n")
        for line in unified_diff(
            base.splitlines(), text.splitlines(), f"active/{name}", f"draft/{name}", lineterm=""
        )
    )
