"""Groups that must be on one node, and groups that must not: who goes where, and who stays off."""

from collections.abc import Mapping

import msgspec
import pytest

from nodeagent.config.placement import in_order, place
from nodeagent.config.plan import plan
from nodeagent.config.rules import moves_taken_back
from nodeagent.config.verify import verify
from nodeagent.model.configuration import Cluster, Configuration, Group
from tests.unit.config.samples import cluster, codes, group, node, server, service

ALL = ("alpha", "bravo", "charlie")
DATABASE = group("alpha", "bravo", "charlie")


def placed(
    groups: Mapping[str, Group],
    before: Mapping[str, str] | None = None,
    view: tuple[str, ...] = ALL,
    failed: Mapping[str, frozenset[str]] | None = None,
    asked: Mapping[str, str] | None = None,
) -> dict[str, str]:
    return place(
        cluster(groups), view=view, owners=before or {}, failed=failed or {}, asked=asked or {}
    )


def pair(**web: object) -> dict[str, Group]:
    """A database, and a web group that must be with it and would rather live on bravo."""
    noun = group("bravo", "alpha", "charlie", together=("database",))
    return {"database": DATABASE, "web": msgspec.structs.replace(noun, **web)}


def split(**web: object) -> dict[str, Group]:
    """A database, and a web group that must be apart from it."""
    noun = group("alpha", "bravo", "charlie", apart_from=("database",))
    return {"database": DATABASE, "web": msgspec.structs.replace(noun, **web)}


# -- with ------------------------------------------------------------------------------------------


def test_groups_that_belong_together_start_where_the_first_of_them_starts() -> None:
    assert placed(pair()) == {"database": "alpha", "web": "alpha"}


def test_the_rule_counts_both_ways_and_through_others() -> None:
    groups = {
        "web": group("bravo", "alpha", startup="first-available"),
        "mail": group("charlie", "bravo", together=("web", "queue")),
        "queue": group("alpha", "bravo"),
    }

    assert placed(groups) == {"web": "bravo", "mail": "bravo", "queue": "bravo"}


def test_priority_says_who_chooses() -> None:
    assert set(placed(pair(priority=1)).values()) == {"bravo"}
    assert in_order(cluster(pair(priority=1))) == ("web", "database")


def test_the_failure_of_one_moves_all_that_must_be_with_it() -> None:
    before = {"database": "alpha", "web": "alpha"}
    failed = {"web": frozenset({"alpha"})}

    assert set(placed(pair(), before, failed=failed).values()) == {"bravo"}


def test_a_death_moves_them_to_one_node() -> None:
    before = {"database": "alpha", "web": "alpha"}

    assert set(placed(pair(), before, view=("bravo", "charlie")).values()) == {"bravo"}


def test_a_group_that_cannot_be_there_stays_offline_and_moves_nobody() -> None:
    groups = {"database": DATABASE, "web": group("bravo", together=("database",))}

    assert placed(groups, {"database": "alpha"}) == {"database": "alpha", "web": ""}
    assert placed(groups) == {"database": "alpha", "web": ""}


def test_the_first_starts_where_the_others_run_already() -> None:
    groups = pair()
    groups["database"] = group("alpha", "bravo", startup="first-available")

    assert placed(groups, {"web": "bravo"}) == {"database": "bravo", "web": "bravo"}


@pytest.mark.parametrize("moved", ["database", "web"])
def test_whoever_of_them_is_moved_takes_the_others_along(moved: str) -> None:
    before = {"database": "alpha", "web": "alpha"}
    asked = {"database": "alpha", "web": "alpha", moved: "charlie"}

    assert set(placed(pair(), before, asked=asked).values()) == {"charlie"}


def test_one_that_is_taken_offline_does_not_hold_the_others() -> None:
    before = {"database": "alpha", "web": "alpha"}

    assert placed(pair(), before, asked={"database": ""}) == {"database": "", "web": "alpha"}


def test_where_it_was_moved_to_it_still_leaves_when_one_of_them_fails_there() -> None:
    before = {"database": "charlie", "web": "charlie"}
    asked = {"database": "charlie"}
    failed = {"web": frozenset({"charlie"})}

    assert set(placed(pair(), before, asked=asked, failed=failed).values()) == {"alpha"}


# -- apart-from ------------------------------------------------------------------------------------


def test_groups_that_must_be_apart_start_on_two_nodes() -> None:
    first = split(startup="first-available")

    assert placed(first) == {"database": "alpha", "web": "bravo"}


