"""What a preview says of failures is what agents do: each single failure of one example.

`make survival` plays singles and pairs of three.
"""

import pytest

from nodeagent.config.survival import Failure, Part, name_of
from tests.simulation.survival import CONFIGS, attempt, failures, started

TEXT = (CONFIGS / "two-nodes.toml").read_text("utf-8")
SINGLES = tuple(failures(TEXT, pairs=False))
PAIR: Failure = (Part("node", "witness"), Part("adapter", "alpha", "eth0"))


@pytest.mark.parametrize("failure", [*SINGLES, PAIR], ids=name_of)
def test_agents_do_as_foretold(failure: Failure) -> None:
    trial = attempt(started(TEXT, calm_ms=5_000), failure, rest_ms=25_000)

    assert trial.difference == ""
