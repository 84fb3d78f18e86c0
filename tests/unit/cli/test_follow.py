import pytest
from msgspec.structs import replace

from nodeagent.model.run import Cell, CellChanged, DareRun, RunChanged, RunStarted, StepRow
from nodeagent.wire.live import ClusterLive, GroupLive, NodeLive, ProgressMade, Snapshot
from tests.unit.client.fake_agent import cluster
from tui.cli.follow import DOUBT_S, FORGOTTEN_S, ORPHANED_S, Follower
from tui.cli.progress import item_line, news

RUN = DareRun(
    tx="2.1.alpha",
    coordinator="alpha",
    nodes=("alpha", "bravo"),
    base_epoch=1,
    target_digest="d2",
    mark="m1",
    steps=(StepRow("verify"), StepRow("stage")),
)
FREE = cluster("bravo", epoch=1, digest="d1")


def follower(tx: str = RUN.tx) -> tuple[Follower, list[DareRun]]:
    told: list[DareRun] = []
    return Follower(FREE, "m1", told.append, tx), told


def started() -> tuple[Follower, list[DareRun]]:
    made, told = follower()
    made.take(ProgressMade(RunStarted(RUN)), 0.0)
    return made, told


def live(**values: object) -> ClusterLive:
    return cluster("bravo", **{"epoch": 1, "digest": "d1", **values})


def watch(made: Follower, seconds: float, state: ClusterLive, since: float = 1.0) -> None:
    for second in range(int(seconds) + 2):
        made.take(state, since + second)


def test_progress_to_the_end_is_told() -> None:
    made, told = started()
    made.take(ProgressMade(CellChanged(RUN.tx, "verify", undo=False, node="alpha",
                                       cell=Cell("done"))), 1.0)  # fmt: skip
    made.take(ProgressMade(RunChanged(RUN.tx, "done", text="epoch 2 is active")), 2.0)

    assert made.ended
    assert [run.state for run in told] == ["running", "running", "done"]


def test_other_runs_are_not_ours() -> None:
    made, told = follower()
    made.take(ProgressMade(RunStarted(DareRun(tx="9.1.bravo", coordinator="bravo"))), 0.0)

    assert told == []


def test_record_of_the_next_agent_goes_on() -> None:
    made, told = started()
    done = DareRun(tx=RUN.tx, coordinator="alpha", state="done", text="epoch 2 is active")
    made.take(Snapshot(cluster("bravo"), runs=(done,)), 5.0)

    assert made.ended
    assert told[-1].text == "epoch 2 is active"


def test_run_is_known_by_its_mark_while_its_name_was_lost() -> None:
    made, told = follower(tx="")
    made.take(Snapshot(cluster("bravo"), run=RUN), 0.0)

    assert made.tx == RUN.tx
    assert told == [RUN]


@pytest.mark.parametrize("mark", ["", "m2"])
def test_run_that_wants_the_same_is_not_ours(mark: str) -> None:
    """Another one's, or an earlier one of the same file from the same epoch that was aborted."""
    made, told = follower(tx="")
    made.take(Snapshot(cluster("bravo"), runs=(replace(RUN, mark=mark, state="aborted"),)), 0.0)
    made.take(ProgressMade(RunStarted(replace(RUN, tx="3.1.bravo", mark=mark))), 1.0)

    assert (told, made.tx, made.ended) == ([], "", False)


def test_run_without_a_mark_is_nobodys() -> None:
    told: list[DareRun] = []
    made = Follower(FREE, "", told.append)
    made.take(Snapshot(cluster("bravo"), run=replace(RUN, mark="")), 0.0)

    assert told == []


def test_orphan_is_judged_by_the_cluster_as_undone() -> None:
    made, told = started()
    made.take(NodeLive("alpha", "down"), 1.0)
    watch(made, ORPHANED_S + 1, live())

    assert made.ended
    assert (told[-1].state, told[-1].restored) == ("aborted", "restored")


def unproved() -> tuple[Follower, list[DareRun]]:
    """A coordinator that owned *web* is lost; the others closed the run without its proofs."""
    told: list[DareRun] = []
    base = live(owners={"web": "alpha", "orders": "bravo"})
    made = Follower(base, "m1", told.append, RUN.tx)
    made.take(ProgressMade(RunStarted(RUN)), 0.0)
    made.take(NodeLive("alpha", "down"), 1.0)
    made.take(ProgressMade(RunChanged(RUN.tx, "aborted", "unknown", text="alpha is lost")), 1.0)
    return made, told


def owner(node: str, *groups: str) -> NodeLive:
    return NodeLive(node, "up", groups=tuple(GroupLive(group, "online") for group in groups))


def test_unproved_abort_names_what_was_taken_over_once_it_is_online_again() -> None:
    made, told = unproved()
    taken_over = live(owners={"web": "bravo", "orders": "bravo"})
    made.take(owner("bravo", "orders"), 2.0)
    made.take(taken_over, 2.0)
    ends = [made.ended]

    made.take(owner("bravo", "orders", "web"), 3.0)
    made.take(taken_over, 3.0)

    assert [*ends, made.ended] == [False, True]
    assert (told[-1].state, told[-1].restored) == ("aborted", "restored-except")
    assert "alpha is lost; web went from alpha to bravo; configuration and all" in told[-1].text


def test_unproved_abort_that_left_a_group_elsewhere_stays_unknown() -> None:
    made, told = unproved()
    made.take(owner("charlie", "orders", "web"), 2.0)
    watch(made, DOUBT_S + 1, live(owners={"web": "charlie", "orders": "charlie"}), since=2.0)

    assert made.ended
    assert told[-1].restored == "unknown"


