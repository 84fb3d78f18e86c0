"""Fencing: who switches a silent node off, when its groups are taken over, and what if it fails."""

from dataclasses import replace

import msgspec
import pytest

from nodeagent.core.effects import Send
from nodeagent.core.events import MessageHeard
from nodeagent.core.lease import takeover_wait_ms
from nodeagent.wire.console import Answer, Done, Fence, Refused
from nodeagent.wire.fencing import FenceCheck, FenceChecks, GetFenceChecks, TestFence
from nodeagent.wire.limits import PROTOCOL_VERSION
from nodeagent.wire.peer import Accepted, Envelope, FenceNote, FenceWanted
from tests.unit.core.story import Story


def fenced(*, timing: int = 2, nodes: int = 3, must: bool = False) -> Story:
    """A cluster whose nodes have fence devices, and with a long takeover wait."""
    return Story(nodes, timing=timing, fences=True, must_fence=must)


def decreed_out(story: Story, name: str, at: str = "bravo") -> int:
    """Wait for the view without a node, as `at` learns it; returns when that was."""
    story.until(lambda: name not in story.node(at).shared.log.standing.view)
    return story.world.now_ms


def ask(story: Story, node: str, at: str = "bravo", *, confirmed: bool = False) -> Answer | None:
    return story.world.ask(at, Fence(node, node, confirmed))


def wait_ms(story: Story) -> int:
    return takeover_wait_ms(story.node("bravo").shared.timing)


def devices(story: Story) -> list[tuple[str, str]]:
    """Return (who asked, device) of everything that was fenced."""
    return [(by, name) for by, _, name in story.world.fences.asked]


def test_a_fenced_nodes_groups_come_up_long_before_the_takeover_wait() -> None:
    story = fenced()
    story.world.pause("alpha")  # it runs on, and nobody can ask it
    decreed = decreed_out(story, "alpha")

    story.until(lambda: story.owner("web") == ["bravo"])

    assert story.world.now_ms - decreed < wait_ms(story) // 2
    assert story.world.machines["alpha"].fenced == 1
    assert story.told("fenced by board")
    story.rest()


def test_only_the_node_that_is_to_acquire_fences() -> None:
    story = fenced(nodes=5)

    story.crash("alpha").until(lambda: story.owner("web") == ["bravo"])
    story.world.advance(5_000)

    assert devices(story) == [("bravo", "board")]
    story.world.start("alpha")
    story.rest()


def two_heirs(*, must: bool = False) -> Story:
    """A cluster where the groups of bravo fall to alpha (the first one) and to charlie."""
    story = fenced(must=must)
    groups = tuple(
        (name, replace(group, nodes=("bravo", "alpha" if name == "web" else "charlie")))
        for name, group in story.shape.groups
    )
    assert story.dare(replace(story.shape, groups=groups), web="bravo").state == "done"
    return story.rest()


def test_one_of_several_fences_and_tells_the_others() -> None:
    story = two_heirs()
    story.crash("bravo")
    decreed = decreed_out(story, "bravo", "alpha")

    story.until(lambda: story.owner("web") == ["alpha"] and story.owner("orders") == ["charlie"])

    assert devices(story) == [("alpha", "board")]
    assert story.world.now_ms - decreed < takeover_wait_ms(story.node("alpha").shared.timing) // 2


def test_the_next_in_rank_fences_where_the_first_cannot() -> None:
    story = two_heirs(must=True)
    story.world.machines["bravo"].fence = "fails"

    story.crash("bravo")

    story.until(lambda: {by for by, _ in devices(story)} == {"alpha", "charlie"})


def test_news_of_a_fence_that_got_lost_are_asked_for() -> None:
    story = two_heirs(must=True)
    story.world.network.lost_kinds.add(FenceNote)
    story.crash("bravo")
    story.until(lambda: story.owner("web") == ["alpha"])
    assert story.owner("orders") != ["charlie"]

    story.world.network.lost_kinds.clear()

    story.until(lambda: story.owner("orders") == ["charlie"])


