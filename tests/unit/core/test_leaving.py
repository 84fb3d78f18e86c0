"""A node that is told to stop: what it runs ends in its own time, and others go on with it."""

from nodeagent.core.lease import takeover_wait_ms
from nodeagent.model.configuration import Timing
from nodeagent.wire.console import Refused
from tests.simulation.directed_scene import Scene
from tests.simulation.shapes import GroupShape, Shape
from tests.unit.core.story import Story

THREE = ("alpha", "bravo", "charlie")
FAMILY = Shape(
    THREE,
    (
        ("base", GroupShape(("alpha", "bravo"), number=100)),
        ("web", GroupShape(("alpha", "bravo"), number=101, after=("base",))),
    ),
)


def view_of(story: Story) -> set[str]:
    return set(story.node("bravo").shared.log.standing.view)


def timing_of(story: Story) -> Timing:
    return story.node("bravo").shared.timing


def leaves_slowly() -> Story:
    """Tell alpha to stop, which takes its application longer than a lease and a watchdog."""
    story = Story()
    story.world.refuse_driver.add(("alpha", "web", "long stop"))
    story.world.stop("alpha")
    return story


def test_a_stop_that_takes_longer_than_a_lease_is_waited_for_and_nothing_is_killed() -> None:
    story = leaves_slowly()
    began_ms = story.world.now_ms
    timing = timing_of(story)

    story.until(lambda: story.owner("web") != ["alpha"])
    took_ms = story.world.now_ms - began_ms

    assert took_ms > timing.lease_ms + timing.watchdog_ms, "else this shows nothing"
    assert not story.told("lease lost")
    assert not story.told("watchdog")
    story.until(lambda: story.owner("web") == ["bravo"], takeover_wait_ms(timing) // 2)
    story.until(lambda: "alpha" not in view_of(story))
    assert story.told("alpha has left")
    story.until(lambda: "alpha" not in story.world.nodes())


def test_its_groups_are_given_away_at_once_and_it_stays_in_until_it_stopped_them() -> None:
    story = leaves_slowly()

    story.until(lambda: story.node("bravo").shared.log.standing.owners["web"] == "bravo", 5_000)

    assert story.owner("web") == ["alpha"]
    assert "alpha" in view_of(story)
    assert story.told("alpha leaves, web: alpha > bravo")


def test_nobody_begins_a_dare_meanwhile() -> None:
    story = leaves_slowly()
    story.world.advance(2_000)

    answer = story.ask(story.with_group(), at="bravo")

    assert isinstance(answer, Refused)
    assert (answer.code, answer.exit_code) == ("leaving", 3)
    assert "alpha" in answer.text


def test_who_dies_while_it_stops_is_out_as_anybody() -> None:
    story = leaves_slowly()
    story.world.advance(1_000)
    story.crash("alpha")

    story.until(lambda: "alpha" not in view_of(story))

    story.until(lambda: story.owner("web") == ["bravo"])
    assert story.told("alpha is down")


def test_children_stop_before_their_parents() -> None:
    scene = Scene(1, FAMILY, adopts=False).settle()
    scene.world.refuse_driver.add(("alpha", "web", "long stop"))
    scene.world.stop("alpha")
    scene.wait(5_000)

    assert scene.world.owner("base") == ["alpha"], "web needs it until it has stopped"
    scene.world.until(lambda: scene.world.owner("web") == ["bravo"], 60_000)

    assert scene.world.owner("base") == ["bravo"]


def test_what_failed_its_monitor_before_is_given_the_same_time_to_stop() -> None:
    story = Story()
    story.dare(story.changed("web", hold=int(story.world.now_ms / 1000) + 3_600))
    story.rest()
    story.world.refuse_driver.add(("alpha", "web", "monitor"))
    story.until(lambda: story.told("address failed"))

    story.world.refuse_driver.add(("alpha", "web", "long stop"))
    story.world.stop("alpha")
    story.until(lambda: story.owner("web") == [])

    assert not story.told("lease lost")
    assert not story.told("watchdog")
