"""The coordinator dies in the middle: the others finish it or undo it, and nobody clears a lock."""

from dataclasses import replace

import pytest

from nodeagent.wire.peer import Accept, Decided, Message, Promise, StepOrder, Withdraw
from tests.simulation.directed_scene import LOST, Scene, cluster, with_groups
from tests.unit.core.story import Story

ROWS = (
    "verify", "lock", "stage", "compare", "release", "keep", "offline", "greet", "acquire",
    "decide", "activate", "resume",
)  # fmt: skip


def both_kinds() -> tuple[Story, object]:
    story = Story()
    shape = replace(
        story.with_node(), groups=story.changed("orders", nodes=("charlie", "bravo")).groups
    )
    shape = replace(shape, groups=tuple((n, replace(g, version=2)) for n, g in shape.groups))
    story.join("delta", shape)
    return story, shape


@pytest.mark.parametrize("row", ROWS)
def test_the_others_finish_or_undo_it(row: str) -> None:
    story, shape = both_kinds()
    story.drill("alpha", "stop-at-step", row)

    story.ask(shape)  # type: ignore[arg-type]
    story.until(lambda: "alpha" not in story.world.nodes())
    story.until(lambda: story.owner("web") == ["bravo"])  # all is resumed: it is taken over
    story.world.start("alpha")
    story.rest()

    new = row in ("activate", "resume")
    assert story.digests() >= {shape.digest if new else story.shape.digest}  # type: ignore[attr-defined]
    assert story.invariants.active.node.keys() == (
        {*story.shape.nodes, "delta"} if new else {*story.shape.nodes}
    )


@pytest.mark.parametrize("row", ["compare", "acquire", "activate"])
def test_the_survivors_show_how_it_ended(row: str) -> None:
    story = Story()
    story.drill("alpha", "stop-at-step", row)

    story.ask(story.with_group("mail", "charlie", "bravo"))
    story.until(lambda: "alpha" not in story.world.nodes())
    run = story.end()

    assert run.state == ("done" if row == "activate" else "aborted")
    assert "alpha" in run.text


@pytest.mark.parametrize("row", ["stage", "compare", "release", "acquire"])
def test_an_heir_walks_the_undo_rows_and_proves_them(row: str) -> None:
    story = Story()
    story.drill("alpha", "stop-at-step", row)

    story.ask(story.changed("orders", version=2))
    story.until(lambda: "alpha" not in story.world.nodes())
    run = story.end()

    assert (run.state, run.coordinator in ("bravo", "charlie")) == ("aborted", True)
    undone = [step.name for step in run.steps if step.undo]
    assert undone[-1] == "prove"
    proofs = next(step for step in run.steps if step.name == "prove").cells
    assert {proofs[node].state for node in ("bravo", "charlie")} == {"done"}
    assert proofs["alpha"].state in ("failed", "lost")
    assert (run.restored, "alpha" in run.text) == ("restored-except", True)


def test_an_heir_activates_and_resumes_what_was_decided() -> None:
    story = Story()
    story.world.network.lost_kinds.add(Decided)
    story.drill("alpha", "stop-at-step", "activate")

    story.ask(story.with_group("mail", "charlie", "bravo"))
    story.until(lambda: "alpha" not in story.world.nodes())
    story.world.network.lost_kinds.clear()
    run = story.end()

    assert (run.state, run.coordinator in ("bravo", "charlie")) == ("done", True)
    cells = {step.name: step.cells for step in run.steps}
    assert {cells["activate"][node].state for node in ("bravo", "charlie")} == {"done"}
    assert {cells["resume"][node].state for node in ("bravo", "charlie")} == {"done"}


def test_a_dare_tells_how_long_nobody_was_judged() -> None:
    story = Story()
    run = story.dare(story.with_group("mail", "charlie", "bravo"))

    assert 0 < run.detection_gap_ms <= 2 * story.world.tick_ms
    assert run.detection_gap_node in story.shape.nodes


def test_a_coordinator_that_is_paused_past_the_end_does_no_harm() -> None:
    story = Story()
    story.drill("alpha", "slow-step", "acquire")
    story.ask(story.with_group("mail", "charlie", "bravo"))
    story.at_step("acquire")

    story.world.pause("alpha")
    story.until(lambda: story.node("bravo").acceptor.lock is None)
    story.world.resume("alpha")
    story.rest()

    assert story.digests() == {story.shape.digest}
    assert story.owner("mail") == []


def test_an_accepted_value_is_finished_by_the_others() -> None:
    story = Story()
    shape = story.with_group()
    story.ask(shape)
    story.until(lambda: story.node("bravo").acceptor.accepted is not None)

    story.crash("alpha")
    story.until(lambda: story.node("charlie").acceptor.lock is None)
    story.world.start("alpha")

    assert story.rest().digests() == {shape.digest}


def test_who_is_cut_off_in_the_middle_resumes_by_its_own_deadline() -> None:
    story = Story()
    story.drill("alpha", "slow-step", "compare")
    story.ask(story.with_group())
    story.at_step("compare")
    assert story.node("charlie").participant.suspended

    story.cut_off("charlie")

    story.until(lambda: not story.node("charlie").participant.suspended, limit_ms=12_000)
    story.mend().rest()


