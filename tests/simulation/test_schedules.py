"""Seeded schedules: whatever fails, no promise is broken, and the cluster comes to rest by itself.

A failure prints its seed, plan and story; `pytest tests/simulation --seed N` plays it again, and
`python -m tests.simulation --seed N --shrink` makes it smaller.
"""

from pathlib import Path

import pytest

from tests.simulation.generate import plan_of
from tests.simulation.plan import Kind, read_plan
from tests.simulation.runner import chunks, play_seeds
from tests.simulation.schedules import play_plan

REGRESSIONS = sorted((Path(__file__).parent / "regressions").glob("*.json"))


def test_promises_hold_and_rest_returns(kind: Kind, seeds: range) -> None:
    for seed in seeds:
        play_plan(plan_of(kind, seed))


@pytest.mark.parametrize("file", REGRESSIONS, ids=[file.stem for file in REGRESSIONS])
def test_what_once_broke_a_rule_breaks_none(file: Path) -> None:
    play_plan(read_plan(file))


@pytest.mark.parametrize("which", ["core", "whole"])
def test_the_same_seed_gives_the_same_run(which: Kind) -> None:
    first, second = (play_plan(plan_of(which, 12)) for _ in range(2))

    assert first == second
    assert first.trace


def test_each_seed_is_played_once_wherever_it_is_played() -> None:
    parts = list(chunks(60, 7, first=3))

    for kind, count in (("core", 60), ("whole", 7)):
        seeds = [seed for known, part in parts for seed in part if known == kind]
        assert sorted(seeds) == list(range(3, 3 + count))


def test_what_was_played_is_counted() -> None:
    tally = play_seeds("core", range(1, 31))

    assert (tally.played["core"], sum(tally.nodes.values())) == (30, 30)
    assert tally.decrees > tally.commits > 0
    assert not tally.failed


def test_clusters_have_two_to_nine_nodes_and_some_a_witness() -> None:
    options = [plan_of(kind, seed).options for kind in ("core", "whole") for seed in range(2_000)]

    assert {o.nodes for o in options if o.kind == "core"} == set(range(2, 10))
    assert {o.nodes for o in options if o.kind == "whole"} == set(range(2, 10))
    assert {o.kind for o in options if o.witness} == {"core", "whole"}
