import msgspec

from nodeagent.model.run import Cell, DareRun, RunChanged, RunStarted, StepRow
from nodeagent.wire.live import ProgressMade
from tests.console.test_store import NOW, later, view_of
from tests.support import story
from tui.viewmodels import dare, store
from tui.viewmodels.dare_report import report_text
from tui.viewmodels.matrix import Spot, cell_span, columns_of, current_row, matrix_pane, strip_lines
from tui.viewmodels.panes import Pane
from tui.viewmodels.spans import joined, width_of
from tui.viewmodels.store import View


def run_of(*messages: object) -> DareRun:
    run = view_of(*messages).run
    assert run is not None
    return run


def lines(pane: Pane) -> list[str]:
    return [joined(row.line).rstrip() for row in pane.rows]


def crowd(count: int) -> DareRun:
    nodes = tuple(f"n{number:03d}" for number in range(count))
    return story.new_run(nodes=nodes)


def test_rows_are_those_of_the_coordinator_with_the_point_of_no_return() -> None:
    run = run_of(*story.run_up_to("greet"))

    text = lines(matrix_pane(run, NOW, 0.0, 80, Spot()))

    assert text[0].split()[:6] == ["1", "verify", "3/3", "OK", "OK", "OK"]
    assert "point of no return" in text[9]
    assert text[10].split()[:2] == ["10", "decide"]


def test_running_cell_counts_the_seconds() -> None:
    run = run_of(*story.run_up_to("greet"))

    text = lines(matrix_pane(run, later(3.1), 0.0, 120, Spot()))

    assert "RUN 3.1s" in text[7]
    assert "waits for alpha" in text[7]


def test_running_cell_that_is_narrow_counts_whole_seconds() -> None:
    row = StepRow("greet")
    cell = Cell("running", began=story.WALL - 10.8)

    told = [cell_span(row, cell, width, NOW, 0.0).text for width in (9, 8, 6)]

    assert told == ["RUN 10.8s", "RUN 10s", "RUN"]


def test_heir_of_a_lost_coordinator_undoes_in_the_same_matrix() -> None:
    begun = story.run_up_to("greet")
    run = run_of(*begun)
    heir = msgspec.structs.replace(run, coordinator="bravo")
    undo = [row for step in ("undo-stage", "prove") for row in story.row_done(step, undo=True)]

    taken = run_of(*begun, ProgressMade(RunStarted(heir)), *undo)
    shown = dare.as_told(taken)
    text = lines(matrix_pane(shown, later(90.0), 0.0, 120, Spot()))

    assert (taken.tx, taken.coordinator) == (run.tx, "bravo")
    assert [row.name for row in taken.steps if row.undo] == ["undo-stage", "prove"]
    assert "via bravo" in joined(dare.summary_lines(shown, NOW, 0.0, 80)[0])
    assert not any("RUN" in line for line in text)
    assert any(line.split()[1:2] == ["greet"] and "LOST" in line for line in text)


def test_undo_rows_stand_in_their_order_whatever_was_heard_first() -> None:
    told = story.run_aborts()
    first = next(
        i for i, one in enumerate(told) if getattr(one.progress, "step", "") == "undo-acquire"
    )
    early = story.row_done("undo-stage", undo=True)[0]
    run = dare.as_told(run_of(*told[:first], early, *told[first:]))

    names = [row.name for row in run.steps if row.undo]

    assert names == ["undo-acquire", "undo-release", "undo-stage", "prove"]


def test_result_names_the_worst_detection_gap_and_where_it_was() -> None:
    run = run_of(*story.run_aborts())
    named = msgspec.structs.replace(run, detection_gap_node="bravo")

    assert "Longest gap in failure detection 1.1s on bravo." in dare.result_text(named)[0]
    assert "detection 1.1s on bravo" in report_text(named)
    unknown = msgspec.structs.replace(run, detection_gap_ms=0)
    assert "detection" not in dare.result_text(unknown)[0]


