"""A DARE that is refused before anything is touched, with a reason that says what to do."""

import pytest

from nodeagent.wire.console import Answer, Apply, Refused
from tests.unit.core.story import Story, rows


def refused(answer: Answer | None) -> Refused:
    assert isinstance(answer, Refused), answer
    return answer


def test_errors_of_the_file_are_listed() -> None:
    story = Story()
    broken = story.with_group("mail", "zulu")

    answer = refused(story.ask(broken))

    assert answer.exit_code == 4
    assert any("zulu" in str(report) for report in answer.reports)


def test_a_stale_base_is_told_with_both_digests() -> None:
    story = Story()
    old = story.shape.digest
    story.dare(story.with_group())
    story.rest()

    answer = refused(story.ask(story.with_group("fax"), base=old))

    assert answer.exit_code == 6
    assert old[:12] in answer.text


def test_a_second_dare_is_refused_with_the_holder_of_the_lock() -> None:
    story = Story()
    story.drill("alpha", "slow-step", "compare")
    story.ask(story.with_group())
    story.at_step("compare")

    answer = refused(story.ask(story.with_group("fax"), at="bravo"))

    assert answer.exit_code == 3
    assert "alpha" in answer.text
    assert story.end().state == "done"


def test_two_administrators_at_the_same_moment_end_with_at_most_one_change() -> None:
    story = Story()

    story.ask(story.with_group("mail"), at="alpha")
    story.ask(story.with_group("fax"), at="charlie")
    story.rest()

    groups = set(story.invariants.active.group)
    assert groups in ({"web", "orders"}, {"web", "orders", "mail"}, {"web", "orders", "fax"})


def test_a_driver_that_finds_a_fault_on_one_node_is_named_and_nothing_is_locked() -> None:
    story = Story()
    story.world.refuse_driver.add(("charlie", "mail", "validate"))

    run = story.dare(story.with_group())

    assert run.state == "refused"
    assert "charlie" in run.text
    assert rows(run) == ["verify"]
    story.world.refuse_driver.clear()
    assert story.dare(story.with_group()).state == "done"


def test_a_lock_that_one_node_does_not_grant_is_given_back_by_all() -> None:
    story = Story()
    story.ask(story.with_group())
    story.at_step("lock")
    story.cut_off("charlie")

    run = story.end()

    assert run.state == "refused"
    story.mend().rest()
    assert story.dare(story.with_group()).state == "done"


def test_without_a_majority_nothing_is_started() -> None:
    story = Story()
    story.cut_off("alpha").until(lambda: not story.node("alpha").has_quorum)

    assert refused(story.ask(story.with_group())).code == "no-quorum"


def test_a_node_that_is_not_in_sends_to_another() -> None:
    story = Story()
    story.join("delta", story.with_node())

    assert refused(story.ask(story.with_group(), at="delta")).code in ("not-in", "no-quorum")


@pytest.mark.parametrize(
    ("owners", "word"),
    [({"mail": "alpha"}, "no group"), ({"web": "charlie"}, "takeover order")],
)
def test_a_move_that_cannot_be_is_explained(owners: dict[str, str], word: str) -> None:
    story = Story()

    answer = refused(story.ask(story.shape, **owners))

    assert word in answer.text


def test_a_move_to_a_node_that_is_away_is_refused() -> None:
    story = Story()
    story.crash("bravo").until(lambda: "bravo" not in story.node("alpha").shared.log.standing.view)

    assert "not in the cluster" in refused(story.ask(story.shape, web="bravo")).text


def test_a_dare_that_may_take_more_than_an_hour_in_one_step_is_refused_before_it_begins() -> None:
    story = Story()
    text = story.with_group().text.replace("start-seconds = 3.0", "start-seconds = 4000.0")
    standing = story.node("alpha").shared.log.standing

    answer = story.world.ask("alpha", Apply(text, standing.digest, reason="story"))

    assert isinstance(answer, Refused)
    assert (answer.code, answer.exit_code) == ("too-long", 4)
    assert "shorten start-seconds" in answer.text
