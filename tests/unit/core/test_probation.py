"""A commit on probation: confirmed it stays, else the cluster returns by itself."""

import pytest

from nodeagent.core.events import ResourceExited
from nodeagent.core.log import chain_digest
from nodeagent.model.ownership import Ballot
from nodeagent.wire.console import Answer, Apply, EndProbation, Refused
from nodeagent.wire.peer import Commit, Decree, Probation
from tests.simulation.shapes import Shape
from tests.unit.core.story import Story

SECONDS = 20


def tried(story: Story, shape: Shape, at: str = "alpha", seconds: int = SECONDS) -> str:
    """Run a DARE on probation; returns its transaction."""
    standing = story.node(at).shared.log.standing
    answer = story.world.ask(at, Apply(shape.text, standing.digest, probation_seconds=seconds))
    tx = str(getattr(answer, "tx", ""))
    assert tx, answer
    assert story.end().state == "done"
    return tx


def ended(story: Story, tx: str, end: str, at: str = "alpha") -> Answer | None:
    """Ask for the end of a probation."""
    story.invariants.asked_to_end.add((tx, end))
    return story.world.ask(at, EndProbation(tx, end))  # type: ignore[arg-type]


def over(story: Story) -> bool:
    """Return whether no node knows of an open probation."""
    return all(n.shared.log.probation is None for n in story.world.nodes().values())


def wait(story: Story, limit_ms: int = 60_000) -> None:
    """Let time pass until the probation is over everywhere and the cluster at rest."""
    story.until(lambda: over(story), limit_ms)
    story.rest()


def test_unconfirmed_it_returns_to_the_bytes_and_owners_of_before() -> None:
    story = Story()
    before = story.digests()
    tried(story, story.with_group())
    assert story.digests() != before

    wait(story)

    assert story.digests() == before
    assert story.node("bravo").shared.log.standing.epoch == 3
    assert (story.owner("web"), story.owner("mail")) == (["alpha"], [])
    assert story.told(f"not confirmed within {SECONDS} s")


def test_confirmed_it_stays() -> None:
    story = Story()
    tx = tried(story, story.with_group())
    decided = story.digests()

    answer = ended(story, tx, "confirm", at="charlie")
    wait(story)
    story.world.advance(2 * SECONDS * 1000)

    assert getattr(answer, "text", "") == "confirm asked for"
    assert story.digests() == decided
    assert story.node("alpha").shared.log.standing.epoch == 2


def test_an_administrator_may_return_at_once() -> None:
    story = Story()
    before = story.digests()
    tx = tried(story, story.with_group())
    began = story.world.now_ms

    ended(story, tx, "return", at="bravo")
    wait(story)

    assert story.digests() == before
    assert story.world.now_ms - began < SECONDS * 1000


def test_it_returns_when_the_coordinator_and_its_console_are_gone() -> None:
    story = Story()
    before = story.digests()
    tried(story, story.with_group(), at="alpha")
    story.crash("alpha")

    story.until(lambda: over(story))

    assert story.digests() == before
    assert story.told("alpha was lost")


def test_it_returns_when_a_group_that_was_online_fails() -> None:
    story = Story()
    before = story.digests()
    tried(story, story.changed("web", number=120), seconds=3_600)

    exits(story)
    story.until(lambda: story.told("restarts server here"))
    story.until(lambda: story.node("alpha").shared.runner("web").state == "online")
    story.world.advance(1_000)
    assert not over(story)  # one restart in its place is allowed
    exits(story)
    wait(story)

    assert story.digests() == before
    assert story.owner("web") == ["alpha"]
    assert story.told("returns to epoch 1: web is error on alpha")


def test_it_returns_when_the_check_fails_on_any_voter() -> None:
    story = Story()
    before = story.digests()
    standing = story.node("alpha").shared.log.standing
    text = story.with_group().text
    apply = Apply(text, standing.digest, probation_seconds=3_600, check=("/bin/ask", "web"))
    story.world.ask("alpha", apply)
    assert story.end().state == "done"
    story.world.advance(20_000)
    assert not over(story)

    story.world.refuse_driver.add(("charlie", "/bin/ask", "check"))
    wait(story)

    assert story.digests() == before
    assert story.told("the check failed on charlie: refused by the test")