def test_abort_turns_to_its_undo_rows() -> None:
    run = run_of(*story.run_aborts())

    text = lines(matrix_pane(run, NOW, 0.0, 120, Spot()))

    assert "FAIL" in text[8]
    assert "port 80 is in use" in text[8]
    assert "Undo" in text[9]
    assert text[10].split()[:4] == ["<", "undo-acquire", "1/1", "-"]
    assert not any("decide" in line for line in text)


def test_selected_cell_is_marked() -> None:
    run = run_of(*story.run_aborts())

    pane = matrix_pane(run, NOW, 0.0, 120, Spot("step:acquire", "charlie"))

    marked = [span for row in pane.rows for span in row.line if span.tone == "cursor"]
    assert [span.text.strip() for span in marked] == ["FAIL"]


def test_every_line_fits_every_width() -> None:
    for run in (run_of(*story.run_aborts()), crowd(9), crowd(64)):
        for width in (80, 100, 120, 200):
            pane = matrix_pane(run, NOW, 0.0, width, Spot())
            widths = {width_of(line) for line in (*pane.head, *(row.line for row in pane.rows))}
            assert max(widths) <= width


def test_many_nodes_show_the_worst_in_columns_and_all_in_a_strip() -> None:
    run = crowd(64)
    row = run.steps[2]
    cells = {**row.cells, "n050": Cell("failed", reason="disk full")}
    steps = (*run.steps[:2], msgspec.structs.replace(row, cells=cells), *run.steps[3:])
    run = msgspec.structs.replace(run, steps=steps)

    assert "n050" in columns_of(run, Spot())
    assert len(columns_of(run, Spot())) == 9
    strip = strip_lines(run, "step:stage", 80)
    assert "FAIL 1" in joined(strip[0])
    assert "".join(joined(line) for line in strip[1:]).count("F") == 1


def test_abort_is_possible_until_it_decides() -> None:
    assert dare.can_abort(run_of(*story.run_up_to("acquire")))
    assert not dare.can_abort(run_of(*story.run_up_to("decide")))
    assert not dare.can_abort(run_of(*story.run_succeeds()))


def test_forecast_of_an_abort_names_undo_and_who_is_spared() -> None:
    text = dare.abort_forecast(run_of(*story.run_up_to("acquire")))

    assert text == (
        "If it aborts now: undo-acquire, undo-release, undo-stage, web on bravo again, "
        "then prove; database not interrupted."
    )


def test_result_in_words() -> None:
    run = run_of(*story.run_aborts())
    unknown = msgspec.structs.replace(run, restored="unknown")
    partly = msgspec.structs.replace(run, restored="restored-except", text="web is offline")

    assert "Every node has proved it" in dare.result_text(run)[0]
    assert "UNKNOWN" in dare.result_text(unknown)[0]
    assert "EXCEPT" in dare.result_text(partly)[0]
    assert dare.result_text(run_of(*story.run_succeeds()))[1] == "ok"


def test_added_node_that_never_answered_is_told_with_what_to_do() -> None:
    run = run_of(*story.run_up_to("verify"))
    plan = msgspec.structs.replace(run.plan, added_nodes=("charlie",))
    silent = Cell("lost", reason="no answer in time")
    rows = (msgspec.structs.replace(run.steps[0], cells={"charlie": silent}),)
    ended = {"state": "refused", "text": "charlie: no answer in time", "plan": plan}
    failed = msgspec.structs.replace(run, steps=rows, **ended)
    heard = (StepRow("lock", cells={"charlie": Cell("done")}), *rows)

    assert "start the agent on charlie (systemctl enable --now" in dare.result_text(failed)[0]
    assert "systemctl" not in dare.result_text(msgspec.structs.replace(failed, steps=heard))[0]


def test_cursor_goes_where_it_works_or_failed() -> None:
    assert current_row(run_of(*story.run_up_to("release"))) == "step:release"
    assert current_row(run_of(*story.run_aborts())) == "step:acquire"
    assert current_row(run_of(*story.run_succeeds())) == "step:resume"


def test_report_has_every_cell_and_its_evidence() -> None:
    text = report_text(run_of(*story.run_aborts()))

    assert "acquire: failed 2.1s port 80 is in use by another program" in text
    assert "nginx: bind() to 0.0.0.0:80 failed (98: Address in use)" in text
    assert "prove: done" in text


