import msgspec

from nodeagent.model.run import CellChanged
from nodeagent.model.times import Recorded, Timed
from nodeagent.wire.live import ConfigurationChanged, EventLine, ProgressMade, TimesLearned
from tests.support import story
from tui.viewmodels import merged, store
from tui.viewmodels.ages import Moment
from tui.viewmodels.events import event_row
from tui.viewmodels.spans import joined
from tui.viewmodels.store import View

NOW = Moment(1_000.0, story.WALL)


def later(seconds: float) -> Moment:
    return Moment(NOW.mono + seconds, NOW.wall + seconds)


def view_of(*messages: object, now: Moment = NOW) -> View:
    view = store.connected(View(), "alpha", now)
    for message in (story.three_nodes(), *messages):
        view, _ = store.fold(view, message, now)  # type: ignore[arg-type]
    return view


def test_snapshot_is_everything() -> None:
    view = view_of()

    assert tuple(view.nodes) == story.NODES
    assert view.cluster_name == "orders"
    assert view.epoch == 17
    assert view.active.configuration is not None
    assert not view.draft_differs
    assert [event.number for event in view.events] == [1, 2, 3]


def test_age_is_what_the_agent_said_and_what_passed_since() -> None:
    view = view_of()

    assert abs(view.node_age("alpha", later(1.5)) - 1.7) < 1e-6


def test_values_grow_stale_by_time_alone() -> None:
    view = view_of()

    assert not view.node_stale("alpha", later(2.0))
    assert view.node_stale("alpha", later(3.5))


def test_what_changed_is_told_from_what_only_grew_older() -> None:
    view = view_of()
    alpha, cluster = view.nodes["alpha"].value, view.cluster
    assert cluster is not None
    link = msgspec.structs.replace(alpha.links[0], state="down")
    older = msgspec.structs.replace(alpha.links[0], age_ms=900, beats=1)

    def told(**fields: object) -> bool:
        return store.is_changed(view, msgspec.structs.replace(alpha, **fields))

    assert not told(age_ms=700, load=3.0, lease_ms=900, links=(older, *alpha.links[1:]))
    assert told(links=(link, *alpha.links[1:]))
    assert told(state="down")
    assert told(groups=())
    assert store.is_changed(view, msgspec.structs.replace(alpha, node="new"))
    assert not store.is_changed(view, cluster.value)
    assert store.is_changed(view, msgspec.structs.replace(cluster.value, lock="a DARE"))


def test_lost_agent_makes_everything_stale_and_keeps_it() -> None:
    view = store.lost(view_of(), later(0.5), text="connection reset")

    assert view.connection.lost(later(0.5))
    assert view.node_stale("alpha", later(0.5))
    assert "alpha" in view.nodes


def test_silence_is_loss() -> None:
    view = view_of()

    assert not view.connection.lost(later(2.0))
    assert view.connection.lost(later(3.0))


def test_news_after_a_loss_connects_again() -> None:
    lost = store.lost(view_of(), later(1.0))

    view, topic = store.fold(lost, story.cluster_live(), later(2.0))

    assert topic == "cluster"
    assert not view.connection.lost(later(2.0))


def test_folding_changes_no_old_view() -> None:
    before = view_of()
    nodes = dict(before.nodes)

    store.fold(before, story.node_live("alpha", state="down"), NOW)

    assert dict(before.nodes) == nodes


def test_run_is_built_from_its_progress() -> None:
    view = view_of(*story.run_aborts())

    assert view.run is not None
    assert view.run.state == "aborted"
    assert [row.name for row in view.run.steps if row.undo] == [
        "undo-acquire",
        "undo-release",
        "undo-stage",
        "prove",
    ]
    assert [run.tx for run in view.all_runs] == ["41", "42"]
    assert not view.running


def test_clock_ahead_of_the_agents_does_not_lengthen_a_run() -> None:
    ahead = Moment(1_000.0, story.WALL + 90.0)

    view = view_of(*story.run_up_to("acquire"), now=ahead)

    assert abs(view.skew - 90.0) < 1e-6


def test_news_of_a_step_that_runs_on_do_not_begin_its_time_again() -> None:
    view = view_of(*story.run_up_to("acquire"))
    assert view.run is not None
    cells = [
        (row.name, node, cell)
        for row in view.run.steps
        for node, cell in row.cells.items()
        if cell.state == "running"
    ]
    assert cells

    for step, node, cell in cells:
        # The agent reckons the beginning anew each time, so it is nearly the same.
        told = msgspec.structs.replace(cell, began=cell.began + 0.002, reason="10 s of 30")
        news = ProgressMade(CellChanged(view.run.tx, step, False, node, told))
        view, _ = store.fold(view, news, Moment(NOW.mono + 10, NOW.wall + 10))

    assert abs(view.skew) < 1e-6


def test_events_are_bounded_and_each_once() -> None:
    line = story.event(7, "again")
    view = view_of(line, line)

    assert sum(event == line for event in view.events) == 1

    for number in range(merged.EVENTS_MAX + 50):
        view, _ = store.fold(view, story.event(1_000 + number, "x"), NOW)
    assert len(view.events) == merged.EVENTS_MAX


