"""For how long a change keeps a group away, by times that were recorded."""

import pytest
from msgspec import structs

from nodeagent.config.forecast import (
    RECORDS_MIN,
    TURN,
    TURN_GREET,
    TURN_TOPOLOGY,
    ends_of,
    forecasts,
    interruptions,
    percentile,
    turn_of,
)
from nodeagent.config.load import load
from nodeagent.config.plan import plan
from nodeagent.model.configuration import Configuration
from nodeagent.model.plan import Plan
from nodeagent.model.run import Cell, DareRun, StepRow
from nodeagent.model.times import RECORDS_MAX, Durations, Forecast, Timed, with_timed
from tests.simulation.clusters import cluster

OWNERS = {"web": "alpha", "orders": "bravo"}
TURNS = (TURN, TURN_TOPOLOGY, TURN_GREET)
ALL = ("alpha", "bravo", "charlie")


def _read(text: str) -> Configuration:
    loaded = load(text)
    assert loaded.configuration is not None
    return loaded.configuration


def _moving(text: str, **asked: str) -> tuple[Configuration, Plan]:
    cfg = _read(text)
    return cfg, plan(cfg, cfg, view=ALL, owners=OWNERS, asked=asked)


def _always(
    ms: int, count: int = 20, nodes: tuple[str, ...] = ALL
) -> dict[tuple[str, str, str, str], tuple[int, ...]]:
    """Every action of both groups always takes `ms`, a turn ten times as long."""
    values = (ms,) * count
    times = {
        (node, group, resource, action): values
        for node in nodes
        for group in OWNERS
        for resource in ("address", "server")
        for action in ("start", "stop")
    }
    return times | {("", "", name, "step"): (ms * 10,) * count for name in TURNS}


def _only(found: tuple[Forecast, ...]) -> Forecast:
    (one,) = found
    return one


def test_a_group_is_away_for_its_stops_the_turn_and_its_starts() -> None:
    cfg, planned = _moving(cluster(3), web="charlie")

    found = _only(forecasts(planned, cfg, cfg, _always(100)))

    assert (found.low_s, found.median_s, found.high_s) == (1.4, 1.4, 1.4)
    assert (found.group, found.records, found.starts) == ("web", 20, False)
    assert found.holds(1.4)
    assert not found.holds(1.5)


def test_what_waits_for_a_new_adapter_is_not_measured_by_what_only_takes_one_away() -> None:
    cfg, planned = _moving(cluster(3), web="charlie")
    times = _always(100) | {("", "", TURN_GREET, "step"): (3_000,) * 20}
    less = structs.replace(planned, topology=True)
    more = structs.replace(less, added_adapters=(("charlie", "eth2"),))

    assert _only(forecasts(less, cfg, cfg, times)).median_s == pytest.approx(1.4)
    assert _only(forecasts(more, cfg, cfg, times)).median_s == pytest.approx(3.4)


def test_a_parent_is_away_while_its_child_stops_and_a_child_until_its_parent_runs() -> None:
    text = cluster(3).replace(
        "[group.orders]\n", '[group.orders]\nafter = ["web"]\n', 1
    )  # fmt: skip
    cfg, planned = _moving(text, web="charlie")

    found = {one.group: one for one in forecasts(planned, cfg, cfg, _always(100))}

    assert found["web"].median_s == pytest.approx(1.4)  # its release begins when its child is off
    assert found["orders"].median_s == pytest.approx(0.4 + 1.0 + 0.4)


def test_groups_of_one_node_are_started_one_after_the_other() -> None:
    cfg, planned = _moving(cluster(3), web="charlie", orders="charlie")

    found = {one.group: one.median_s for one in forecasts(planned, cfg, cfg, _always(100))}

    assert found == {"web": pytest.approx(1.4), "orders": pytest.approx(1.6)}


def test_a_node_that_has_no_records_is_taken_for_the_others() -> None:
    cfg, planned = _moving(cluster(3), web="charlie")

    found = _only(forecasts(planned, cfg, cfg, _always(100, nodes=("alpha", "bravo"))))

    assert found.median_s == pytest.approx(1.4)


@pytest.mark.parametrize("count", [0, RECORDS_MIN - 1])
def test_too_few_records_give_no_figures_and_say_what_is_wanting(count: int) -> None:
    cfg, planned = _moving(cluster(3), web="charlie")

    found = _only(forecasts(planned, cfg, cfg, _always(100, count, nodes=("alpha",))))

    assert not found.known
    assert found.wanting == "stop of web/address"
    assert not found.holds(0.0)


def test_a_group_that_is_offline_is_started_without_being_away() -> None:
    cfg = _read(cluster(3))
    planned = plan(cfg, cfg, view=ALL, owners={"web": "alpha"}, asked={"orders": "bravo"})

    found = _only(forecasts(planned, cfg, cfg, _always(100)))

    assert (found.group, found.starts) == ("orders", True)
    assert found.median_s == pytest.approx(0.2)


def test_few_records_widen_the_interval_and_many_do_not() -> None:
    few, many = ends_of((90, 100, 110)), ends_of((90, 100, 110) * 10)

    assert few[0] < 90
    assert few[2] > 110
    assert [round(one) for one in many] == [90, 100, 110]
    assert round(few[1]) == 100


def test_percentiles_lie_between_values_in_proportion() -> None:
    assert percentile((10, 20, 30, 40, 50), 0.5) == 30
    assert percentile((0, 100), 0.95) == pytest.approx(95)
    assert percentile((7,), 0.05) == 7


def test_only_the_newest_durations_are_kept() -> None:
    known: Durations = {}
    for ms in range(RECORDS_MAX + 5):
        known = with_timed(known, "alpha", Timed("web", "server", "start", ms))

    (values,) = known.values()
    assert values == tuple(range(5, RECORDS_MAX + 5))


def _ran(state: str, **steps: dict[str, tuple[float, float]]) -> DareRun:
    rows = tuple(
        StepRow(name.replace("_", "-"), cells={"alpha": Cell("done", groups=groups)})
        for name, groups in steps.items()
    )
    return DareRun("1.1.alpha.1", "alpha", state=state, steps=rows)  # type: ignore[arg-type]


def test_an_interruption_lasts_from_the_release_to_the_end_of_the_acquire() -> None:
    run = _ran("done", release={"web": (10.0, 10.5)}, acquire={"web": (11.0, 12.25)})

    assert interruptions(run) == {"web": 2.25}
    assert turn_of(run) == 0.5


def test_an_aborted_run_interrupts_until_the_old_owner_has_it_online_again() -> None:
    run = _ran(
        "aborted",
        release={"web": (10.0, 10.5)},
        acquire={},
        undo_release={"web": (12.0, 15.0)},
    )

    assert interruptions(run) == {"web": 5.0}
    assert turn_of(run) is None


def test_what_is_started_only_has_its_own_time_and_what_nobody_told_has_none() -> None:
    assert interruptions(_ran("done", acquire={"mail": (3.0, 4.5)})) == {"mail": 1.5}
    assert interruptions(_ran("in-doubt", release={"web": (1.0, 2.0)})) == {}
