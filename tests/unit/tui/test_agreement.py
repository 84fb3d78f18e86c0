"""When an agent without quorum is doubted, and which of the others is the better one."""

import pytest

from nodeagent.wire.live import ClusterLive, Snapshot
from tui.viewmodels.agreement import Doubt, agreement_with, asked_as


def told(observer: str, *, quorum: bool = True, epoch: int = 3, slot: int = 7) -> Snapshot:
    cluster = ClusterLive("orders", observer, "stable", epoch, slot, "d", quorum=quorum)
    return Snapshot(cluster, ())


CUT_OFF = told("alpha", quorum=False).cluster


def test_doubt_begins_when_an_agent_first_has_no_quorum() -> None:
    first = Doubt().heard(CUT_OFF, 10.0)
    later = first.heard(CUT_OFF, 12.0)

    assert (first.agent, later.since_s) == ("alpha", 10.0)
    assert [later.lasts(now_s, 3.0) for now_s in (12.9, 13.0)] == [False, True]


def test_doubt_ends_with_quorum_and_begins_anew_with_another_agent() -> None:
    doubt = Doubt().heard(CUT_OFF, 10.0)

    assert doubt.heard(told("alpha").cluster, 11.0) == doubt.heard(None, 11.0) == Doubt()
    assert doubt.heard(told("bravo", quorum=False).cluster, 11.0) == Doubt("bravo", 11.0)
    assert not Doubt().lasts(1_000.0, 3.0)


def test_who_knows_most_is_the_better_one() -> None:
    found = agreement_with(
        CUT_OFF, {"bravo": told("bravo"), "charlie": told("charlie", slot=8), "delta": None}
    )

    assert (found.better, found.same, found.silent) == ("charlie", (), ("delta",))
    assert found.able == ("bravo", "charlie")


def test_who_is_behind_or_of_another_cluster_is_not_better() -> None:
    other = Snapshot(ClusterLive("other", "bravo", "stable", 9, 9, "d", quorum=True), ())
    answers = {
        "bravo": other,
        "charlie": told("charlie", epoch=2),
        "delta": told("delta", quorum=False),
        "itself": told("alpha"),
    }

    found = agreement_with(CUT_OFF, answers)

    assert (found.better, found.same, found.able) == ("", ("delta",), ("charlie",))
    assert found.text == "2 of 3 agents say so; charlie has it, but knows an older epoch only"


def test_who_is_no_node_any_more_is_not_missed() -> None:
    found = agreement_with(CUT_OFF, {"bravo": None, "gone": None}, ("alpha", "bravo"))

    assert found.text == "only alpha says so; no answer from bravo"


def test_agents_have_the_names_that_they_tell() -> None:
    answers = {"10.10.1.12:7412": told("bravo"), "charlie": told("charlie", quorum=False)}

    found = agreement_with(CUT_OFF, answers)

    assert found.text == "2 of 3 agents say so; bravo has it"
    assert asked_as(answers, found.better) == "10.10.1.12:7412"


@pytest.mark.parametrize(
    ("epochs", "text"),
    [
        ((), "only alpha says so, and no other agent is known"),
        ((2,), "only alpha says so; n0 has it, but knows an older epoch only"),
        ((2, 2), "only alpha says so; n0, n1 have it, but know an older epoch only"),
        ((2, 3), "only alpha says so; n1 has it"),
    ],
)
def test_who_has_quorum_is_told_although_it_is_behind(epochs: tuple[int, ...], text: str) -> None:
    names = [f"n{number}" for number in range(len(epochs))]
    answers = {name: told(name, epoch=epoch) for name, epoch in zip(names, epochs, strict=True)}

    assert agreement_with(CUT_OFF, answers).text == text
