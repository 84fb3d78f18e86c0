"""When a node that is out was last granted a lease, as the voters tell."""

from collections.abc import Collection

import pytest

from nodeagent.core.granted import Granted
from nodeagent.wire.peer import Grant, LeaseAck

VOTERS = ("alpha", "bravo", "charlie")
OUT, SLOT = "charlie", 5


def decides(of: Collection[str]) -> bool:
    return len(set(of) & set(VOTERS)) * 2 > len(VOTERS)


def told(*words: tuple[str, int, int], began_ms: int = 0) -> Granted:
    """Return what is known at 10 s after voters said (who, slot, age in ms) of OUT."""
    known = Granted(began_ms)
    for voter, slot, ago in words:
        known.told(voter, LeaseAck(1, slot, (Grant(OUT, ago),)), 10_000)
    return known


@pytest.mark.parametrize(
    ("words", "newest"),
    [
        ([("alpha", 5, 900), ("bravo", 5, 700)], 9_300),
        ([("alpha", 6, 900), ("bravo", 5, 700)], 9_300),
        ([("alpha", 5, 900)], None),
        ([("alpha", 5, 900), ("bravo", 4, 700)], None),
        ([("alpha", 5, 900), ("stranger", 5, 700)], None),
        ([("alpha", 5, 900), ("bravo", 5, 700), ("bravo", 5, 800)], 9_200),
    ],
    ids=["newest of two", "knows more", "one alone", "does not know yet", "no voter", "last word"],
)  # fmt: skip
def test_only_a_majority_that_knows_the_decree_can_tell(
    words: list[tuple[str, int, int]], newest: int | None
) -> None:
    assert told(*words).newest_ms(OUT, SLOT, decides) == newest


def test_what_a_voter_granted_before_its_start_counts_as_granted_then() -> None:
    voter = Granted(began_ms=4_000)
    voter.grant("bravo", 6_000)

    assert voter.ages(("bravo", "charlie"), 10_000) == (
        Grant("bravo", 4_000),
        Grant("charlie", 6_000),
    )


def test_other_deciders_are_noticed_and_the_same_are_not() -> None:
    known = Granted(0)
    known.decided_by((VOTERS, ""), 1_000)
    known.decided_by((VOTERS, ""), 2_000)
    assert known.deciders_since_ms == 1_000

    known.decided_by((VOTERS[:2], ""), 3_000)
    assert known.deciders_since_ms == 3_000
