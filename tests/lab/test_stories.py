"""The stories of the lab, each told once by real agents on hosts of their own; a test a step.

What the client saw stands in the report (`--junit-xml`) and with `-s` on the screen.
"""

from collections.abc import Callable

import pytest

from tests.lab import apart, needs
from tests.lab.result import Result, line

STEPS = {
    "three": (
        "start",
        "hosts",
        "disk",
        "drills",
        "stable",
        "planned-move",
        "network-death",
        "adapter-death",
        "node-death",
        "split-from-owner",
        "split-with-owner",
        "add-group",
        "add-node",
        "remove-network",
    ),
    "defaults": (
        "start",
        "stable",
        "add-nginx",
        "agent-restarted",
        "adapter-silent",
        "no-adapter",
        "agent-killed",
    ),
    "witness": ("start", "stable", "witness-death", "node-death", "split-from-owner"),
}
CASES = [(story, step) for story, steps in STEPS.items() for step in steps]
Tell = Callable[[str, str], Result]
# Labs measure how long a service was away, so they do not run beside each other.
pytestmark = [pytest.mark.xdist_group("another-cluster-in-a-box"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def tell() -> Tell:
    """Tell a story when its first step is asked for; return the result of a step."""
    if reason := needs.why_not():
        pytest.skip(reason)
    told: dict[str, dict[str, Result]] = {}

    def result_of(story: str, step: str) -> Result:
        if story not in told:
            told[story] = apart.told(story)
        if step not in told[story]:
            last = list(told[story].values())[-1:]
            pytest.fail(f"{step} was not reached: {last[0] if last else 'nothing was told'}")
        return told[story][step]

    return result_of


@pytest.mark.parametrize(("story", "step"), CASES)
def test_step_holds(
    tell: Tell, story: str, step: str, record_property: Callable[[str, object], None]
) -> None:
    result = tell(story, step)

    print(line(result))
    for group, seen in result.services.items():
        record_property(f"{group}-failed", seen.failed)
        record_property(f"{group}-longest-gap-ms", round(seen.longest_gap_s * 1000))
    if result.skipped:
        pytest.skip(result.detail)
    assert result.ok, line(result)


def test_move_is_seen_by_the_clients_of_the_moved_group_alone(tell: Tell) -> None:
    services = tell("three", "planned-move").services

    assert services["web"].nodes[0] != services["web"].nodes[-1]
    assert services["web"].failed > 0, "the client did not see what must be seen"
    assert services["orders"].failed == 0
    assert len(services["orders"].nodes) == 1


@pytest.mark.parametrize(
    ("story", "step"),
    [
        ("three", "network-death"),
        ("three", "split-with-owner"),
        ("three", "add-group"),
        ("three", "add-node"),
        ("defaults", "agent-restarted"),
    ],
)
def test_nobody_notices(tell: Tell, story: str, step: str) -> None:
    services = tell(story, step).services

    assert all(seen.requests > 0 for seen in services.values())
    assert {group: seen.failures for group, seen in services.items() if seen.failed} == {}