@pytest.mark.parametrize("words", [("ask",), ("/bin/a\0sk",)])
def test_a_check_must_name_its_program(words: tuple[str, ...]) -> None:
    story = Story()
    standing = story.node("alpha").shared.log.standing
    apply = Apply(story.with_group().text, standing.digest, probation_seconds=9, check=words)

    answer = story.world.ask("alpha", apply)

    assert isinstance(answer, Refused)
    assert answer.code == "check"


def exits(story: Story) -> None:
    """End the application of web behind the cluster's back."""
    story.world.step("alpha", ResourceExited("web", "server", "ended with code 1"))


def test_it_returns_after_all_agents_were_started_anew() -> None:
    story = Story()
    before = story.digests()
    tried(story, story.with_group())
    for name in ("alpha", "bravo", "charlie"):
        story.crash(name)
    story.world.start()

    wait(story, 90_000)

    assert story.digests() == before


def test_no_second_change_meanwhile_and_the_refusal_says_until_when() -> None:
    story = Story()
    tx = tried(story, story.with_group())

    answer = story.ask(story.changed("web", number=120), at="bravo")

    assert isinstance(answer, Refused)
    assert (answer.code, answer.exit_code) == ("probation", 3)
    assert " s more; keep it (clustertui confirm)" in answer.text
    ended(story, tx, "confirm")
    wait(story)
    assert story.dare(story.changed("web", number=120)).state == "done"


def test_a_return_that_cannot_be_is_told_and_tried_again() -> None:
    story = Story()
    before = story.digests()
    tried(story, story.changed("web", number=120))
    for name in ("alpha", "bravo", "charlie"):
        story.drill(name, "fail-acquire", "web")

    story.until(lambda: bool(problem(story)))
    assert "acquire" in problem(story)
    for name in ("alpha", "bravo", "charlie"):
        story.drill(name, "mend-acquire", "web")
    wait(story, 120_000)

    assert story.digests() == before


def problem(story: Story) -> str:
    """Return what alpha tells its consoles of the last attempt to return."""
    live = story.node("alpha").probation.live()
    return live.problem if live else ""


def test_only_the_open_probation_can_be_ended() -> None:
    story = Story()

    answer = ended(story, "1.1.alpha.1", "confirm")

    assert isinstance(answer, Refused)
    assert answer.code == "no-probation"


def test_a_removed_node_is_back_after_the_return() -> None:
    story = Story(nodes=4)
    before = story.digests()
    names = tuple(name for name in story.shape.nodes if name != "delta")
    smaller = Shape(names, story.shape.groups, networks=2)

    tried(story, smaller, seconds=5)
    wait(story)

    assert story.digests() == before
    assert "delta" in story.node("alpha").shared.log.standing.view


def test_decrees_without_probation_keep_the_digests_they_had() -> None:
    value = Commit("t", 2, "d", b"x", {"alpha": 1}, {"web": "alpha"}, "root", "why")

    digest = chain_digest(Decree(1, value, Ballot(1, "alpha"), "p", ("alpha",)))

    assert digest == "e0474f34143eef856a3a58cc64594860e014261a6769fe7e6836db0fc064db64"


def test_a_group_that_was_offline_by_order_is_so_again_and_stays_so() -> None:
    story = Story()
    story.dare(story.shape, web="")
    story.until(lambda: story.owner("web") == [])
    tried(story, story.changed("web", version=2))
    story.until(lambda: story.owner("web") == ["alpha"])

    wait(story)
    assert story.owner("web") == []
    story.crash("charlie")
    story.until(lambda: "charlie" not in story.node("alpha").shared.log.standing.view)
    story.world.start("charlie")
    story.rest()

    assert story.owner("web") == []


def test_a_group_that_failed_meanwhile_and_stays_offline_by_policy_does_so_after_the_return() -> (
    None
):
    story = Story()
    story.shape = story.changed("web", fallover="bring-offline")
    story.dare(story.shape)
    tried(story, story.changed("orders", version=7), at="bravo", seconds=30)

    story.crash("alpha")
    story.until(lambda: "alpha" not in story.node("bravo").shared.log.standing.view)
    story.until(lambda: over(story))
    story.world.advance(10_000)

    assert story.owner("web") == []


def test_decrees_with_a_probation_keep_the_digests_they_had() -> None:
    value = Commit("t", 2, "d", b"x", {"alpha": 1}, {"web": "alpha"}, probation=Probation(60, 1))

    digest = chain_digest(Decree(1, value, Ballot(1, "alpha"), "p", ("alpha",)))

    assert digest == "4603cf9894d978fbb751f8180b520a88193d93d212724895811d5cdd4a7a8c55"
