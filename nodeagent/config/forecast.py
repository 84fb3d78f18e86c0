"""How long a change will keep each group away: what its plan does, by times that were recorded.

The formula follows the table of the DARE. Each node releases its groups one after the other, and a
group waits for those that run after it; when all are released the rows between follow (*turn*);
then each node acquires its groups one after the other, and a group waits for its parents:

    away = stops of the group, and of what is released after it
         + the turn from the last release to the first acquire
         + starts of what is acquired before it or that it waits for, and its own

Each part is taken at its 5th, 50th and 95th percentile (linear interpolation: definition 7 of
Hyndman and Fan, Sample Quantiles in Statistical Packages, 1996), and percentiles are added. That is
exact where all parts are slow together, as on a loaded machine, and too wide where they are
independent (Dhaene and others, The concept of comonotonicity in actuarial science and finance,
2002): the interval errs to the safe side.

Fewer than 20 durations have no 5th or 95th percentile of their own. Then the two ends are those of
the 90 % prediction interval for one more value of a log-normal distribution (Hahn and Meeker,
Statistical Intervals, chapter 4: mean and deviation of the logarithms, Student's t), at least the
smallest and largest one seen. The number of records is part of the answer.
"""

from collections.abc import Collection, Iterable, Mapping
from math import exp, fsum, inf, isfinite, log, sqrt

from msgspec import Struct

from nodeagent.model.configuration import Configuration
from nodeagent.model.plan import GroupEffect, Plan
from nodeagent.model.run import DareRun
from nodeagent.model.times import Durations, Forecast, Recorded, TimedAction

RECORDS_MIN = 3
"""Below this nothing is said: two durations tell next to nothing of a third."""
PERCENTILES = (0.05, 0.5, 0.95)
MANY = 20
HALF = 0.5
"""Half a unit: what rounding took or gave, and nothing is the logarithm of zero."""
STUDENT_T = (
    6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833,
    1.812, 1.796, 1.782, 1.771, 1.761, 1.753, 1.746, 1.740, 1.734,
)  # fmt: skip
"""The 95th percentile of Student's t for 1 to 18 degrees of freedom."""
TURN = "turn"
TURN_TOPOLOGY = "turn-topology"
TURN_GREET = "turn-greet"
"""From the last release to the first acquire; longer where rows of the topology lie between, and
much longer where one of them waits for the first heartbeat of what is new.
"""
_AWAY = frozenset({"moved", "restarted"})
Seconds3 = tuple[float, float, float]
Ends = dict[str, tuple[float, float]]
"""When each group's part begins and ends, in seconds from the first."""
_UNKNOWN: Seconds3 = (inf, inf, inf)


class _Part(Struct, frozen=True):
    """One duration at the three percentiles, from how many records, and what is wanting."""

    seconds: Seconds3
    records: int
    wanting: str = ""


def by_key(records: Iterable[Recorded]) -> Durations:
    """Return recorded durations as they are looked up."""
    return {one.key: one.ms for one in records}


def percentile(values: Iterable[int], at: float) -> float:
    """Return a percentile (0 to 1) of at least one value, between two of them in proportion."""
    ordered = sorted(values)
    place = at * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def ends_of(values: Collection[int]) -> Seconds3:
    """Return what one more value will be, in the unit of the at least two given: 5, 50, 95 %."""
    low, median, high = (percentile(values, at) for at in PERCENTILES)
    if len(values) >= MANY:
        return low, median, high
    logs = [log(value + HALF) for value in values]
    mean = fsum(logs) / len(logs)
    deviation = sqrt(fsum((one - mean) ** 2 for one in logs) / (len(logs) - 1))
    reach = STUDENT_T[len(logs) - 2] * deviation * sqrt(1 + 1 / len(logs))
    return (
        max(0.0, min(*values, exp(mean - reach) - HALF)),
        median,
        max(*values, exp(mean + reach) - HALF),
    )


def forecasts(
    plan: Plan, old: Configuration, new: Configuration, times: Durations
) -> tuple[Forecast, ...]:
    """Return a forecast for each group that is moved, restarted or started, as in the plan.

    Groups that are untouched or reloaded are not away; those that stop are, until somebody acts.
    """
    stops = {g: _of_group(times, old, g, n, "stop") for g, n in plan.release}
    starts = {g: _of_group(times, new, g, n, "start") for g, n in plan.acquire}
    turn = _of(times, "", "", turn_name(plan), "step")
    timed = [_timeline(plan, old, new, stops, starts, turn, i) for i in range(len(PERCENTILES))]
    parts = (*stops.values(), *starts.values(), *((turn,) if stops else ()))
    return tuple(
        _forecast(effect, timed, parts)
        for effect in plan.effects
        if effect.kind in _AWAY or effect.kind == "started"
    )


def turn_name(plan: Plan) -> str:
    """Return under which name the turn of such a change is recorded."""
    if plan.added_nodes or plan.added_adapters:
        return TURN_GREET
    return TURN_TOPOLOGY if plan.topology else TURN


