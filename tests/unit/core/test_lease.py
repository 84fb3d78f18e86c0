"""The arithmetic of ownership leases."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodeagent.config.quorum import majority
from nodeagent.core.lease import Lease, takeover_wait_ms
from nodeagent.model.configuration import Timing
from tests.simulation.clusters import cluster
from tests.simulation.shapes import GroupShape, Shape
from tests.simulation.world import World

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


def test_what_nobody_answers_is_asked_again_sooner() -> None:
    lease = Lease()
    answered = lease.ask(1_000)
    for voter in VOTERS:
        lease.acknowledge(voter, answered)
    until_ms = lease.valid_until_ms(VOTERS, TIMING)
    rests = [lease.due(now_ms, until_ms, TIMING) for now_ms in (1_250, 1_499, 1_500)]

    lease.acknowledge("alpha", lease.ask(1_500))  # itself alone
    unanswered = [lease.due(now_ms, until_ms, TIMING) for now_ms in (1_749, 1_750)]

    assert (rests, unanswered) == ([False, False, True], [False, True])
    assert not lease.due(1_750, 1_700, TIMING), "it is lost, and nothing is in a hurry any more"


@pytest.mark.parametrize("phase_ms", range(0, 1_000, 150))
def test_an_outage_that_is_no_death_costs_no_lease(phase_ms: int) -> None:
    """By the times that are shipped: who is silent for less than dead-after keeps its groups."""
    shape = Shape(VOTERS, (("web", GroupShape(VOTERS[:2])),), networks=2)
    world = World(re.sub(r"\[timing\]\n(.+\n)+", "", shape.text), consoles=0)
    world.start()
    world.until(world.stable)
    assert world.nodes()["alpha"].shared.timing == Timing()
    world.advance(5_000 + phase_ms)

    world.cut |= {(a, b) for a in VOTERS for b in VOTERS if a != b}
    world.advance(Timing().dead_after_ms - 200)
    world.cut.clear()
    world.advance(5_000)

    assert not any("lease lost" in line.text for line in world.events), world.told(20)


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


@pytest.mark.parametrize(("slept_ms", "left"), [(1_000, True), (2_500, False)])
def test_a_lease_is_not_longer_for_a_node_that_slept(slept_ms: int, left: bool) -> None:
    """It is counted by a clock that goes on: nobody has to be asked again while it lasts."""
    world = World(cluster(groups=()))
    world.start()
    world.until(world.stable)
    world.advance(1_000)
    until_ms = world.nodes()["alpha"].shared.lease_until_ms
    world.pause("alpha")
    world.advance(slept_ms)
    world.cut |= {(voter, "alpha") for voter in ("bravo", "charlie")}
    world.resume("alpha")

    alpha = world.nodes()["alpha"].shared
    assert any("slept for" in line.text for line in alpha.events)
    assert alpha.lease_valid is left
    world.advance(2_000)
    assert not alpha.lease_valid
    assert alpha.lease_until_ms <= until_ms + 300, "what came while it slept was asked before"
