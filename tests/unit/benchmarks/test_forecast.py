"""What the measurement of forecasts says when the machine upsets some of its runs."""

from nodeagent.model.run import DareRun
from tests.benchmarks import forecast
from tests.benchmarks.forecast import Measured
from tui.demo.watch import NotHeld


async def test_runs_that_were_upset_are_told_and_the_others_judged() -> None:
    calmed = 0

    async def attempt(kind: str, number: int) -> Measured:
        if (kind, number) == ("move two", 5):
            raise NotHeld("web is releasing on bravo")
        return Measured(kind, number, DareRun(f"{kind}-{number}", "alpha"), {})

    async def calm() -> None:
        nonlocal calmed
        calmed += 1

    found, upset = await forecast.all_runs(attempt, calm)
    lines = [figure.line() for figure in forecast.figures(found, upset)]

    assert calmed == 1
    assert len(found) == (forecast.FILLING + forecast.ROUNDS) * len(forecast.KINDS) - 1
    (told,) = [line for line in lines if "not judged" in line]
    assert "1 of 96 runs: move two, round 5: web is releasing on bravo" in told
