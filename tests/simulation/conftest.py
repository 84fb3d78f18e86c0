"""`pytest tests/simulation --seed 17` (or core:17, whole:17) plays that seed and nothing else."""

import pytest

WHOLE, CORE = 10, 30
WHOLE_CHUNK, CORE_CHUNK = 5, 30


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --seed; heard only when this folder is named on the command line."""
    parser.addoption("--seed", default="", help="play this schedule only: 17, core:17, whole:17")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Spread the seeds over tests, so that several workers share them."""
    if "kind" not in metafunc.fixturenames or "seeds" not in metafunc.fixturenames:
        return
    one = metafunc.config.getoption("--seed", default="")
    chunks = _chosen(one) if one else _chunks()
    ids = [f"{kind}-{seeds.start}-{seeds.stop - 1}" for kind, seeds in chunks]
    metafunc.parametrize(("kind", "seeds"), chunks, ids=ids)


def _chosen(one: str) -> list[tuple[str, range]]:
    kind, _, number = one.rpartition(":")
    seeds = range(int(number), int(number) + 1)
    return [(known, seeds) for known in ("core", "whole") if kind in ("", known)]


def _chunks() -> list[tuple[str, range]]:
    whole = [range(n, n + WHOLE_CHUNK) for n in range(1, WHOLE + 1, WHOLE_CHUNK)]
    core = [range(n, n + CORE_CHUNK) for n in range(1, CORE + 1, CORE_CHUNK)]
    return [("whole", seeds) for seeds in whole] + [("core", seeds) for seeds in core]
