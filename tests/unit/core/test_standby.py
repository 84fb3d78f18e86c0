"""A node on standby stays in and votes, and owns no group; offline and online are DAREs, too."""

from dataclasses import replace

from nodeagent.wire.console import Refused
from tests.simulation.shapes import Shape
from tests.unit.core.story import Story, rows


def idle(story: Story, *nodes: str) -> Shape:
    return replace(story.shape, standby=nodes)


def test_groups_of_a_node_that_goes_to_standby_move_away() -> None:
    story = Story()

    run = story.dare(idle(story, "alpha"))

    assert run.state == "done"
    assert "release" in rows(run)
    story.rest()
    assert story.owner("web") == ["bravo"]
    assert story.owner("orders") == ["bravo"]
    assert "alpha" in story.node("bravo").shared.log.standing.view
    assert "alpha" in story.node("bravo").shared.log.voters


def test_standby_outlives_the_death_of_all_agents() -> None:
    story = Story()
    story.dare(idle(story, "alpha"))
    story.rest()

    for name in ("alpha", "bravo", "charlie"):
        story.crash(name)
    story.world.start()

    story.rest()
    assert story.owner("web") == ["bravo"]


def test_group_does_not_fall_over_to_a_node_on_standby() -> None:
    story = Story()
    story.dare(idle(story, "bravo"))
    story.rest()

    story.crash("alpha")
    story.world.advance(20_000)

    assert story.owner("web") == []


def test_resume_brings_nothing_back() -> None:
    story = Story()
    story.dare(idle(story, "alpha"))
    story.rest()

    run = story.dare(idle(story))

    assert run.state == "done"
    assert run.plan.release == ()
    story.world.advance(20_000)
    assert story.owner("web") == ["bravo"]


def test_resume_brings_back_what_falls_back() -> None:
    story = Story()
    story.shape = story.changed("web", fallback="higher-priority")
    story.dare(story.shape)
    story.dare(idle(story, "alpha"))
    story.rest()
    assert story.owner("web") == ["bravo"]

    run = story.dare(idle(story))

    assert ("web", "bravo") in run.plan.release
    story.rest()
    assert story.owner("web") == ["alpha"]


def test_group_that_no_other_node_can_take_stops_and_starts_again() -> None:
    story = Story()
    story.dare(idle(story, "alpha", "bravo"))
    story.rest()
    assert story.owner("web") == []

    story.dare(idle(story))

    story.rest()
    assert story.owner("web") == ["alpha"]


def test_nobody_moves_a_group_to_a_node_on_standby() -> None:
    story = Story()
    story.dare(idle(story, "bravo"))
    story.rest()

    answer = story.ask(idle(story, "bravo"), web="bravo")

    assert isinstance(answer, Refused)
    assert "bravo is on standby" in answer.text


def test_children_of_a_group_taken_offline_come_back_with_it() -> None:
    story = Story()
    story.shape = story.changed("orders", after=("web",))
    story.dare(story.shape)
    story.rest()
    story.dare(story.shape, web="")
    assert (story.owner("web"), story.owner("orders")) == ([], [])

    story.dare(story.shape, web="alpha")

    story.rest()
    assert (story.owner("web"), story.owner("orders")) == (["alpha"], ["bravo"])


def test_group_taken_offline_stays_so_when_another_node_comes_back_from_standby() -> None:
    story = Story()
    story.dare(story.shape, web="")
    story.dare(idle(story, "charlie"))
    story.dare(idle(story))

    story.world.advance(20_000)

    assert story.owner("web") == []


def test_group_that_a_rule_drove_out_comes_back_once_there_is_room() -> None:
    story = Story()
    story.shape = story.changed("orders", rules=(("apart-from", "web"),))
    story.dare(story.shape)
    story.rest()
    story.dare(idle(story, "alpha", "charlie"))
    assert (story.owner("web"), story.owner("orders")) == (["bravo"], [])

    story.dare(idle(story, "alpha"))

    story.until(lambda: story.owner("orders") == ["charlie"])