def test_levels_are_tried_in_order_and_then_the_wait_is_enough() -> None:
    story = fenced()
    story.world.machines["alpha"].fence = "fails"
    granted = story.world.now_ms - story.node("bravo").shared.timing.renew_ms
    story.crash("alpha")

    story.until(lambda: story.owner("web") == ["bravo"])

    assert story.world.now_ms - granted >= wait_ms(story)
    assert devices(story)[:2] == [("bravo", "board"), ("bravo", "plug")]
    assert len(devices(story)) >= 4, "it is tried again"
    assert story.told("not fenced by plug: refused by the test")
    assert story.told("taken over after the takeover wait")


def test_where_fencing_is_required_no_waiting_is_enough() -> None:
    story = fenced(must=True)
    story.world.machines["alpha"].fence = "fails"
    story.crash("alpha")
    decreed_out(story, "alpha")

    story.world.advance(5 * wait_ms(story))
    assert story.owner("web") != ["bravo"]
    assert story.told("clustertui fence confirm alpha")
    assert isinstance(ask(story, "alpha", at="charlie", confirmed=True), Done)

    story.until(lambda: story.owner("web") == ["bravo"])
    assert story.told("off, by the word of me")


def test_required_fencing_that_succeeds_later_ends_the_blockade() -> None:
    story = fenced(must=True)
    story.world.machines["alpha"].fence = "fails"
    story.crash("alpha")
    decreed_out(story, "alpha")
    story.world.advance(3 * wait_ms(story))
    assert story.owner("web") == []

    story.world.machines["alpha"].fence = ""

    story.until(lambda: story.owner("web") == ["bravo"], 90_000)


def test_a_node_that_answers_again_needs_no_fence() -> None:
    story = fenced(must=True)
    story.world.machines["alpha"].fence = "fails"
    story.crash("alpha")
    decreed_out(story, "alpha")
    story.world.advance(3_000)

    story.world.start("alpha")

    story.rest()
    assert story.owner("web") == ["bravo"]


def test_a_node_that_left_in_good_order_is_not_shot() -> None:
    story = fenced()

    story.world.stop("alpha")
    story.until(lambda: story.owner("web") == ["bravo"])
    story.world.advance(20_000)

    assert devices(story) == []
    story.world.start("alpha")
    story.rest()


def test_a_machine_that_is_still_booting_is_not_shot_at_a_cold_start() -> None:
    story = fenced()
    for name in story.shape.nodes:
        story.crash(name)
    story.world.advance(1_000)  # nothing of theirs is on its way any more
    story.world.start("bravo", "charlie")

    story.until(lambda: story.owner("web") == ["bravo"])

    assert devices(story) == []


def test_a_member_that_claims_to_fence_for_ever_holds_nobody_up() -> None:
    story, note = half_dead(must=True)
    story.until(lambda: story.told("could not be fenced"))
    before, began = len(devices(story)), story.world.now_ms

    while len(devices(story)) == before:
        assert story.world.now_ms - began < 60_000
        says(story, "charlie", replace_note(note, state="running"))
        story.world.advance(500)


def test_who_is_cut_off_shoots_nobody() -> None:
    story = fenced()

    story.cut_off("alpha").until(lambda: story.owner("web") == ["bravo"])
    story.world.advance(10_000)

    assert {by for by, _ in devices(story)} == {"bravo"}
    story.mend().rest()


def test_a_late_fence_of_a_node_that_is_in_again_is_told_and_proves_nothing() -> None:
    story = fenced()
    story.world.machines["alpha"].fence = "slow"
    story.cut_off("alpha")
    story.until(lambda: bool(devices(story)))

    story.mend()
    story.rest()

    assert "alpha" not in story.node("bravo").shared.fenced


