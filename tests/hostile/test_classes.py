"""No class of bad input is forgotten, and each has enough cases and somebody who judges them."""

from pathlib import Path

from tests.hostile.classes import classes

CASES_MIN = 20


def test_every_class_has_enough_cases_and_a_judge() -> None:
    found = classes()

    assert list(found) == list(range(1, 19))
    assert {n: len(c.cases) for n, c in found.items() if len(c.cases) < CASES_MIN} == {}
    for each in found.values():
        assert (Path(__file__).parent / f"{each.judged_in}.py").exists()
