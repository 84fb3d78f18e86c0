"""Seeded schedules: whatever fails, no promise is broken, and the cluster comes to rest by itself.

A failure prints its seed, options and story; `pytest tests/simulation --seed N` plays it again.
"""

from tests.simulation.schedules import play


def test_promises_hold_and_rest_returns(seeds: range) -> None:
    for seed in seeds:
        play(seed)


def test_the_same_seed_gives_the_same_run() -> None:
    first, second = play(12), play(12)
    assert first == second
