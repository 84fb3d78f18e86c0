"""The arithmetic of ownership leases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodeagent.core.lease import Lease, takeover_wait_ms
from nodeagent.core.log import majority
from nodeagent.model.configuration import Timing

TIMING = Timing(lease_ms=3_000, renew_ms=500, watchdog_ms=5_000)
VOTERS = ("alpha", "bravo", "charlie")


def test_a_lease_counts_from_sending_not_from_the_answer() -> None:
    lease = Lease()
    sequence = lease.ask(1_000)

    lease.acknowledge("alpha", sequence)
    lease.acknowledge("bravo", sequence)  # however late these come

    assert lease.valid_until_ms(VOTERS, TIMING) == 4_000


def test_one_of_three_is_no_lease() -> None:
    lease = Lease()
    lease.acknowledge("alpha", lease.ask(1_000))

    assert lease.valid_until_ms(VOTERS, TIMING) < 0


def test_the_majority_that_answered_last_counts() -> None:
    lease = Lease()
    first, second = lease.ask(1_000), lease.ask(2_000)
    lease.acknowledge("alpha", second)
    lease.acknowledge("bravo", first)

    assert lease.valid_until_ms(VOTERS, TIMING) == 4_000
    lease.acknowledge("charlie", second)
    assert lease.valid_until_ms(VOTERS, TIMING) == 5_000


def test_an_older_answer_takes_nothing_away() -> None:
    lease = Lease()
    first, second = lease.ask(1_000), lease.ask(2_000)
    for voter in ("alpha", "bravo"):
        lease.acknowledge(voter, second)
        lease.acknowledge(voter, first)

    assert lease.valid_until_ms(VOTERS, TIMING) == 5_000


def test_answers_to_what_was_never_asked_count_nothing() -> None:
    lease = Lease()
    for voter in VOTERS:
        lease.acknowledge(voter, 77)

    assert lease.valid_until_ms(VOTERS, TIMING) < 0


def test_a_lost_lease_is_not_revived_by_late_answers() -> None:
    lease = Lease()
    sequence = lease.ask(1_000)
    lease.lose()

    for voter in VOTERS:
        lease.acknowledge(voter, sequence)

    assert lease.valid_until_ms(VOTERS, TIMING) < 0


def test_a_lease_outlives_a_change_of_voters_by_what_is_left_of_it() -> None:
    lease = Lease()
    sequence = lease.ask(1_000)
    for voter in VOTERS:
        lease.acknowledge(voter, sequence)

    lease.keep(VOTERS, TIMING)

    assert lease.valid_until_ms(("delta",), TIMING) == 4_000


@pytest.mark.parametrize("lease_ms", [1_000, 3_000, 60_000])
def test_the_wait_covers_lease_clocks_and_watchdog(lease_ms: int) -> None:
    timing = Timing(lease_ms=lease_ms, watchdog_ms=5_000)

    assert takeover_wait_ms(timing) >= lease_ms * 1.02 + 5_000 + 1_000


@given(st.integers(1, 9), st.data())
def test_any_two_majorities_meet(count: int, data: st.DataObject) -> None:
    voters = tuple(f"n{i}" for i in range(count))
    some = data.draw(st.sets(st.sampled_from(voters)))
    other = data.draw(st.sets(st.sampled_from(voters)))

    if majority(voters, some) and majority(voters, other):
        assert some & other


def test_strangers_are_no_majority() -> None:
    assert not majority(VOTERS, ("xray", "yankee", "zulu", "alpha"))
    assert not majority((), ())