def test_the_proof_outlives_the_agent_that_has_it() -> None:
    story = fenced(must=True)
    story.world.machines["alpha"].fence = "fails"
    story.crash("alpha")
    decreed_out(story, "alpha")
    ask(story, "alpha", confirmed=True)
    story.until(lambda: story.owner("web") == ["bravo"])

    story.crash("bravo")
    story.world.start("bravo")
    story.until(lambda: story.owner("web") in (["bravo"], ["charlie"]))

    assert "alpha" in story.node("bravo").shared.fenced


def test_a_proof_ends_when_the_node_is_counted_in() -> None:
    story = fenced()
    story.crash("alpha").until(lambda: story.owner("web") == ["bravo"])
    story.until(lambda: "alpha" in story.node("charlie").shared.fenced)

    story.world.start("alpha")
    story.rest()

    assert not any(node.shared.fenced for node in story.world.nodes().values())


# -- what peers say


def says(story: Story, sender: str, note: FenceNote, life: int = 0) -> None:
    """Let bravo hear this from a peer."""
    shared = story.node("bravo").shared
    life = life or shared.log.standing.view.get(sender, 1)
    envelope = Envelope(PROTOCOL_VERSION, shared.log.root, 1, life, note)
    story.world.step("bravo", MessageHeard(sender, envelope))


def half_dead(*, must: bool = False) -> tuple[Story, FenceNote]:
    """alpha is out, was not fenced, and bravo would believe this note of charlie."""
    story = fenced(must=must)
    story.world.machines["alpha"].fence = "fails"
    story.crash("alpha")
    decreed_out(story, "alpha")
    log = story.node("bravo").shared.log
    return story, FenceNote(log.standing.slot, "alpha", log.lives["alpha"], "done", "charlie")


def test_a_members_word_is_taken() -> None:
    story, note = half_dead()
    says(story, "charlie", note)

    assert "alpha" in story.node("bravo").shared.fenced


@pytest.mark.parametrize("what", ["older life", "older decree", "later decree", "failed"])
def test_what_is_good_for_another_life_or_decree_proves_nothing(what: str) -> None:
    story, note = half_dead()
    slot, life = note.slot, note.incarnation
    note = {
        "older life": replace_note(note, incarnation=life - 1),
        "older decree": replace_note(note, slot=-1),
        "later decree": replace_note(note, slot=slot + 1),
        "failed": replace_note(note, state="failed"),
    }[what]

    says(story, "charlie", note)

    assert "alpha" not in story.node("bravo").shared.fenced


def replace_note(note: FenceNote, **fields: object) -> FenceNote:
    return msgspec.structs.replace(note, **fields)


def test_a_life_that_is_not_in_vouches_for_nothing() -> None:
    story, note = half_dead()

    says(story, "charlie", note, life=77)
    says(story, "alpha", note)

    assert "alpha" not in story.node("bravo").shared.fenced


def test_a_fence_from_before_a_view_with_the_node_is_void() -> None:
    story = fenced()
    slot = story.node("bravo").shared.log.standing.slot
    story.crash("alpha").until(lambda: story.owner("web") == ["bravo"])
    story.world.start("alpha")
    story.rest()
    story.world.machines["alpha"].fence = "fails"
    story.crash("alpha")
    decreed_out(story, "alpha")

    life = story.node("bravo").shared.log.lives["alpha"]
    says(story, "charlie", FenceNote(slot, "alpha", life, "done", "charlie"))

    assert "alpha" not in story.node("bravo").shared.fenced


@pytest.mark.parametrize("knows", [True, False])
def test_only_who_knows_it_answers(knows: bool) -> None:
    story, note = half_dead()
    if knows:
        says(story, "charlie", note)
    shared = story.node("bravo").shared
    life = shared.log.standing.view["charlie"]
    wanted = FenceWanted(note.slot, "alpha")
    envelope = Envelope(PROTOCOL_VERSION, shared.log.root, 1, life, wanted)

    effects = story.node("bravo").step(MessageHeard("charlie", envelope), shared.now)

    answers = [e.message for e in effects if isinstance(e, Send) and e.to == "charlie"]
    told = [m.node for m in answers if isinstance(m, FenceNote) and m.state == "done"]
    assert told == (["alpha"] if knows else [])