def test_draft_of_another_console_is_told_from_the_active_text() -> None:
    text = story.configuration_text().replace('"bravo", "charlie"]', '"charlie", "bravo"]')
    changed = ConfigurationChanged(True, 17, "x", text, "bob")

    view = view_of(changed)

    assert view.draft_differs
    assert view.draft.author == "bob"


def test_broken_text_is_kept_with_what_is_wrong() -> None:
    view = view_of(ConfigurationChanged(True, 17, "x", "[cluster\n"))

    assert view.draft.configuration is None
    assert view.draft.reports


def test_snapshot_of_the_next_agent_replaces_the_nodes() -> None:
    two = msgspec.structs.replace(story.three_nodes(), nodes=(story.node_live("bravo"),))

    view = view_of(two)

    assert tuple(view.nodes) == ("bravo",)


def test_runs_that_were_seen_stay_when_the_next_agent_remembers_fewer() -> None:
    view = view_of(*story.run_aborts())
    forgetful = msgspec.structs.replace(story.three_nodes(), run=None, runs=())

    view, _ = store.fold(store.lost(view, NOW), forgetful, NOW)

    assert [(run.tx, run.state) for run in view.all_runs] == [("41", "done"), ("42", "aborted")]


def test_run_that_the_next_agent_does_not_know_is_not_called_running() -> None:
    view = view_of(*story.run_up_to("greet"))
    forgetful = msgspec.structs.replace(story.three_nodes(), run=None, runs=())

    forgotten, _ = store.fold(store.lost(view, NOW), forgetful, NOW)
    assert view.run is not None
    known, _ = store.fold(forgotten, msgspec.structs.replace(forgetful, run=view.run), NOW)

    assert forgotten.run is not None
    assert (forgotten.run.state, forgotten.run.text) == ("in-doubt", store.UNTOLD)
    assert not forgotten.running
    assert known.running


def test_event_is_told_with_the_words_and_the_cause_of_the_command_line() -> None:
    told = EventLine(1, NOW.wall, "alpha", "warning", "web", "taken over", "bravo is silent")

    assert joined(event_row(told, 120).line).split(" ", 3)[3].split() == (
        ["warning", "alpha", "web", "taken", "over", "(because", "bravo", "is", "silent)"]
    )


def test_times_are_gathered_from_the_snapshot_on() -> None:
    recorded = Recorded("alpha", "web", "server", "start", (100,))
    view = view_of(msgspec.structs.replace(story.three_nodes(), times=(recorded,)))

    later_view, _ = store.fold(
        view, TimesLearned("alpha", Timed("web", "server", "start", 120)), NOW
    )

    assert later_view.times == {recorded.key: (100, 120)}


def told(node: str, number: int, second: float, text: str, **more: str) -> EventLine:
    line = EventLine(number, story.WALL + second, node, "note", "web", text)
    return msgspec.structs.replace(line, **more)


def test_what_several_agents_tell_of_one_thing_is_one_event() -> None:
    online = {"event": "group-online", "at": "bravo"}
    afar = told("alpha", 8, 0.4, "online on bravo", **online)
    here = told("bravo", 5, 0.5, "online here", **online)
    views = [
        told(
            node, 9, second, "view 4: bravo is up", event="view-changed", at=node, subject="cluster"
        )
        for node, second in (("alpha", 1.0), ("charlie", 1.2), ("bravo", 0.9))
    ]
    view = view_of(afar)

    for _ in range(2):  # the second time as another agent's memory
        view = store.gathered(view, (here, *views))

    assert [event.text for event in view.events[3:]] == ["online here", "view 4: bravo is up"]
    assert view.log.tellers(view.events[3]) == ("alpha", "bravo")
    assert set(view.log.tellers(view.events[4])) == set(story.NODES)
    assert store.gathered(view, (afar,)) is view


def test_what_is_alike_but_happened_twice_stays_two() -> None:
    failed = [told(node, 7, 0.1, "acquire failed, data") for node in ("alpha", "charlie")]
    errors = [
        told(node, 8, 0.2, "in error here", event="group-error", at=node)
        for node in ("alpha", "charlie")
    ]
    flap = [
        told("bravo", number, 1.0 + number / 10, "online here", event="group-online", at="bravo")
        for number in (1, 2)
    ]
    late = told("alpha", 20, 60.0, "online on bravo", event="group-online", at="bravo")

    view = store.gathered(view_of(), (*failed, *errors, *flap, late))

    assert len(view.events) == 3 + 7


def test_log_is_in_the_order_of_time_whoever_tells_it_when() -> None:
    view = view_of(told("alpha", 9, 9.0, "nine"))

    view = store.gathered(view, (told("bravo", 4, 4.0, "four"), told("bravo", 5, 5.0, "five")))

    assert [event.text for event in view.events[3:]] == ["four", "five", "nine"]
