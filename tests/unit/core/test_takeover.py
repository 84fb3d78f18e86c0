"""Deaths, failures and returns: who takes over when, and who must not."""

from dataclasses import replace

import pytest

from nodeagent.core.lease import takeover_wait_ms
from nodeagent.wire.peer import Accepted
from tests.simulation.clusters import NAMES
from tests.simulation.machine import Machine
from tests.simulation.network import Trap
from tests.unit.core.story import Story


def test_the_group_of_a_dead_node_comes_up_on_the_next_one() -> None:
    story = Story()

    story.crash("alpha").until(lambda: story.owner("web") == ["bravo"])

    assert story.told("alpha is down")
    assert story.owner("orders") == ["bravo"]


def test_nobody_takes_over_before_a_lost_node_must_have_let_go() -> None:
    story = Story()
    timing = story.node("bravo").shared.timing
    granted = story.world.now_ms - timing.renew_ms
    story.crash("alpha")

    story.until(lambda: bool(story.owner("web")))

    assert story.world.now_ms - granted >= takeover_wait_ms(timing)
    assert story.world.now_ms - granted < takeover_wait_ms(timing) + timing.dead_after_ms


def test_a_node_that_is_cut_off_lets_go_before_another_acquires() -> None:
    story = Story()

    story.cut_off("alpha").until(lambda: story.owner("web") == [])

    assert story.told("lease lost")
    story.until(lambda: story.owner("web") == ["bravo"])


def test_a_frozen_node_is_stopped_by_its_watchdog() -> None:
    story = Story()

    story.world.pause("alpha")

    story.until(lambda: story.owner("web") == ["bravo"])


def test_a_node_that_returns_catches_up_and_takes_nothing_back() -> None:
    story = Story()
    story.crash("alpha").until(lambda: story.owner("web") == ["bravo"])
    shape = story.with_group("mail", "bravo", "charlie")
    assert story.dare(shape, at="bravo").state == "done"

    story.world.start("alpha")
    story.rest()

    assert story.digests() == {shape.digest}
    assert story.owner("web") == ["bravo"]


def test_a_failed_application_is_restarted_where_it_runs() -> None:
    story = Story()

    story.drill("alpha", "fail-application", "web")
    story.until(lambda: story.told("restarts server here"))
    story.rest()

    assert story.owner("web") == ["alpha"]


def test_an_application_that_fails_again_falls_over() -> None:
    story = Story()

    for _ in range(2):
        story.drill("alpha", "fail-application", "web")
        story.world.advance(1_500)

    story.until(lambda: story.owner("web") == ["bravo"])


def test_an_untouched_application_that_fails_in_a_dare_is_restarted_at_once() -> None:
    story = Story()
    story.drill("bravo", "slow-step", "compare")
    story.ask(story.with_group("mail", "charlie"), at="bravo")
    story.at_step("compare")

    story.drill("alpha", "fail-application", "web")
    story.until(lambda: story.told("restarts server here"))
    assert story.world.run is not None
    assert story.world.run.state == "running", "the DARE is still open"

    assert story.end().state == "done"
    story.rest()


def test_an_untouched_group_is_given_up_only_after_the_dare() -> None:
    story = Story()
    story.drill("bravo", "slow-step", "compare")
    story.ask(story.with_group("mail", "charlie"), at="bravo")
    story.at_step("compare")

    for _ in range(2):
        story.drill("alpha", "fail-application", "web")
        story.world.advance(1_000)
    assert story.owner("web") == ["alpha"], "no other node may take it over now"

    assert story.end().state == "done"
    story.until(lambda: story.owner("web") == ["bravo"]).rest()


def test_a_minority_decides_nothing_and_holds_nothing() -> None:
    story = Story(5)
    for one in ("alpha", "bravo"):
        for other in ("charlie", "delta", "echo"):
            story.world.cut |= {(one, other), (other, one)}

    story.until(lambda: story.owner("web") == [])
    story.until(lambda: story.owner("orders") == ["charlie"])

    assert (
        story.node("alpha").shared.log.standing.slot < story.node("echo").shared.log.standing.slot
    )
    story.mend().rest()


def test_one_bad_link_makes_no_death() -> None:
    story = Story()
    slot = story.node("alpha").shared.log.standing.slot

    story.world.cut |= {("alpha", "bravo"), ("bravo", "alpha")}
    story.world.advance(10_000)

    assert story.node("charlie").shared.log.standing.slot == slot
    assert story.owner("web") == ["alpha"]


def test_one_dead_network_of_two_makes_no_death() -> None:
    story = Story()
    slot = story.node("alpha").shared.log.standing.slot

    story.world.network.dead_adapters.update((name, "eth0") for name in story.shape.nodes)
    story.world.advance(10_000)

    assert story.node("charlie").shared.log.standing.slot == slot
    assert story.owner("web") == ["alpha"]


def test_a_view_that_some_accepted_is_decided_though_nobody_wants_it_any_more() -> None:
    """Who accepted that charlie is out gives it no lease, so this must not stay open."""
    story = Story()
    story.world.network.lost_kinds.add(Accepted)
    story.world.pause("charlie")
    for name in ("alpha", "bravo"):
        story.until(lambda name=name: story.node(name).acceptor.accepted is not None)  # type: ignore[misc]

    story.world.resume("charlie")
    story.until(lambda: story.node("alpha").shared.alive("charlie"))
    story.world.advance(3_000)
    story.world.network.lost_kinds.clear()

    story.rest()


def test_a_cold_start_of_all_keeps_the_owners_decided_last() -> None:
    story = Story()
    story.dare(story.shape, web="bravo")
    story.rest()

    for name in story.shape.nodes:
        story.crash(name)
    story.world.start()

    assert story.rest().digests() == {story.shape.digest}


def test_a_child_waits_for_its_parent() -> None:
    story = Story()
    story.dare(story.changed("orders", after=("web",)))
    story.rest()

    story.crash("alpha").until(lambda: story.owner("web") == ["bravo"])
    story.world.start("alpha")
    story.rest()

    assert story.owner("orders") == ["bravo"]


@pytest.mark.parametrize("away", ["alpha", "bravo"])
def test_shorter_times_are_not_trusted_by_those_who_may_not_know_them(away: str) -> None:
    story = Story(timing=2)
    assert story.dare(replace(story.shape, timing=1)).state == "done"

    story.cut_off(away)

    group = "web" if away == "alpha" else "orders"
    story.until(lambda: story.owner(group) not in ([], [away]))  # one owner is watched meanwhile


def test_old_voters_do_not_keep_a_lease_alive_behind_the_new_ones() -> None:
    """alpha and bravo, a majority of the old voters, are cut off as the others decide."""
    story = Story(5)
    story.shape = replace(story.changed("web", nodes=("alpha", "delta")), voters=NAMES[:3])
    story.dare(story.shape)
    story.rest()
    apart = [(one, other) for one in NAMES[:2] for other in NAMES[2:5]]

    def splits(machine: Machine, to: str) -> None:
        if machine.name not in NAMES[:2]:
            story.world.network.traps.append(Trap(Accepted, 1, splits))
            return  # one of the old voters' acceptances has to get through
        story.world.later(0, lambda: story.world.cut.update((*apart, *(p[::-1] for p in apart))))

    story.world.network.traps.append(Trap(Accepted, 1, splits))
    story.ask(replace(story.shape, voters=NAMES[2:5]), at="charlie")
    story.until(lambda: story.node("echo").shared.log.standing.epoch == 3)
    assert story.node("alpha").shared.log.standing.epoch == 2

    story.until(lambda: story.owner("web") == ["delta"])
    story.mend().rest()