# -- by hand


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (Fence("alpha", "alhpa"), "not-typed"),
        (Fence("alpha"), "not-typed"),
        (Fence("nobody", "nobody"), "no-node"),
        (Fence("bravo", "bravo"), "itself"),
        (Fence("alpha", "alpha", confirmed=True), "alive"),
    ],
)
def test_what_is_refused(request_: Fence, code: str) -> None:
    story = fenced()

    answer = story.world.ask("bravo", request_)

    assert isinstance(answer, Refused)
    assert answer.code == code
    assert devices(story) == []


def test_a_device_is_tested_from_here_and_nothing_is_switched() -> None:
    story = fenced()

    assert isinstance(story.world.ask("bravo", TestFence("alpha", "board")), Done)
    story.until(lambda: "ok" in [one.state for one in checks(story)])

    assert [(one.node, one.device) for one in checks(story)] == [("alpha", "board")]
    assert story.told("its fence device board answers bravo")
    assert devices(story) == []
    for refused, code in ((TestFence("bravo"), "itself"), (TestFence("alpha", "x"), "no-device")):
        answer = story.world.ask("bravo", refused)
        assert isinstance(answer, Refused)
        assert answer.code == code


def checks(story: Story) -> tuple[FenceCheck, ...]:
    answer = story.world.ask("bravo", GetFenceChecks())
    assert isinstance(answer, FenceChecks)
    return answer.checks


def test_without_a_device_nothing_is_fenced_by_hand() -> None:
    story = Story()

    answer = ask(story, "alpha")

    assert isinstance(answer, Refused)
    assert answer.code == "no-device"


def test_by_hand_a_living_node_is_switched_off_and_its_groups_move() -> None:
    story = fenced()

    assert isinstance(ask(story, "alpha"), Done)
    assert isinstance(ask(story, "alpha"), Refused)

    story.until(lambda: story.owner("web") == ["bravo"])
    assert story.world.machines["alpha"].fenced >= 1
    assert any("asked for by me" in line.cause for line in story.world.events)


def test_last_result_is_shown() -> None:
    story = fenced()
    story.crash("alpha").until(lambda: story.owner("web") == ["bravo"])
    story.until(lambda: "alpha" in story.node("charlie").shared.fenced)

    for name in ("bravo", "charlie"):
        (live,) = [n for n in story.node(name).reporter.nodes_live() if n.node == "alpha"]
        assert live.fence is not None
        assert (live.fence.state, live.fence.by, live.fence.device) == ("done", "bravo", "board")


def test_devices_are_verified_by_a_dare_that_changes_them() -> None:
    story = Story()

    run = story.dare(replace(story.shape, fences=True))

    assert run.state == "done"
    (verify,) = [row for row in run.steps if row.name == "verify"]
    evidence = verify.cells["bravo"].evidence
    assert any("fence device board of alpha" in line for line in evidence)
    assert not any("of bravo" in line for line in evidence)
    assert story.world.fences.asked == []


def test_accepting_goes_on_while_a_node_is_fenced() -> None:
    """A vote that is lost on the way delays the view, and the fence only comes after it."""
    story = fenced()
    story.world.network.lost_kinds.add(Accepted)
    story.world.pause("alpha")
    story.world.advance(4_000)
    assert devices(story) == []

    story.world.network.lost_kinds.clear()

    story.until(lambda: story.owner("web") == ["bravo"])


def test_a_node_that_came_back_meanwhile_is_not_shot_by_the_next_level() -> None:
    story = fenced()
    story.world.machines["alpha"].fence = "hangs"
    story.cut_off("alpha")
    story.until(lambda: bool(devices(story)))

    story.mend().until(lambda: story.node("alpha").shared.is_member)
    story.until(lambda: story.told("is not fenced any more"))
    story.world.advance(30_000)

    assert len(devices(story)) == 1
    assert story.world.machines["alpha"].fenced == 0
    story.rest()
