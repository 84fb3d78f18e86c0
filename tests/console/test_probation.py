"""A probation in the console: seen everywhere, kept or ended by a key; a draft is rehearsed."""

import pytest
from textual.pilot import Pilot

from nodeagent.wire.console import EndProbation
from nodeagent.wire.live import ProbationLive
from tests.console.test_screens import play
from tests.console.test_store import NOW, later, view_of
from tests.support import story
from tests.support.screens import Clock, screen_text, shows, until
from tests.support.story import StoryClient
from tui.viewmodels import probation as words
from tui.viewmodels.headline import banner_lines
from tui.viewmodels.spans import joined, width_of

OPEN = ProbationLive("16.1.alpha.7", 16, 600, 583_000, "anna")
BACK = ProbationLive("16.1.alpha.7", 16, 600, 0, "anna", "web is error on bravo", "no quorum")


def test_it_is_counted_down_in_every_section_and_kept_by_a_key() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        assert "K keep" not in screen_text(pilot.app)
        client.say(story.cluster_live(probation=OPEN))
        await shows(pilot, "PROBATION 9:4", "epoch 16 returns in 9:4", "K keeps it", "B go back")
        await pilot.press("8")
        await shows(pilot, "PROBATION 9:4", "K keeps it")
        await pilot.press("K")
        await shows(pilot, "Keep what is on probation?", "of anna stays", "clustertui confirm")
        await pilot.press("right", "enter")
        await until(pilot, lambda: client.asked, "the request")
        (asked,) = client.asked
        assert isinstance(asked, EndProbation)
        assert (asked.tx, asked.end) == (OPEN.tx, "confirm")
        client.say(story.cluster_live())
        await until(pilot, lambda: "K keep" not in screen_text(pilot.app), "the end of it")

    play(act)


def test_going_back_is_asked_for_and_a_read_only_console_cannot() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        client.say(story.cluster_live(probation=OPEN))
        await shows(pilot, "PROBATION 9:4")
        assert "B go back" not in screen_text(pilot.app).splitlines()[-1]
        await pilot.press("B")
        await shows(pilot, "read-only")
        assert not client.asked

    play(act, read_only=True)


@pytest.mark.parametrize(("section", "key"), [("4", "m"), ("4", "h"), ("4", "o"), ("2", "o")])
def test_operation_that_would_be_refused_meanwhile_is_so_before_it_asks_anything(
    section: str, key: str
) -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        client.say(story.cluster_live(probation=OPEN))
        await shows(pilot, "PROBATION 9:4")
        await pilot.press(section, key)
        text = await shows(pilot, "a change is on probation: keep it or go back")
        assert "Esc leaves" not in text

    play(act)


@pytest.mark.parametrize("width", [80, 120])
def test_banner_fits_and_says_what_happens_next(width: int) -> None:
    (counting,) = banner_lines(view_of(story.cluster_live(probation=OPEN)), NOW, width)
    (back,) = banner_lines(view_of(story.cluster_live(probation=BACK)), NOW, width)

    assert "epoch 17 is on probation: epoch 16 returns in 9:43" in joined(counting)
    assert "epoch 16 is being brought back: web is error on bravo" in joined(back)
    assert "K keeps" not in joined(back)
    assert max(width_of(counting), width_of(back)) <= width


def test_count_goes_on_between_two_words_of_the_agent() -> None:
    view = view_of(story.cluster_live(probation=OPEN))

    assert words.left_s(view, NOW) == 583
    assert words.left_s(view, later(3.0)) == 580
    assert words.left_s(view, later(1_000.0)) == 0
    assert [words.count_text(seconds) for seconds in (0, 59, 600, 3_727)] == [
        "0:00", "0:59", "10:00", "1:02:07",
    ]  # fmt: skip
