"""`pytest tests/simulation --seed N` plays the schedule of that seed and nothing else."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --seed; heard only when this folder is named on the command line."""
    parser.addoption("--seed", type=int, default=None, help="play this schedule only")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Spread the seeds over tests, so that several workers share them."""
    if "seeds" not in metafunc.fixturenames:
        return
    one = metafunc.config.getoption("--seed", default=None)
    chunks = [range(one, one + 1)] if one is not None else _chunks()
    metafunc.parametrize("seeds", chunks, ids=[f"{c.start}-{c.stop - 1}" for c in chunks])


def _chunks() -> list[range]:
    return [range(first, first + 10) for first in range(1, 301, 10)]
