"""Forecast and actual, commands and waivers, in words."""

import msgspec

from nodeagent.config.survival import Endurance, Loss, Survival
from nodeagent.model.run import Cell, DareRun, StepRow
from nodeagent.model.times import Forecast
from tui.viewmodels.commands import draft_commands, operation_command
from tui.viewmodels.dare import outlook_lines
from tui.viewmodels.dare_report import report_text
from tui.viewmodels.draft import Draft
from tui.viewmodels.draft_review import Review
from tui.viewmodels.operations import Operation
from tui.viewmodels.preview import NO_RECORDS, forecast_text, outcomes
from tui.viewmodels.spans import joined
from tui.viewmodels.survives import loss_lines, survival_lines, with_waivers

WEB = Forecast("web", low_s=1.0, median_s=1.5, high_s=2.0, records=20)
LOSS = Loss("node:alpha", groups=("web",))
LOST = Endurance(Survival(played_singles=9), Survival((LOSS,), played_singles=9), lost=(LOSS,))


def _run(seconds: float, *forecasts: Forecast) -> DareRun:
    released = Cell("done", groups={"web": (10.0, 10.5)})
    acquired = Cell("done", groups={"web": (11.0, 10.0 + seconds)})
    steps = (
        StepRow("release", cells={"alpha": released}),
        StepRow("acquire", cells={"bravo": acquired}),
    )
    return DareRun("7", "alpha", state="done", steps=steps, forecasts=forecasts)


def test_a_forecast_says_how_long_at_most_and_from_what() -> None:
    assert forecast_text(WEB) == "away 1.50 s, at most 2.00 s (20 records)"
    assert forecast_text(Forecast("web", wanting="start of web/server")) == NO_RECORDS
    assert forecast_text(None) == ""


def test_forecast_stands_beside_the_actual_in_result_and_report() -> None:
    run = _run(1.75, WEB)

    told = "web: away 1.75 s (forecast 1.00 s to 2.00 s)"
    assert told in report_text(run)
    assert told in "\n".join(joined(line) for line in outlook_lines(run, 100))
    assert [one.inside for one in outcomes(run)] == [True]


def test_a_missed_forecast_is_called_so_and_none_is_no_miss() -> None:
    assert "1.00 s to 2.00 s, missed" in report_text(_run(3.0, WEB))
    assert "web: away 3.00 s (no forecast)" in report_text(_run(3.0))
    assert [one.inside for one in outcomes(_run(3.0))] == [None]


def test_of_an_aborted_run_only_who_was_away_is_told() -> None:
    new = Forecast("new", wanting="start of new/server", starts=True)
    undone = msgspec.structs.replace(_run(1.0, WEB, new), state="aborted")
    again = StepRow("undo-release", cells={"alpha": Cell("done", groups={"web": (11.0, 12.5)})})
    restored = msgspec.structs.replace(undone, steps=(*undone.steps, again))

    assert outcomes(undone) == ()
    assert [(one.group, one.actual_s) for one in outcomes(restored)] == [("web", 2.5)]


def test_what_is_survived_is_counted_before_and_after() -> None:
    assert survival_lines(LOST) == [
        "survives 8 of 9 single failures, now 9 of 9",
        "node:alpha: web has no node left to run on",
    ]
    assert survival_lines(Endurance()) == []


def test_many_pairs_are_counted_not_listed() -> None:
    pairs = tuple(Loss(f"node:a+node:n{number}", quorum=False) for number in range(9))

    assert loss_lines(Endurance(lost_pairs=pairs))[-1] == "and 4 more pairs"


def test_a_waiver_is_kept_however_long_the_reason_is() -> None:
    reason = with_waivers("x" * 600, ["node:alpha", "node:bravo"], LOST)

    assert len(reason) == 500
    assert reason.endswith("(not survived any more, waived: node:alpha)")
    assert with_waivers("why", [], LOST) == "why"


def test_the_command_does_exactly_what_the_screen_would() -> None:
    draft = Draft(text="b", base="a")

    *_, apply = draft_commands("clustertui", draft, Review(endurance=LOST), "it's time")

    assert apply == (
        f"clustertui apply draft.toml --base {draft.base_digest} --waive node:alpha "
        "--reason 'it'\"'\"'s time'"
    )
    *_, tried = draft_commands("clustertui", draft, Review(), probation="10m", rehearsed="ab" * 32)
    assert tried == (
        f"clustertui apply draft.toml --base {draft.base_digest} --rehearsed {'ab' * 32} "
        "--probation 10m"
    )
    move = Operation("move web to bravo", "web", "clustertui move web bravo")
    assert operation_command("box/clustertui --key k", move) == (
        "box/clustertui --key k move web bravo"
    )
    assert operation_command("clustertui", move, "now") == (
        "clustertui move web bravo --reason now"
    )
