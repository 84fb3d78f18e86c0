"""Odd ways to count votes: a tie-breaker for halves, a witness, votes that go with who is lost."""

from itertools import combinations

import pytest

from nodeagent.config.load import load
from nodeagent.config.quorum import majority
from nodeagent.core.lease import Lease
from nodeagent.model.configuration import Timing
from tests.simulation.clusters import cluster
from tests.simulation.world import World

NODES = ("alpha", "bravo", "charlie", "delta")


def started(text: str) -> World:
    world = World(text, tick_ms=200)  # minutes are waited, for little that happens
    world.start()
    world.until(world.stable)
    return world


@pytest.mark.parametrize("count", range(1, 10))
def test_any_two_that_decide_share_a_voter(count: int) -> None:
    voters = tuple("abcdefghi"[:count])
    for tie_breaker in ("", *voters):
        winners = [
            set(some)
            for size in range(count + 1)
            for some in combinations(voters, size)
            if majority(voters, some, tie_breaker)
        ]
        assert winners
        assert all(one & other for one in winners for other in winners)


def test_the_half_with_the_tie_breaker_goes_on_and_the_other_does_not() -> None:
    text = cluster(4).replace(
        "[timing]", f'voters = {list(NODES)}\ntie-breaker = "bravo"\n[timing]'
    )
    world = started(text.replace("'", '"'))
    for left in ("alpha", "bravo"):
        for right in ("charlie", "delta"):
            world.cut.update({(left, right), (right, left)})
    world.advance(30_000)

    assert set(world.nodes()["bravo"].shared.log.standing.view) == {"alpha", "bravo"}
    assert [world.owner("web"), world.owner("orders")] == [["alpha"], ["bravo"]]
    assert not world.nodes()["charlie"].has_quorum
    assert not world.nodes()["delta"].shared.lease_valid


def test_a_lease_is_given_by_half_with_the_tie_breaker() -> None:
    lease, timing, voters = Lease(), Timing(), ("a", "b", "c", "d")
    sequence = lease.ask(1_000)
    lease.acknowledge("a", sequence)
    lease.acknowledge("b", sequence)

    assert lease.valid_until_ms(voters, timing) < 0
    assert lease.valid_until_ms(voters, timing, "c") < 0
    assert (
        Lease(sent=lease.sent, acknowledged=lease.acknowledged).valid_until_ms(voters, timing, "b")
        == 1_000 + timing.lease_ms
    )


def test_two_nodes_with_a_witness_survive_the_loss_of_one() -> None:
    text = cluster(3, ()).replace("[node.charlie]\n", '[node.charlie]\nrole = "witness"\n')
    text += '[group.web]\nnodes = ["alpha", "bravo"]\nstartup = "first-available"\n'
    text += '[group.web.resource.server]\ntype = "application"\nstart = ["/bin/true"]\n'
    text += 'process = "foreground"\n'
    world = started(text)
    world.crash("alpha")
    world.until(lambda: world.owner("web") == ["bravo"])

    assert set(world.nodes()["bravo"].shared.log.standing.view) == {"bravo", "charlie"}
    listed = text.replace('["alpha", "bravo"]', '["alpha", "charlie"]')
    assert [r.code for r in load(listed.encode()).reports if r.severity == "error"] == ["E114"]


def test_votes_go_with_nodes_that_stay_away() -> None:
    text = cluster(5).replace("[timing]", "shrink-seconds = 20.0\n[timing]")
    world = started(text)
    world.crash("delta")
    world.crash("echo")
    world.until(lambda: len(world.nodes()["alpha"].shared.log.voters) == 3, 60_000)
    world.crash("charlie")
    world.until(lambda: len(world.nodes()["alpha"].shared.log.standing.view) == 2, 60_000)
    world.advance(60_000)

    log = world.nodes()["alpha"].shared.log
    assert log.voters == ("alpha", "bravo", "charlie")  # never below three
    assert 'voters = ["alpha", "bravo", "charlie"]' in log.active.decode()
    world.start("charlie", "delta", "echo")
    world.until(world.stable)
    assert set(log.standing.view) == {"alpha", "bravo", "charlie", "delta", "echo"}
    assert len(log.voters) == 3  # a vote comes back by a DARE only


def test_votes_stay_where_nothing_is_said() -> None:
    world = started(cluster(5))
    world.crash("echo")
    world.advance(80_000)
    assert len(world.nodes()["alpha"].shared.log.voters) == 5
