"""Who owns each group: stories first, then what must hold whatever the configuration."""

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from nodeagent.config.placement import able, in_order, place
from nodeagent.config.rules import apart_of, broken_rules, sets_of
from nodeagent.config.times import Moment, is_delayed
from nodeagent.model.configuration import Configuration, Group
from tests.unit.config.samples import (
    GROUPS,
    NODES,
    cluster,
    configurations,
    group,
    moments,
    node,
    owners,
    service,
    views,
)

ALL = ("alpha", "bravo", "charlie")


def owner(
    web: Group,
    view: tuple[str, ...] = ALL,
    before: str = "",
    failed: tuple[str, ...] = (),
    asked: str | None = None,
    leaving: tuple[str, ...] = (),
) -> str:
    return place(
        cluster({"web": web}),
        view=view,
        owners={"web": before},
        failed={"web": frozenset(failed)},
        asked={} if asked is None else {"web": asked},
        leaving=leaving,
    )["web"]


def test_group_starts_at_home() -> None:
    assert owner(group("bravo", "alpha")) == "bravo"


def test_home_node_waits_for_home_and_first_available_does_not() -> None:
    assert owner(group("bravo", "alpha"), view=("alpha",)) == ""
    assert owner(group("bravo", "alpha", startup="first-available"), view=("alpha",)) == "alpha"


def test_group_stays_with_its_owner() -> None:
    assert owner(group("alpha", "bravo"), before="bravo") == "bravo"


def test_group_returns_only_when_told_so() -> None:
    assert owner(group("alpha", "bravo", fallback="higher-priority"), before="bravo") == "alpha"


def test_group_does_not_return_to_where_it_failed() -> None:
    web = group("alpha", "bravo", fallback="higher-priority")

    assert owner(web, before="bravo", failed=("alpha",)) == "bravo"


def test_dead_owner_is_followed_by_the_next_node() -> None:
    assert owner(group("alpha", "bravo"), view=("bravo",), before="alpha") == "bravo"


def test_dead_owner_ends_the_group_where_the_policy_says_so() -> None:
    web = group("alpha", "bravo", fallover="bring-offline")

    assert owner(web, view=("bravo",), before="alpha") == ""
    assert owner(web, before="alpha", failed=("alpha",)) == ""


def test_owner_that_leaves_in_good_order_hands_over_all_the_same() -> None:
    web = group("alpha", "bravo", fallover="bring-offline")

    assert owner(web, view=("bravo",), before="alpha", leaving=("alpha",)) == "bravo"
    assert owner(group("bravo", fallover="bring-offline"), before="alpha") == "bravo"


def test_failure_moves_on_and_ends_when_all_failed() -> None:
    web = group("alpha", "bravo")

    assert owner(web, before="alpha", failed=("alpha",)) == "bravo"
    assert owner(web, before="bravo", failed=("alpha", "bravo")) == ""


def test_group_that_failed_at_home_may_start_elsewhere() -> None:
    assert owner(group("alpha", "bravo"), failed=("alpha",)) == "bravo"


def test_wish_wins_where_it_is_possible() -> None:
    web = group("alpha", "bravo", fallback="higher-priority")

    assert owner(web, before="alpha", asked="bravo") == "bravo"
    assert owner(web, before="alpha", asked="") == ""
    assert owner(web, before="alpha", asked="charlie") == "alpha"
    assert owner(web, view=("alpha",), before="alpha", asked="bravo") == "alpha"
    assert owner(web, before="alpha", failed=("bravo",), asked="bravo") == "bravo"


def test_node_without_the_adapter_is_passed_over() -> None:
    nodes = {"alpha": node(0, ("private1",)), "bravo": node(1), "charlie": node(2)}
    web = group("alpha", "charlie", startup="first-available", resource={"address": service()})

    placed = place(cluster({"web": web}, nodes), view=ALL, owners={})

    assert placed == {"web": "charlie"}


def test_child_waits_for_its_parent() -> None:
    groups = {"web": group("alpha", after=("database",)), "database": group("bravo")}

    assert place(cluster(groups), view=("alpha",), owners={"web": "alpha"}) == {
        "web": "",
        "database": "",
    }
    assert place(cluster(groups), view=ALL, owners={}) == {"web": "alpha", "database": "bravo"}


def test_circle_never_starts_and_disturbs_nobody() -> None:
    groups = {
        "a": group("alpha", after=("b",)),
        "b": group("alpha", after=("a",)),
        "c": group("alpha", after=("a",)),
        "d": group("alpha"),
    }

    placed = place(cluster(groups), view=ALL, owners={})

    assert placed == {"a": "", "b": "", "c": "", "d": "alpha"}


FAILED = st.dictionaries(st.sampled_from(GROUPS), st.frozensets(st.sampled_from(NODES)))


