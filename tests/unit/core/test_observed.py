"""What nodes tell of the groups of others: what happened, and not what was so before."""

import pytest

from nodeagent.wire.peer import Decided, Decrees
from tests.unit.core.story import Story


def told_by(story: Story, node: str, since_ms: int) -> list[str]:
    return [
        f"{line.subject}: {line.text}"
        for line in story.world.events
        if line.node == node and line.time * 1_000 >= since_ms
    ]


@pytest.mark.parametrize("cut_off", [False, True], ids=["started anew", "mended"])
def test_who_returns_tells_nothing_old_as_new(*, cut_off: bool) -> None:
    story = Story()
    if cut_off:
        story.cut_off("charlie")
    else:
        story.crash("charlie")
    story.until(lambda: "charlie" not in story.node("alpha").shared.log.standing.view)
    story.dare(story.shape, web="bravo")
    since_ms = story.world.now_ms

    if cut_off:
        story.mend()
    else:
        story.world.start("charlie")
    story.until(lambda: "charlie" in story.node("charlie").shared.log.standing.view)
    story.world.advance(4_000)

    told = told_by(story, "charlie", since_ms)
    assert not [text for text in told if "online on" in text], told
    assert not [text for text in told if "charlie is down" in text], told


def test_what_happens_after_the_return_is_told() -> None:
    story = Story()
    story.crash("charlie").until(
        lambda: "charlie" not in story.node("alpha").shared.log.standing.view
    )
    story.world.start("charlie")
    story.until(lambda: "charlie" in story.node("charlie").shared.log.standing.view)
    story.world.advance(4_000)
    since_ms = story.world.now_ms

    story.dare(story.shape, web="bravo")
    story.world.advance(2_000)

    told = told_by(story, "charlie", since_ms)
    assert "web: online on bravo" in told
    assert "web: offline on alpha" in told


def test_an_error_that_is_forgotten_does_not_look_like_a_group_that_ends() -> None:
    story = Story()
    story.world.refuse_driver.add(("charlie", "mail", "start"))
    run = story.dare(story.with_group(extras="failure-expires-seconds = 5.0\n"), mail="charlie")
    assert run.state == "aborted", run.text
    story.until(lambda: story.told("in error on charlie"))

    story.until(lambda: story.told("its error on charlie is forgotten"))

    assert "mail: offline on charlie" not in told_by(story, "alpha", 0)


def test_a_member_that_missed_views_for_a_moment_tells_all_of_them() -> None:
    """Commands may be bound to them, and it was in all the time."""
    story = Story(4)
    story.world.network.lost_kinds |= {Decided, Decrees}
    charlie = story.node("charlie").shared
    slot = charlie.log.standing.slot
    others = [story.node(name).shared for name in ("alpha", "bravo")]

    story.crash("delta").until(lambda: any("delta" not in o.log.standing.view for o in others))
    story.world.network.lost_kinds.clear()
    story.until(lambda: charlie.log.standing.slot > slot)

    assert any("delta is down" in text for text in told_by(story, "charlie", 0))
