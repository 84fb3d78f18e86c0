"""Two nodes without a third vote: the survivor must fence first, and then decides alone."""

from dataclasses import replace

import pytest

from nodeagent.config.quorum import outlives
from nodeagent.core.events import MessageHeard
from nodeagent.wire.console import Done, Fence
from nodeagent.wire.limits import PROTOCOL_VERSION
from nodeagent.wire.peer import Decided, Decree, Envelope, ViewChange
from tests.unit.core.story import Story


def pair(*, breaks_ties: bool = False) -> Story:
    return Story(2, timing=2, fences=True, breaks_ties=breaks_ties)


def alone(story: Story, name: str) -> bool:
    node = story.world.nodes().get(name)
    return node is not None and set(node.shared.log.standing.view) == {name}


def test_the_survivor_fences_and_its_own_groups_are_not_interrupted() -> None:
    story = pair()
    starts = story.invariants.acquisitions

    story.crash("bravo").until(lambda: alone(story, "alpha"))

    assert story.owner("web") == ["alpha"]
    assert story.invariants.acquisitions == starts
    assert story.told("its fence counts as its vote")
    assert [(by, node) for by, node, _ in story.world.fences.asked] == [("alpha", "bravo")]


def test_the_survivor_takes_over_what_the_other_had() -> None:
    story = pair()

    story.crash("alpha").until(lambda: story.owner("web") == ["bravo"])

    story.world.start("alpha")
    story.rest()


def test_the_survivor_can_be_changed_and_the_other_returns_to_that() -> None:
    story = pair()
    story.crash("bravo").until(lambda: alone(story, "alpha"))

    run = story.dare(story.with_group("mail", "alpha"))

    assert run.state == "done"
    story.world.start("bravo")
    story.rest()
    assert len(story.digests()) == 1


def test_cut_apart_the_one_with_the_delay_wins() -> None:
    story = pair()

    story.cut_off("bravo").until(lambda: alone(story, "alpha"))

    assert story.world.machines["bravo"].fenced >= 1
    assert story.world.machines["alpha"].fenced == 0
    assert story.owner("web") == ["alpha"]
    story.world.advance(10_000)
    assert not alone(story, "bravo"), "back, and cut off, it fences nobody and decides nothing"
    assert story.world.machines["alpha"].fenced == 0
    story.mend().rest()


def test_without_a_confirmed_fence_nobody_decides_alone() -> None:
    story = pair()
    for machine in story.world.machines.values():
        machine.fence = "fails"
    slot = story.node("alpha").shared.log.standing.slot

    story.crash("bravo")
    story.until(lambda: story.owner("web") == [])
    story.world.advance(10_000)

    assert story.node("alpha").shared.log.standing.slot == slot
    assert story.told("not fenced by board")
    story.world.start("bravo")
    story.rest()


def test_a_life_that_was_not_counted_in_waits_for_the_other() -> None:
    story = pair()
    story.crash("alpha").crash("bravo")
    story.world.advance(1_000)

    story.world.start("alpha")
    story.world.advance(20_000)

    assert story.owner("web") == []
    assert story.world.fences.asked == []
    story.world.start("bravo")
    story.rest()


def test_an_operators_word_is_a_vote_where_there_is_no_device() -> None:
    story = Story(2, timing=2)
    story.crash("bravo").until(lambda: story.owner("web") == [])

    answer = story.world.ask("alpha", Fence("bravo", "bravo", confirmed=True))

    assert isinstance(answer, Done)
    story.until(lambda: story.owner("web") == ["alpha"])


def test_a_living_node_does_not_believe_that_it_was_fenced() -> None:
    story = pair()
    node = story.node("bravo")
    log, shared = node.shared.log, node.shared
    view = ViewChange({"alpha": log.standing.view["alpha"]}, dict(log.standing.owners))
    lie = Decree(log.next_slot, view, node.governor.next_ballot(), log.last_digest,
                 ("alpha",), ("bravo",))  # fmt: skip
    envelope = Envelope(PROTOCOL_VERSION, log.root, 1, log.standing.view["alpha"], Decided(lie))

    story.world.step("bravo", MessageHeard("alpha", envelope))

    assert "bravo" in shared.log.standing.view
    assert story.told("it says that this node was fenced, and it lives")


def test_a_tie_breaker_is_never_replaced_by_a_fence() -> None:
    story = pair(breaks_ties=True)
    story.crash("alpha")
    story.world.advance(15_000)

    assert story.world.fences.asked == []
    assert story.owner("web") == []
    story.world.start("alpha")
    story.rest()


def test_a_third_voter_ends_it() -> None:
    story = pair()
    grown = replace(story.shape, nodes=(*story.shape.nodes, "charlie"))
    story.join("charlie", grown)
    assert story.dare(grown).state == "done"
    story.rest()

    story.crash("bravo").crash("charlie")
    story.world.advance(15_000)

    assert story.owner("web") == []
    assert not story.world.fences.asked


@pytest.mark.parametrize(
    ("voters", "of", "tie_breaker", "fenced", "enough"),
    [
        (("a", "b"), ("a",), "", ("b",), True),
        (("a", "b"), (), "", ("b",), False),
        (("a", "b"), ("b",), "", ("b",), False),
        (("a", "b"), ("a",), "", ("a", "b"), False),
        (("a", "b"), ("a",), "", ("c",), False),
        (("a", "b"), ("a",), "b", ("b",), False),
        (("a", "b"), ("c",), "", ("b",), False),
        (("a", "b", "c"), ("a",), "", ("b",), False),
        (("a", "b", "c"), ("a",), "", ("b", "c"), False),
        (("a",), (), "", ("a",), False),
    ],
)
def test_one_of_two_with_the_other_fenced(
    voters: tuple[str, ...], of: tuple[str, ...], tie_breaker: str, fenced: tuple[str, ...],
    enough: bool,
) -> None:  # fmt: skip
    assert outlives(voters, of, tie_breaker, fenced) is enough


def test_a_decree_that_is_not_taken_is_told_once() -> None:
    story = Story(2, timing=2, fences=True)
    story.world.watchers.clear()  # an operator's false word breaks rules, on purpose
    for name in ("alpha", "bravo"):
        story.world.machines[name].fence = "fails"
    story.cut_off("bravo")
    story.world.advance(20_000)
    story.world.ask("alpha", Fence("bravo", "bravo", True))
    story.world.advance(10_000)

    story.mend()
    story.world.advance(30_000)

    told = [
        line.text for line in story.world.events if "it says that this node was fenced" in line.text
    ]
    assert len(told) == 1
    assert "restart its agent" in told[0]
