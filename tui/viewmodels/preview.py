"""What a change would do, asked before anything is: to each group, for how long, at what risk.

Commands, the draft's page and dialogs show the same preview, made from what one agent told.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from nodeagent.config.forecast import forecasts, interruptions
from nodeagent.config.holds import forbidden
from nodeagent.config.instances import expanded
from nodeagent.config.plan import kept, plan
from nodeagent.config.survival import Endurance, Standpoint, endurance
from nodeagent.model.configuration import Configuration
from nodeagent.model.plan import Plan
from nodeagent.model.run import DareRun
from nodeagent.model.times import Durations, Forecast

NO_RECORDS = "how long: no records yet"


@dataclass(frozen=True, slots=True)
class Ground:
    """What a preview starts from: who is in, who owns what, what stays asked for and held."""

    active: Configuration
    view: Collection[str]
    owners: Mapping[str, str]
    asked: Mapping[str, str] = field(default_factory=dict)
    held: frozenset[str] = frozenset()
    times: Durations = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preview:
    """The consequences. `forbidden`: why holds forbid the change, "" where they do not."""

    plan: Plan = field(default_factory=Plan)
    forecasts: tuple[Forecast, ...] = ()
    endurance: Endurance = field(default_factory=Endurance)
    forbidden: str = ""

    def forecast(self, group: str) -> Forecast | None:
        """Return the forecast for a group, None where it is not away."""
        return next((one for one in self.forecasts if one.group == group), None)


def preview(
    ground: Ground,
    new: Configuration,
    moves: Mapping[str, str] | None = None,
    *,
    pairs: bool,
    failures: bool = True,
) -> Preview:
    """Return what going to `new` with these moves would do.

    `failures`: play what may fail before and after it, `pairs`: two at once, too.
    """
    wanted = dict(moves or {})
    written, old, new = (ground.active, new), expanded(ground.active), expanded(new)
    asked = {**kept(ground.asked, old, new), **wanted}
    planned = plan(*written, view=ground.view, owners=ground.owners, asked=asked, held=ground.held)
    now = Standpoint(old, frozenset(ground.view), ground.owners, asked, ground.held)
    return Preview(
        planned,
        forecasts(planned, old, new, ground.times),
        endurance(now, new, planned, pairs=pairs) if failures else Endurance(),
        forbidden(planned, ground.held, new.group, wanted),
    )


def forecast_text(one: Forecast | None) -> str:
    """Return a forecast in words, "" where there is nothing to forecast."""
    if one is None:
        return ""
    if not one.known:
        return NO_RECORDS
    what = "online after" if one.starts else "away"
    return f"{what} {_s(one.median_s)}, at most {_s(one.high_s)} ({one.records} records)"


def outcome_lines(run: DareRun) -> list[str]:
    """Return forecast beside actual for each group of an ended run that was away or started."""
    return [outcome_text(one) for one in outcomes(run)]


@dataclass(frozen=True, slots=True)
class Foretold:
    """What was foretold of a group and what came; `actual_s` is None where nobody told it."""

    group: str
    forecast: Forecast | None
    actual_s: float | None

    @property
    def inside(self) -> bool | None:
        """Return whether the actual lies in the interval; None where one of them is missing."""
        if self.forecast is None or not self.forecast.known or self.actual_s is None:
            return None
        return self.forecast.holds(self.actual_s)


def outcomes(run: DareRun) -> tuple[Foretold, ...]:
    """Return forecast and actual of each group of a run, as far as either is known.

    Of a run that did not come to its end only what was interrupted nevertheless.
    """
    actual = interruptions(run)
    told = {one.group: one for one in run.forecasts}
    names: Iterable[str] = dict.fromkeys((*told, *actual) if run.state == "done" else actual)
    return tuple(Foretold(name, told.get(name), actual.get(name)) for name in names)


def outcome_text(one: Foretold) -> str:
    """Return ``web: away 1.21 s (forecast 1.10 s to 1.40 s)``."""
    starts = one.forecast is not None and one.forecast.starts
    word = "online after" if starts else "away"
    was = f"{word} {_s(one.actual_s)}" if one.actual_s is not None else f"{word}: not told"
    if one.forecast is None or not one.forecast.known:
        return f"{one.group}: {was} (no forecast)"
    low, high = _s(one.forecast.low_s), _s(one.forecast.high_s)
    verdict = {True: "", False: ", missed", None: ""}[one.inside]
    return f"{one.group}: {was} (forecast {low} to {high}{verdict})"


def _s(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"