def test_a_fallover_goes_round_the_other_one() -> None:
    before = {"database": "alpha", "web": "bravo"}

    assert placed(split(), before, view=("bravo", "charlie")) == {
        "database": "charlie",
        "web": "bravo",
    }


def test_on_the_last_node_the_first_group_wins() -> None:
    before = {"database": "alpha", "web": "bravo"}

    assert placed(split(), before, view=("bravo",)) == {"database": "bravo", "web": ""}
    assert placed(split(priority=1), before, view=("bravo",)) == {"database": "", "web": "bravo"}


def test_nobody_is_driven_out_by_a_return() -> None:
    groups = split()
    groups["database"] = msgspec.structs.replace(DATABASE, fallback="higher-priority")

    assert placed(groups, {"database": "bravo", "web": "alpha"})["web"] == "alpha"


def test_a_rule_that_is_new_moves_the_later_group() -> None:
    before = {"database": "alpha", "web": "alpha"}

    assert placed(split(), before) == {"database": "alpha", "web": "bravo"}


# -- least-loaded ----------------------------------------------------------------------------------


def test_the_least_loaded_node_takes_over() -> None:
    groups = {
        "web": group("alpha", "bravo", "charlie", fallover="least-loaded"),
        "mail": group("bravo"),
        "queue": group("charlie", weight=0),
    }
    before = {"web": "alpha", "mail": "bravo", "queue": "charlie"}

    assert placed(groups, before, view=("bravo", "charlie"))["web"] == "charlie"


def test_of_equals_the_first_in_takeover_order_takes_over() -> None:
    groups = {"web": group("alpha", "charlie", "bravo", fallover="least-loaded")}

    assert placed(groups, {"web": "alpha"}, view=("bravo", "charlie"))["web"] == "charlie"


def test_what_falls_over_together_is_spread() -> None:
    names = ("a", "b", "c", "d")
    groups = dict.fromkeys(names, group("alpha", "bravo", "charlie", fallover="least-loaded"))

    after = placed(groups, dict.fromkeys(names, "alpha"), view=("bravo", "charlie"))

    assert sorted(after.values()) == ["bravo", "bravo", "charlie", "charlie"]


def test_weights_count() -> None:
    many = group("alpha", "bravo", "charlie", fallover="least-loaded")
    heavy = msgspec.structs.replace(many, weight=5)
    groups = {"big": heavy, "a": many, "b": many}

    after = placed(groups, dict.fromkeys(groups, "alpha"), view=("bravo", "charlie"))

    assert after == {"big": "bravo", "a": "charlie", "b": "charlie"}


def test_least_loaded_is_asked_only_where_a_group_must_go() -> None:
    groups = {"web": group("alpha", "bravo", fallover="least-loaded"), "mail": group("alpha")}

    assert placed(groups, {"web": "alpha", "mail": "alpha"})["web"] == "alpha"
    assert placed(groups)["web"] == "alpha"


# -- what the plan says ----------------------------------------------------------------------------


def reasons(
    new: Mapping[str, Group], before: Mapping[str, str], old: Mapping[str, Group] | None = None,
    **asked: str,
) -> dict[str, str]:  # fmt: skip
    done = plan(
        cluster(old or new), cluster(new), view=ALL, owners=before, asked=asked
    )  # fmt: skip
    return {effect.group: f"{effect.kind}: {effect.reason}" for effect in done.effects}


def test_the_plan_tells_who_goes_with_whom() -> None:
    told = reasons(pair(), {"database": "alpha", "web": "alpha"}, web="charlie")

    assert told == {
        "database": "moved: it must be with web, which is asked to move to charlie",
        "web": "moved: asked to move to charlie",
    }


def test_the_plan_tells_who_is_driven_away() -> None:
    before = {"database": "alpha", "web": "alpha"}
    told = reasons(split(), before, old=split(apart_from=()))

    assert told["web"] == "moved: it must be apart from database, on alpha"


def test_the_plan_tells_who_joins() -> None:
    before = {"database": "alpha", "web": "bravo"}
    told = reasons(pair(), before, old=pair(together=()))

    assert told["web"] == "moved: it must be with database, on alpha"
    assert told["database"] == "untouched: no change"