def test_orphan_is_judged_by_the_cluster_as_done() -> None:
    made, told = started()
    made.take(NodeLive("alpha", "down"), 1.0)
    watch(made, ORPHANED_S, live(epoch=2, digest="d2", made_by=RUN.tx))

    assert told[-1].state == "done"
    assert "epoch 2" in told[-1].text


@pytest.mark.parametrize("tx", [RUN.tx, ""])
def test_same_change_made_by_another_one_is_not_taken_for_ours(tx: str) -> None:
    made, told = follower(tx)
    made.take(NodeLive("alpha", "down"), 1.0)
    made.take(NodeLive("bravo", "down"), 1.0)
    watch(made, ORPHANED_S, live(epoch=2, digest="d2", made_by="2.1.charlie"))

    assert made.ended
    assert told[-1].state == "in-doubt"


def test_coordinator_that_came_back_has_forgotten() -> None:
    made, told = started()
    made.take(NodeLive("alpha", "up", incarnation=1), 1.0)
    made.take(NodeLive("alpha", "up", incarnation=2), 2.0)
    watch(made, ORPHANED_S, live(), since=3.0)

    assert told[-1].state == "aborted"


def test_orphan_overtaken_by_another_change_is_in_doubt() -> None:
    made, told = started()
    made.take(NodeLive("alpha", "down"), 1.0)
    watch(made, ORPHANED_S, live(epoch=3, digest="d3"))

    assert made.ended
    assert told[-1].state == "in-doubt"


def test_nothing_is_judged_while_the_coordinator_lives() -> None:
    made, _ = started()
    watch(made, FORGOTTEN_S - 5, live())

    assert not made.ended


def test_nothing_is_judged_while_the_lock_is_held_or_no_majority_is_heard() -> None:
    made, _ = started()
    made.take(NodeLive("alpha", "down"), 1.0)
    watch(made, 100, live(lock="2.1.alpha held by alpha"))
    watch(made, 100, live(quorum=False), since=200)
    watch(made, 100, live(suspended=True), since=400)

    assert not made.ended


def test_run_in_doubt_is_watched_until_another_voter_finishes_it() -> None:
    made, told = started()
    made.take(ProgressMade(RunChanged(RUN.tx, "in-doubt")), 1.0)
    made.take(live(lock="2.1.alpha held by alpha"), 2.0)
    watch(made, ORPHANED_S, live(epoch=2, digest="d2", made_by=RUN.tx), since=3.0)

    assert told[-1].state == "done"


def test_run_that_stays_in_doubt_is_left_in_doubt() -> None:
    made, told = started()
    made.take(ProgressMade(RunChanged(RUN.tx, "in-doubt")), 1.0)
    watch(made, DOUBT_S + 1, live(lock="2.1.alpha held by alpha"))

    assert made.ended
    assert told[-1].state == "in-doubt"


def test_each_change_is_news_once() -> None:
    running = DareRun(
        tx="x",
        coordinator="alpha",
        steps=(StepRow("verify", state="running", cells={"alpha": Cell("running")}),),
    )
    failed = DareRun(
        tx="x",
        coordinator="alpha",
        steps=(
            StepRow(
                "verify", state="failed", reason="no", cells={"alpha": Cell("failed", reason="no")}
            ),
        ),
    )

    first, second = list(news(None, running)), list(news(running, failed))

    assert [(item.node, item.state) for item in first] == [("", "running"), ("alpha", "running")]
    assert [(item.node, item.state) for item in second] == [("alpha", "failed"), ("", "failed")]
    assert list(news(failed, failed)) == []
    assert item_line(second[0]).split() == ["verify", "alpha", "failed", "0.00", "s", "no"]


def undone_by_bravo(failed: str) -> tuple[Follower, list[DareRun]]:
    """A run whose coordinator alpha was lost, and whose undo could not be proved on `failed`."""
    made, told = started()
    made.take(ProgressMade(RunStarted(replace(RUN, coordinator="bravo"))), 1.0)
    lost = Cell("failed", reason="declared down: no heartbeat on any network")
    made.take(ProgressMade(CellChanged(RUN.tx, "prove", undo=True, node=failed, cell=lost)), 1.0)
    text = f"alpha was lost; everything is as before except {failed} prove: declared down"
    made.take(ProgressMade(RunChanged(RUN.tx, "aborted", "restored-except", 2.0, text)), 1.5)
    return made, told


def test_lost_coordinator_that_proves_nothing_is_made_good_by_the_cluster() -> None:
    made, told = undone_by_bravo("alpha")
    ends = [made.ended]

    watch(made, 1, live())

    assert [*ends, made.ended] == [False, True]
    assert (told[-1].state, told[-1].restored) == ("aborted", "restored")
    assert told[-1].text == "alpha was lost; configuration and groups are as before"


def test_what_a_lost_coordinator_left_undone_stays_named() -> None:
    base = live(owners={"web": "alpha"})
    told: list[DareRun] = []
    made = Follower(base, "m1", told.append, RUN.tx)
    made.take(ProgressMade(RunStarted(RUN)), 0.0)
    made.take(ProgressMade(RunStarted(replace(RUN, coordinator="bravo"))), 1.0)
    lost = Cell("failed", reason="declared down")
    made.take(ProgressMade(CellChanged(RUN.tx, "prove", undo=True, node="alpha", cell=lost)), 1.0)
    made.take(ProgressMade(RunChanged(RUN.tx, "aborted", "restored-except", 2.0, "x")), 1.5)

    watch(made, DOUBT_S + 1, live(owners={"web": "bravo"}))

    assert made.ended
    assert told[-1].restored == "restored-except"


def test_living_node_that_proves_nothing_is_an_exception_at_once() -> None:
    made, told = undone_by_bravo("bravo")

    assert made.ended
    assert told[-1].restored == "restored-except"
