"""A held group is watched, and neither restarted, moved nor started until its hold ends."""

from dataclasses import replace

from nodeagent.wire.console import Refused
from tests.simulation.shapes import Shape
from tests.unit.core.story import Story


def held(story: Story, seconds: float = 60.0, group: str = "web") -> Shape:
    """Return the shape with the group held for `seconds` from now on."""
    return story.changed(group, hold=int(story.world.now_ms / 1000 + seconds))


def holding(seconds: float = 60.0, **fields: object) -> Story:
    story = Story()
    story.world.tick_ms = 200  # a hold is long, and most of its ticks find nothing to do
    if fields:
        story.shape = story.changed("web", **fields)
        assert story.dare(story.shape).state == "done"
    story.shape = held(story, seconds)
    run = story.dare(story.shape)
    assert (run.state, run.plan.release, run.plan.acquire) == ("done", (), ())
    story.rest()
    return story


def fail(story: Story, node: str = "alpha") -> None:
    """End the application of web behind the agent's back, so that no monitor finds it well."""
    story.world.machines[node].running["web"].discard("server")
    story.drill(node, "fail-application", "web")


def test_failure_is_seen_and_nothing_is_done_until_the_hold_ends() -> None:
    story = holding(40)
    starts = story.invariants.acquisitions

    fail(story)
    story.until(lambda: story.told("server failed"))
    story.world.advance(20_000)
    assert story.invariants.acquisitions == starts
    assert story.node("alpha").shared.runner("web").state == "online"
    assert "server failed" in story.node("alpha").shared.runner("web").text

    story.until(lambda: story.told("restarts server here"))
    story.rest()
    assert story.owner("web") == ["alpha"]


def test_what_a_person_mends_under_the_hold_is_well_again() -> None:
    story = holding(60)
    starts = story.invariants.acquisitions
    fail(story)
    story.until(lambda: story.told("server failed"))

    story.world.machines["alpha"].running["web"].add("server")

    story.until(lambda: story.told("server is well again"))
    story.world.advance(80_000)
    assert story.invariants.acquisitions == starts


def test_group_of_a_lost_node_is_taken_over_only_after_the_hold() -> None:
    story = holding(60)
    story.crash("alpha")
    story.world.advance(30_000)
    assert story.owner("web") == []
    assert story.invariants.owners["web"] == ""

    story.until(lambda: story.owner("web") == ["bravo"])


def test_home_group_of_a_lost_node_is_taken_over_after_the_hold() -> None:
    """By its fallover policy, although it would not start away from home."""
    story = holding(40, startup="home-node")
    story.crash("alpha")
    story.until(lambda: "alpha" not in story.node("bravo").shared.log.standing.view)

    story.until(lambda: story.owner("web") == ["bravo"])


def test_group_of_a_lost_node_that_may_not_fall_over_stays_offline() -> None:
    story = holding(30, fallover="bring-offline")
    story.crash("alpha")
    story.world.advance(60_000)
    assert story.owner("web") == []


def test_node_that_returns_starts_its_held_group_when_the_hold_ends() -> None:
    story = holding(60)
    story.crash("alpha")
    story.until(lambda: "alpha" not in story.node("bravo").shared.log.standing.view)
    story.world.start("alpha")
    story.until(lambda: "alpha" in story.node("bravo").shared.log.standing.view)
    story.world.advance(10_000)
    assert story.owner("web") == []

    story.until(lambda: story.owner("web") == ["alpha"])


def test_hold_ends_early_by_a_change_that_touches_nothing() -> None:
    story = holding(3_000)
    fail(story)
    story.until(lambda: story.told("server failed"))

    run = story.dare(story.changed("web", hold=0.0))

    assert (run.state, run.plan.release, run.plan.acquire) == ("done", (), ())
    story.until(lambda: story.told("restarts server here"))


def test_change_that_would_touch_a_held_group_is_refused_by_name() -> None:
    story = holding()
    changed = story.changed("web", version=2)
    child = story.changed("orders", after=("web",))
    for shape, owners in (
        (story.shape, {"web": "bravo"}),
        (story.shape, {"web": ""}),
        (changed, {}),
        (replace(story.shape, standby=("alpha",)), {}),
        (replace(story.shape, groups=story.shape.groups[1:]), {}),
    ):
        answer = story.ask(shape, **owners)
        assert isinstance(answer, Refused), owners
        assert (answer.code, answer.exit_code) == ("held", 3)
        assert "web is held" in answer.text
        assert "clustertui group unhold web" in answer.text

    assert story.dare(child).state == "done"


def test_parent_of_a_held_group_is_not_taken_away() -> None:
    story = Story()
    story.shape = story.changed("orders", after=("web",))
    story.dare(story.shape)
    story.shape = held(story, group="orders")
    story.dare(story.shape)
    story.rest()

    for target in ("bravo", ""):
        answer = story.ask(story.shape, web=target)
        assert isinstance(answer, Refused)
        assert "orders is held" in answer.text


def test_other_groups_go_on_as_always() -> None:
    story = holding()
    story.crash("bravo")

    story.until(lambda: story.owner("orders") == ["charlie"])
    assert story.owner("web") == ["alpha"]


def test_moved_group_stays_where_it_was_put_over_a_hold() -> None:
    story = Story()
    story.shape = story.changed("web", fallback="higher-priority")
    story.dare(story.shape)
    story.dare(story.shape, web="bravo")
    story.shape = held(story, 10)
    story.dare(story.shape)
    story.world.advance(30_000)

    assert story.owner("web") == ["bravo"]


def test_idle_group_is_not_started_under_a_hold() -> None:
    story = Story()
    shape = story.with_group("mail", hold=int(story.world.now_ms / 1000 + 30))
    run = story.dare(shape)
    assert run.state == "done"
    story.world.advance(10_000)
    assert story.owner("mail") == []

    story.until(lambda: story.owner("mail") == ["alpha"])


def test_begin_and_end_of_a_hold_are_told() -> None:
    story = holding(20)
    story.until(lambda: story.told("watched, not recovered"))

    story.until(lambda: story.told("not held any more"))


def test_held_child_is_left_alone_when_its_parent_moves() -> None:
    story = Story()
    story.shape = story.changed("orders", after=("web",))
    assert story.dare(story.shape).state == "done"
    story.shape = held(story, 60, "orders")
    assert story.dare(story.shape).state == "done"
    story.rest()

    story.crash("alpha").until(lambda: story.owner("web") == ["bravo"])
    story.world.advance(5_000)

    assert story.owner("orders") == ["bravo"]
    assert not story.told("starts again, because it runs after")


def test_held_group_is_taken_over_after_its_hold_also_when_the_whole_cluster_was_away() -> None:
    story = holding(60, startup="home-node")
    for name in ("alpha", "bravo", "charlie"):
        story.crash(name)
    story.world.advance(3_000)
    story.world.start("bravo", "charlie")

    story.until(lambda: story.owner("web") == ["bravo"], 120_000)
