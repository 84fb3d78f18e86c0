"""The banner: the gravest news first, and what goes on meanwhile in sight beside it."""

import pytest
from msgspec.structs import replace

from nodeagent.wire.live import ProbationLive
from tests.console.test_store import NOW, view_of
from tests.support import story
from tui.viewmodels.agreement import Agreement
from tui.viewmodels.headline import banner_lines
from tui.viewmodels.spans import joined, width_of
from tui.viewmodels.store import View

CUT_OFF = Agreement("alpha", ("bravo",), ("charlie",))
LONG = Agreement("alpha-of-the-north", ("bravo",), ("charlie-of-the-south", "delta", "echo"))
PROBATION = ProbationLive("16.1.alpha.7", 16, 600, 583_000, "anna")


def banner(view: View, width: int, shown: str = "") -> str:
    lines = banner_lines(view, NOW, width, shown=shown)
    assert all(width_of(line) <= width for line in lines)
    return "\n".join(joined(line) for line in lines)


def test_dare_that_goes_on_is_told_wherever_another_one_is_shown() -> None:
    view = view_of(*story.run_up_to("greet"))

    assert "DARE 42 running" in banner(view, 80)
    assert "R goes there" in banner(view, 80, shown="41")
    assert banner(view, 80, shown="42") == ""


@pytest.mark.parametrize("width", [80, 120])
def test_dare_that_goes_on_stays_in_sight_without_quorum(width: int) -> None:
    view = replace(view_of(*story.run_up_to("greet")), agreement=CUT_OFF)

    told = banner(view, width)

    assert "no quorum: 2 of 3 agents say so; no answer from charlie" in told
    assert "▶ DARE" in told
    assert "R " in told
    assert ("42 running  R goes there" in told) == (width == 120)
    assert "DARE" not in banner(view, width, shown="42")
    assert "▶ DARE  R " in banner(replace(view, agreement=LONG), 80)


@pytest.mark.parametrize(("width", "text"), [(80, "PROBATION 9:43"), (120, "returns in 9:43")])
def test_probation_is_counted_down_without_quorum(width: int, text: str) -> None:
    view = replace(view_of(story.cluster_live(probation=PROBATION)), agreement=CUT_OFF)

    told = banner(view, width)

    assert "no quorum: 2 of 3 agents say so; no answer from charlie" in told
    assert text in told
    assert "K keeps it" not in told