def test_the_plan_tells_which_rule_keeps_a_group_offline() -> None:
    alone = {"database": DATABASE, "web": group("alpha", apart_from=("database",))}
    joined = {"database": DATABASE, "web": group("bravo", together=("database",))}
    before = {"database": "alpha"}

    apart, together = reasons(alone, before), reasons(joined, before)

    assert apart["web"].endswith("it must be apart from database, on alpha")
    assert together["web"].endswith("it must be with database, on alpha, where it cannot run")


# -- findings --------------------------------------------------------------------------------------


def found(cfg: Configuration) -> list[str]:
    return [code for code in codes(verify(cfg)) if code[1] == "3" and "330" <= code[1:] <= "349"]


@pytest.mark.parametrize(
    ("groups", "code"),
    [
        (pair(together=("databse",)), "E330"),
        (split(apart_from=("mail",)), "E330"),
        (pair(together=("web",)), "E331"),
        (pair(together=("database",), apart_from=("database",)), "E332"),
        (
            {
                "a": group(*ALL, together=("b",)),
                "b": group(*ALL, together=("c",)),
                "c": group(*ALL, apart_from=("a",)),
            },
            "E332",
        ),
        ({"a": group("alpha", together=("b",)), "b": group("bravo")}, "E333"),
        ({"a": group("alpha", apart_from=("b",)), "b": group("alpha")}, "W334"),
        (pair(together=("database", "database")), "N335"),
        (
            {
                "a": group(*ALL, together=("b",)),
                "b": group(*ALL, together=("c",)),
                "c": group(*ALL, together=("a",)),
            },
            "N335",
        ),
        (split() | {"database": group(*ALL, apart_from=("web",))}, "N335"),
        ({"web": group(*ALL, fallback_at="02:00")}, "W337"),
        ({"web": group(*ALL, fallback_delay_seconds=1.0)}, "W337"),
        ({"web": group(*ALL, fallback_at="2:00", fallback="higher-priority")}, "E338"),
        ({"web": group(*ALL, fallback_at="24:00", fallback="higher-priority")}, "E338"),
        ({"web": group(*ALL, resource={"x": server(stabilization_seconds=30.0)})}, "E340"),
        ({"web": group(*ALL, resource={"x": server(failures_tolerated=1)})}, "W341"),
    ],
)
def test_rules_that_cannot_be_kept_are_found(groups: dict[str, Group], code: str) -> None:
    reports = [report for report in verify(cluster(groups)) if report.code == code]

    assert found(cluster(groups)) == [code] * len(reports)
    assert reports
    assert all(report.hint for report in reports)


@pytest.mark.parametrize("groups", [pair(), split(), pair(priority=1, weight=3)])
def test_rules_that_can_be_kept_are_not_complained_of(groups: dict[str, Group]) -> None:
    assert found(cluster(groups)) == []


def test_groups_without_a_network_in_common_have_no_node_for_all() -> None:
    nodes = {"alpha": node(0, ("public1", "private1")), "bravo": node(1, ("public2", "private1"))}
    web = group("alpha", "bravo", resource={"x": service()}, together=("mail",))
    mail = group("alpha", "bravo", resource={"x": service(101, "public2")})

    assert found(cluster({"web": web, "mail": mail}, nodes)) == ["E333"]


def test_a_settling_time_needs_a_group_with_a_second_choice() -> None:
    settling = Cluster(name="orders", settling_seconds=30.0)
    home = msgspec.structs.replace(cluster({"web": group(*ALL)}), cluster=settling)
    first = group(*ALL, startup="first-available")
    good = msgspec.structs.replace(cluster({"web": first}), cluster=settling)

    assert found(home) == ["N339"]
    assert found(good) == []


# -- what is taken back ----------------------------------------------------------------------------


def test_a_move_beside_a_group_that_stays_is_taken_back() -> None:
    groups = {"mail": group("alpha", "charlie"), **split()}
    cfg = cluster(groups)
    before = {"database": "alpha", "web": "bravo", "mail": "alpha"}
    wanted = {"database": "bravo", "web": "bravo", "mail": "charlie"}

    in_view = moves_taken_back(cfg, wanted, before, ALL)
    out_of_view = moves_taken_back(cfg, wanted, before, ("bravo", "charlie"))

    assert in_view == {"database": "alpha", "web": "bravo", "mail": "charlie"}
    assert out_of_view == {"database": "", "web": "bravo", "mail": "charlie"}


def test_what_was_beside_each_other_before_stays() -> None:
    owners = {"database": "alpha", "web": "alpha"}

    assert moves_taken_back(cluster(split()), owners, owners, ALL) == owners
