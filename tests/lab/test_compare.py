"""What is printed of a comparison: medians, spread, ratios, and what never came."""

import pytest

from tests.lab.compare import EQUAL_DEATH, WATCHED, table
from tests.lab.sides import Figure, Ours, Theirs
from tests.lab.vrrp_side import Vrrp


def figures(side: str, work: str, *ms: float, failed: int = 0) -> list[Figure]:
    return [Figure(side, work, one, failed) for one in ms]


def row(work: str, *given: list[Figure]) -> list[str]:
    lines = table([one for many in given for one in many], (1.0, 2.0)).splitlines()
    return next(
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith(f"| {work} |")
    )


def test_all_sides_stand_beside_each_other_with_their_ratios() -> None:
    ours = figures(Ours.name, "planned move", 90, 100, 300)
    theirs = figures(Theirs.name, "planned move", 200, 210, 190, failed=2)

    vrrp = figures(Vrrp.name, "planned move", 400)

    assert row("planned move", ours, theirs, vrrp) == [
        "planned move", "100 (90, 300), 3", "200 (190, 210), 3", "0.50",
        "400 (400, 400), 1", "0.25", "0 / 2 / 0",
    ]  # fmt: skip


def test_what_nobody_noticed_has_no_ratio() -> None:
    ours = figures(Ours.name, "dead service adapter", 60)
    theirs = figures(Theirs.name, "dead service adapter", -1, -1)

    assert row("dead service adapter", ours, theirs)[2:4] == ["never noticed, 2 of 2", "-"]


def test_a_peer_that_watches_is_compared_with_our_defaults() -> None:
    ours = figures(Ours.name, "dead service adapter", 60)
    theirs = figures(Theirs.name, WATCHED, 600)

    assert row(WATCHED, ours, theirs)[3] == "0.10"


@pytest.mark.parametrize("work", ["node death", EQUAL_DEATH])
def test_a_side_that_did_not_do_a_work_is_left_empty(work: str) -> None:
    assert row(work, figures(Ours.name, work, 5_000))[2:4] == ["-", "-"]


def test_a_peer_that_cannot_be_had_is_named_with_the_reason() -> None:
    ours = figures(Ours.name, "planned move", 100)

    told = table(
        ours, (1.0, 2.0), {Vrrp.name: "missing Debian packages: apt-get install keepalived"}
    )

    assert "keepalived: not measured: missing Debian packages" in told
    assert "| - | - | not measured | - | 0 / - / - |" in told