def test_a_coordinator_without_a_vote_that_was_started_anew_is_not_waited_for() -> None:
    """It is never silent for long, and the rows ahead would let the others wait for minutes."""
    story = Story(4)
    story.ask(story.changed("web", nodes=("bravo", "charlie")), at="delta")
    story.until(lambda: story.node("alpha").participant.suspended)

    story.crash("delta")
    story.world.start("delta")

    story.until(lambda: not any(n.busy() for n in story.world.nodes().values()), limit_ms=5_000)
    story.rest()


def test_a_lock_whose_holder_vanished_does_not_block_the_next() -> None:
    story = Story(4)
    story.ask(story.with_group())
    story.until(lambda: story.node("delta").acceptor.lock is not None)

    story.crash("alpha")
    story.until(lambda: "alpha" not in story.node("bravo").shared.log.standing.view)
    story.until(lambda: not any(n.busy() for n in story.world.nodes().values()))

    assert story.dare(story.with_group("fax", "bravo"), at="bravo").state == "done"


def test_a_lock_whose_return_got_lost_frees_itself_also_on_a_node_without_a_vote() -> None:
    story = Story(4)
    assert "delta" not in story.node("alpha").shared.log.voters
    story.drill("alpha", "slow-step", "lock")
    story.ask(story.with_group())
    story.at_step("lock")
    story.world.cut.add(("alpha", "charlie"))
    story.world.network.lost_kinds.add(Withdraw)
    story.until(lambda: story.node("delta").acceptor.lock is not None)
    assert story.end().state == "refused"
    assert story.node("delta").acceptor.lock is not None

    story.mend().until(lambda: story.node("delta").acceptor.lock is None)
    assert story.rest().dare(story.with_group("fax", "bravo"), at="bravo").state == "done"


def test_one_voter_with_a_lock_that_is_over_does_not_keep_the_others_from_a_view() -> None:
    story = Story()
    story.drill("alpha", "slow-step", "lock")
    story.ask(story.with_group())
    story.at_step("lock")
    story.world.cut.add(("alpha", "bravo"))
    story.world.network.lost_kinds.add(Withdraw)
    assert story.end().state == "refused"
    story.mend().crash("bravo").world.start("bravo")

    slot = story.node("alpha").shared.log.standing.slot
    story.until(lambda: story.node("alpha").shared.log.standing.slot > slot, limit_ms=1_500)

    assert story.told("bravo restarted")
    story.rest()


def test_a_coordinator_that_is_outrun_by_a_restarted_node_still_ends_its_dare() -> None:
    story = Story(2)
    story.ask(story.with_group("mail", "alpha", "bravo"), at="bravo")
    story.until(lambda: story.node("alpha").acceptor.lock is not None)
    story.world.network.lost_kinds.update((StepOrder, Accept))

    story.until(lambda: story.world.run is not None and story.world.run.state == "aborting")
    story.crash("alpha").world.start("alpha")
    story.until(lambda: story.node("alpha").acceptor.promised.node == "alpha")
    story.world.network.lost_kinds.clear()

    story.rest()


def test_death_that_was_armed_for_a_step_the_dare_had_not_is_used_up() -> None:
    story = Story()
    story.drill("alpha", "stop-at-step", "greet")

    assert story.dare(story.with_group("mail", "charlie", "bravo")).state == "done"
    assert not story.node("alpha").shared.drills.stop_at_step


def test_nobody_stays_suspended_for_a_coordinator_that_died_after_the_decision() -> None:
    story = Story()
    story.drill("alpha", "stop-at-step", "activate")
    story.ask(story.with_group("mail", "charlie", "bravo"))
    story.until(lambda: "alpha" not in story.world.nodes())
    shared = story.node("bravo").shared

    story.until(lambda: not shared.alive("alpha"))
    story.world.advance(200)

    assert not shared.suspended
    assert not story.node("charlie").shared.suspended


def test_one_without_a_vote_that_was_outrun_ends_its_dare_by_itself() -> None:
    """The newcomer promises late, so the voters gave back their locks, and it kept its own."""
    nodes, voters = ("alpha", "bravo", "charlie", "delta"), ("alpha", "bravo", "charlie")
    shape = cluster(nodes, voters=voters, web=("bravo", "charlie"), orders=("charlie", "alpha"))
    shape = replace(shape, timing=0)
    other = with_groups(shape, mail=("alpha",))
    scene = Scene(3, shape).settle()
    bigger = replace(shape, nodes=(*nodes, "echo"))
    scene.world.add_machine("echo", bigger.text)
    scene.world.start("echo")
    began_ms = scene.world.now_ms

    def late(sender: str, to: str, message: Message) -> int | None:
        passed_ms = scene.world.now_ms - began_ms
        if isinstance(message, Promise) and sender == "echo" and passed_ms < 5_900:
            return LOST
        staged = isinstance(message, StepOrder) and message.step == "stage" and to in voters
        return LOST if staged and sender == "delta" and passed_ms < 8_200 else None

    scene.hook(late)
    assert scene.ask(bigger, at="delta")
    scene.world.advance(6_900)
    scene.until(lambda: scene.node("bravo").acceptor.lock is None)
    scene.ask(other, at="bravo")
    stranded = 0
    for _ in range(350):
        scene.world.advance(20)
        stranded += scene.node("delta").shared.stranded is not None
    assert stranded, "else this shows nothing"

    scene.until(lambda: all(node.acceptor.lock is None for node in scene.world.nodes().values()))

    assert scene.ask(other, at="bravo")
