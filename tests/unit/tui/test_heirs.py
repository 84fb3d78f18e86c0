"""Where a group goes if its node is lost, as the console promises it."""

from tests.unit.config.samples import cluster, group
from tui.viewmodels.heirs import expected

ALL = frozenset({"alpha", "bravo", "charlie"})


def test_a_group_that_must_be_apart_goes_round_the_other_one() -> None:
    cfg = cluster(
        {
            "database": group("alpha", "bravo", "charlie"),
            "web": group("bravo", "alpha", "charlie", apart_from=("database",)),
            "mail": group("alpha", "bravo"),
        }
    )
    owners = {"database": "alpha", "web": "bravo", "mail": "alpha"}

    heirs = expected(cfg, owners, ALL, {})

    assert heirs == {"database": "charlie", "web": "charlie"}, "mail goes by takeover order"


def test_on_the_last_node_the_later_group_has_nowhere_to_go() -> None:
    cfg = cluster(
        {
            "database": group("alpha", "bravo"),
            "web": group("bravo", "alpha", apart_from=("database",)),
        }
    )

    assert expected(cfg, {"database": "alpha", "web": "bravo"}, ALL, {})["web"] == ""


def test_the_least_loaded_node_is_named_and_one_where_it_failed_is_not() -> None:
    nodes = ("alpha", "bravo", "charlie")
    cfg = cluster({"web": group(*nodes, fallover="least-loaded"), "mail": group("bravo")})
    owners = {"web": "alpha", "mail": "bravo"}

    assert expected(cfg, owners, ALL, {}) == {"web": "charlie"}
    assert expected(cfg, owners, ALL, {"web": frozenset({"charlie"})}) == {"web": "bravo"}