def _forecast(
    effect: GroupEffect, timed: list[tuple[Ends, Ends]], parts: tuple[_Part, ...]
) -> Forecast:
    starts = effect.kind == "started"
    lasts = [_lasts(effect.group, released, acquired, starts) for released, acquired in timed]
    if not all(isfinite(one) for one in lasts):
        wanting = next((part.wanting for part in parts if part.wanting), "")
        return Forecast(effect.group, starts, wanting=wanting)
    low, median, high = (round(one, 3) for one in lasts)
    fewest = min(part.records for part in parts if not part.wanting)
    return Forecast(effect.group, starts, low, median, high, fewest)


def _lasts(group: str, released: Ends, acquired: Ends, starts: bool) -> float:  # noqa: FBT001
    if group not in acquired:
        return inf
    first = min(begin for begin, _ in acquired.values()) if starts else 0.0
    return acquired[group][1] - (first if starts else released.get(group, (0.0, 0.0))[0])


def _timeline(  # noqa: PLR0917 - all that a timeline is made of, in its order
    plan: Plan,
    old: Configuration,
    new: Configuration,
    stops: Mapping[str, _Part],
    starts: Mapping[str, _Part],
    turn: _Part,
    at: int,
) -> tuple[Ends, Ends]:
    """Return when each group is released and acquired, at one percentile of all parts."""
    children = {g: tuple(c for c in stops if g in _after(old, c)) for g in stops}
    released = _in_turn(plan.release, children, {g: p.seconds[at] for g, p in stops.items()}, 0.0)
    last = max((end for _, end in released.values()), default=0.0)
    begin = last + turn.seconds[at] if released else 0.0
    parents = {g: _after(new, g) for g in starts}
    acquired = _in_turn(plan.acquire, parents, {g: p.seconds[at] for g, p in starts.items()}, begin)
    return released, acquired


def _in_turn(
    orders: Iterable[tuple[str, str]],
    waits: Mapping[str, tuple[str, ...]],
    lasts: Mapping[str, float],
    begin: float,
) -> Ends:
    """Return when each group begins and ends if each node takes its own one after the other."""
    free: dict[str, float] = {}
    found: Ends = {}
    for group, node in orders:
        waited = [found[other][1] for other in waits.get(group, ()) if other in found]
        start = max((begin, free.get(node, begin), *waited))
        found[group] = (start, start + lasts[group])
        free[node] = found[group][1]
    return found


def _after(cfg: Configuration, group: str) -> tuple[str, ...]:
    return cfg.group[group].after if group in cfg.group else ()


def _of_group(
    times: Durations, cfg: Configuration, group: str, node: str, action: TimedAction
) -> _Part:
    """Return how long all resources of a group take, one after the other."""
    resources = cfg.group[group].resource if group in cfg.group else {}
    parts = [_of(times, node, group, name, action) for name in resources]
    low, median, high = (sum(part.seconds[i] for part in parts) for i in range(3))
    wanting = next((part.wanting for part in parts if part.wanting), "")
    records = min((part.records for part in parts), default=RECORDS_MIN)
    return _Part((low, median, high), records, wanting)


def _of(times: Durations, node: str, group: str, resource: str, action: TimedAction) -> _Part:
    """Return one action's duration on a node; where it was seen too rarely, on any node."""
    found = times.get((node, group, resource, action), ())
    if len(found) < RECORDS_MIN and node:
        found = tuple(
            ms for key, values in times.items() if key[1:] == (group, resource, action)
            for ms in values
        )  # fmt: skip
    if len(found) < RECORDS_MIN:
        what = f"{action} of {group}/{resource}" if group else f"the {resource} between the two"
        return _Part(_UNKNOWN, 0, what)
    low, median, high = ends_of(found)
    return _Part((low / 1000, median / 1000, high / 1000), len(found))


# -- what really happened


def interruptions(run: DareRun) -> dict[str, float]:
    """Return for how long each group really was away in a run, in seconds, as far as was told.

    From the moment at which its owner began to release it until its new owner, or after an abort
    the old one, had it online; for a group that was not running, how long its acquire took.
    """
    began = {g: times[0] for g, times in _told(run, "release").items()}
    again = _told(run, "undo-release") if run.state == "aborted" else {}
    ended = again or (_told(run, "acquire") if run.state == "done" else {})
    return {g: max(0.0, end - began.get(g, begin)) for g, (begin, end) in ended.items()}


def turn_of(run: DareRun) -> float | None:
    """Return the seconds from the last release to the first acquire; None where one is missing."""
    released, acquired = _told(run, "release"), _told(run, "acquire")
    if not released or not acquired:
        return None
    last, first = (max(e for _, e in released.values()), min(b for b, _ in acquired.values()))
    return max(0.0, first - last)


def _told(run: DareRun, step: str) -> dict[str, tuple[float, float]]:
    cells = (cell for row in run.steps if row.name == step for cell in row.cells.values())
    return {group: times for cell in cells for group, times in cell.groups.items()}