@given(configurations(), views, owners, FAILED, owners, moments)
@settings(max_examples=80, deadline=None)
def test_every_owner_is_legal(
    cfg: Configuration,
    view: frozenset[str],
    before: Mapping[str, str],
    failed: Mapping[str, frozenset[str]],
    asked: Mapping[str, str],
    moment: Moment,
) -> None:
    placed = place(cfg, view=view, owners=before, failed=failed, asked=asked, moment=moment)

    assert set(placed) == set(cfg.group)
    assert broken_rules(cfg, placed) == ()
    wished = {asked.get(name) for name in cfg.group}
    for name, node_name in placed.items():
        if not node_name:
            continue
        assert node_name in view
        assert able(cfg, cfg.group[name], node_name)
        assert node_name in wished or node_name not in failed.get(name, ())
        assert all(placed.get(parent) for parent in cfg.group[name].after)


@given(configurations(), views, owners, moments)
@settings(max_examples=60, deadline=None)
def test_further_looks_change_nothing(
    cfg: Configuration, view: frozenset[str], before: Mapping[str, str], moment: Moment
) -> None:
    """Without news all comes to rest: what was ended may start, and others go round it."""
    seen = [place(cfg, view=view, owners=before, moment=moment)]
    for _ in range(2 * len(cfg.group) + 1):
        seen.append(place(cfg, view=view, owners=seen[-1], moment=moment))

    assert seen[-1] == seen[-2]
    if not sets_of(cfg) and not apart_of(cfg):
        kept = {name: node for name, node in seen[0].items() if node}
        assert kept == {name: seen[1][name] for name in kept}


@given(configurations(), views, owners)
@settings(max_examples=40, deadline=None)
def test_nobody_is_moved_without_need(
    cfg: Configuration, view: frozenset[str], before: Mapping[str, str]
) -> None:
    placed = place(cfg, view=view, owners=before)
    rules = {**sets_of(cfg), **apart_of(cfg)}

    for name, noun in cfg.group.items():
        was = before.get(name, "")
        fit = was in view and able(cfg, noun, was) and name not in rules
        stays = noun.fallback == "never" or is_delayed(noun)
        if fit and stays and all(placed.get(p) for p in noun.after):
            waits = name not in in_order(cfg)
            assert waits or placed[name] == was


@given(configurations(), views, owners, moments, moments)
@settings(max_examples=60, deadline=None)
def test_voters_with_other_clocks_do_not_undo_each_other(
    cfg: Configuration,
    view: frozenset[str],
    before: Mapping[str, str],
    one: Moment,
    other: Moment,
) -> None:
    """Two voters take turns; what a clock holds back, it does not take back."""
    seen = [dict(before)]
    for turn in range(4 * len(cfg.group) + 4):
        moment = (one, other)[turn % 2]
        seen.append(place(cfg, view=view, owners=seen[-1], moment=moment))

    assert seen[-1] == seen[-2] == seen[-3]


# --- networks that a node does not reach


def served(order: tuple[str, ...], cut: tuple[str, ...], before: str, **fields: str) -> str:
    """Return the owner of a group with a service address; `cut` nodes do not reach its network."""
    web = group(*order, resource={"address": service()}, **fields)
    return place(
        cluster({"web": web}),
        view=ALL,
        owners={"web": before},
        cut={node: frozenset({"public1"}) for node in cut},
    )["web"]


def test_a_group_leaves_a_node_that_does_not_reach_its_network() -> None:
    assert served(("alpha", "bravo"), ("alpha",), "alpha") == "bravo"


def test_a_network_that_no_node_reaches_moves_nothing() -> None:
    assert served(("alpha", "bravo"), ALL, "bravo") == "bravo"
    assert served(("alpha", "bravo"), ("alpha", "bravo"), "bravo") == "bravo"


def test_a_group_without_addresses_does_not_mind() -> None:
    cut = {"alpha": frozenset({"public1"})}
    placed = place(
        cluster({"web": group("alpha", "bravo")}), view=ALL, owners={"web": "alpha"}, cut=cut
    )

    assert placed == {"web": "alpha"}


def test_a_group_that_is_brought_offline_by_policy_waits_where_it_is() -> None:
    """It runs, and its network may return: to end it would help nobody."""
    assert served(("alpha", "bravo"), ("alpha",), "alpha", fallover="bring-offline") == "alpha"


def test_a_group_does_not_return_to_a_node_that_does_not_reach_its_network() -> None:
    assert served(("alpha", "bravo"), ("alpha",), "bravo", fallback="higher-priority") == "bravo"
    assert served(("alpha", "bravo"), (), "bravo", fallback="higher-priority") == "alpha"


def test_a_home_that_does_not_reach_the_network_counts_as_away() -> None:
    assert served(("alpha", "bravo"), ("alpha",), "") == "bravo"
    assert served(("alpha", "bravo"), ("alpha",), "", startup="first-available") == "bravo"
