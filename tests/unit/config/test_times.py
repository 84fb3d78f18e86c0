"""Settling after a start, and returning late: what time holds back, and when it lets go."""

import pytest

from nodeagent.config.placement import place
from nodeagent.config.plan import plan
from nodeagent.config.times import UNKNOWN, Moment, minute_of, minute_of_day
from nodeagent.model.configuration import Group
from tests.unit.config.samples import cluster, group

ALL = ("alpha", "bravo", "charlie")
SETTLING = Moment(settling=True)
FIRST = group("alpha", "bravo", startup="first-available")
DELAYED = group("alpha", "bravo", fallback="higher-priority", fallback_delay_seconds=600.0)
NIGHTLY = group("alpha", "bravo", fallback="higher-priority", fallback_at="02:00")


def owner(
    web: Group,
    moment: Moment,
    before: str = "",
    view: tuple[str, ...] = ALL,
    failed: tuple[str, ...] = (),
) -> str:
    spoiled = {"web": frozenset(failed)}
    placed = place(
        cluster({"web": web}), view=view, owners={"web": before}, failed=spoiled, moment=moment
    )
    return placed["web"]


def test_while_the_cluster_settles_a_group_waits_for_a_better_node() -> None:
    assert owner(FIRST, SETTLING, view=("bravo",)) == ""
    assert owner(FIRST, SETTLING) == "alpha"
    assert owner(FIRST, UNKNOWN, view=("bravo",)) == "bravo"


def test_settling_waits_for_no_node_where_the_group_failed() -> None:
    assert owner(FIRST, SETTLING, view=("bravo",), failed=("alpha",)) == "bravo"


def test_settling_delays_no_takeover() -> None:
    assert owner(FIRST, SETTLING, before="alpha", view=("bravo",)) == "bravo"


def test_home_node_never_starts_elsewhere_settled_or_not() -> None:
    assert owner(group("alpha", "bravo"), UNKNOWN, view=("bravo",)) == ""


@pytest.mark.parametrize(("in_ms", "after"), [(0, "bravo"), (599_999, "bravo"), (600_000, "alpha")])
def test_a_group_returns_once_the_better_node_was_in_for_long_enough(
    in_ms: int, after: str
) -> None:
    assert owner(DELAYED, Moment(in_ms={"alpha": in_ms}), before="bravo") == after


@pytest.mark.parametrize(
    ("minute", "after"),
    [(-1, "bravo"), (119, "bravo"), (120, "alpha"), (134, "alpha"), (135, "bravo")],
)
def test_a_group_returns_at_its_time_of_the_day(minute: int, after: str) -> None:
    assert owner(NIGHTLY, Moment(minute=minute), before="bravo") == after


def test_a_window_may_reach_over_midnight() -> None:
    late = group("alpha", "bravo", fallback="higher-priority", fallback_at="23:55")

    assert owner(late, Moment(minute=4), before="bravo") == "alpha"
    assert owner(late, Moment(minute=10), before="bravo") == "bravo"


def test_once_returned_it_stays_whatever_the_time() -> None:
    assert owner(NIGHTLY, Moment(minute=700), before="alpha") == "alpha"


def test_a_time_that_cannot_be_read_never_comes() -> None:
    assert [minute_of(text) for text in ("02:00", "2:00", "24:00", "02:60", "", "²²:00")] == [
        120, -1, -1, -1, -1, -1,
    ]  # fmt: skip


def test_the_minute_of_the_day_is_counted_in_utc() -> None:
    assert minute_of_day(0.0) == 0
    assert minute_of_day(86_400.0 * 20_000 + 7_260.5) == 121


def test_a_change_leaves_a_late_return_to_its_time_and_says_so() -> None:
    cfg = cluster({"web": NIGHTLY, "mail": DELAYED})

    done = plan(cfg, cfg, view=ALL, owners={"web": "bravo", "mail": "bravo"})

    assert [effect.kind for effect in done.effects] == ["untouched", "untouched"]
    assert done.effects[0].reason == "stays for now, returns to alpha at 02:00 UTC"
    assert "once that node was in for 600 s" in done.effects[1].reason