def test_what_an_undone_run_wanted_is_no_fact_and_who_is_elsewhere_is_named() -> None:
    ended = story.run_aborts()
    before = view_of(*ended)
    run = run_of(*ended)
    assert dare.moved_on(before, run, NOW) == ()

    taken_over = {"database": "alpha", "web": "alpha"}
    view = view_of(*ended, story.cluster_live(owners=taken_over))
    moved = dare.moved_on(view, run, NOW)
    text = report_text(run, moved, NOW.wall)

    assert "\nChanges, as wanted\n" in text
    assert "\nGroups, as wanted\n" in text
    assert (
        "\nNow on another node than before (2026-09-18 12:00:00Z)\n  web: bravo > alpha\n" in text
    )
    told = joined(dare.outlook_lines(run, 80, moved=moved)[0])
    assert "Now on another node than before: web: bravo > alpha." in told
    assert "\nGroups\n" in report_text(run_of(*story.run_succeeds()))


def test_who_is_elsewhere_is_not_told_where_nobody_knows_it() -> None:
    run = run_of(*story.run_aborts())
    owners = {"database": "alpha", "web": "alpha"}
    told = view_of(*story.run_aborts(), story.cluster_live(owners=owners))
    alone = view_of(*story.run_aborts(), story.cluster_live(owners=owners, quorum=False))

    assert dare.moved_on(told, run, NOW)
    assert dare.moved_on(alone, run, NOW) == ()
    assert dare.moved_on(told, run, later(10.0)) == ()


def test_run_whose_coordinator_is_lost_says_so_and_that_nothing_is_to_be_done() -> None:
    run = run_of(*story.run_up_to("activate"))
    view = store.fold(store.View(), story.three_nodes(), NOW)[0]
    assert not dare.is_lost(view, run)

    dead = story.node_live(run.coordinator, state="down")
    after, _ = store.fold(view, dead, NOW)

    assert dare.is_lost(after, run)
    text = " ".join(joined(entry) for entry in dare.outlook_lines(run, 80, lost=True))
    assert f"{run.coordinator}, its coordinator, is lost" in text
    assert "Nothing has to be done" in text


def test_run_that_changed_nothing_is_not_headed_by_another_epoch() -> None:
    run = run_of(*story.run_aborts())

    assert f"epoch {run.base_epoch} stays" in joined(dare.summary_lines(run, NOW, 0.0, 120)[0])


def rehearsed(*progress: object) -> View:
    begun = DareRun(
        "rehearsal.1.alpha.7",
        "alpha",
        base_epoch=17,
        nodes=story.NODES,
        began=story.WALL,
        steps=(StepRow("verify"), StepRow("compare")),
    )
    return view_of(*(ProgressMade(one) for one in (RunStarted(begun), *progress)))  # type: ignore[arg-type]


def test_rehearsal_has_a_matrix_and_is_no_dare_that_goes_on() -> None:
    view = rehearsed()
    (run,) = view.rehearsals

    assert (view.running, view.shown_runs[-1]) == (False, run)
    assert run not in view.all_runs
    assert not dare.can_abort(run)
    assert "REHEARSAL 1.alpha.7" in joined(dare.summary_lines(run, NOW, 0.0, 80)[0])
    assert "epoch 17 stays" in joined(dare.summary_lines(run, NOW, 0.0, 120)[0])
    assert "nothing is written" in joined(dare.outlook_lines(run, 80)[0])
    assert [text.split()[1] for text in lines(matrix_pane(run, NOW, 0.0, 80, Spot()))] == [
        "verify",
        "compare",
    ]


def test_rehearsal_ends_with_its_digest_or_with_its_agent() -> None:
    end = RunChanged("rehearsal.1.alpha.7", "done", text="fine", rehearsed="d" * 64)
    (done,) = rehearsed(end).rehearsals
    (lost,) = store.connected(rehearsed(), "bravo", NOW).rehearsals

    assert dare.result_text(done)[0].endswith("Digest dddddddddddd.")
    assert (lost.state, lost.text) == ("refused", store.UNREHEARSED)
