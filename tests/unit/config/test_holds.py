"""Timed holds and standby, as plans and placement see them."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from nodeagent.config import edit
from nodeagent.config.diff import diff
from nodeagent.config.digest import resources_digest
from nodeagent.config.holds import forbidden, held_groups, is_held
from nodeagent.config.operations import only_operates, with_hold, with_standby
from nodeagent.config.placement import place
from nodeagent.config.plan import kept, plan
from nodeagent.model.configuration import Configuration, Group
from nodeagent.model.plan import Plan
from tests.unit.config.samples import cluster, configuration, example, group, server, service

ALL = ("alpha", "bravo", "charlie")
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
BEFORE, AFTER = NOON.timestamp() - 1, NOON.timestamp() + 1
WEB = group("alpha", "bravo", resource={"address": service(), "server": server()})
HELD = msgspec.structs.replace(WEB, hold_until=NOON)


def idle(cfg: Configuration, *names: str) -> Configuration:
    nodes = {
        name: msgspec.structs.replace(node, standby=name in names)
        for name, node in cfg.node.items()
    }
    return msgspec.structs.replace(cfg, node=nodes)


def placed(
    web: Group, owner: str, *, view: tuple[str, ...] = ALL, failed: tuple[str, ...] = ()
) -> str:
    return place(
        cluster({"web": web}),
        view=view,
        owners={"web": owner},
        failed={"web": frozenset(failed)},
        held={"web"},
    )["web"]


def change(new: Configuration, old: Configuration, owner: str, **asked: str) -> tuple[Plan, str]:
    held = held_groups(BEFORE, old, new)
    found = plan(old, new, view=ALL, owners={"web": owner}, asked=asked, held=held)
    return found, forbidden(found, held, new.group, asked)


def test_hold_ends_at_its_moment_whatever_its_offset() -> None:
    east = msgspec.structs.replace(
        WEB, hold_until=datetime(2026, 11, 26, 14, tzinfo=timezone(timedelta(hours=2)))
    )
    assert is_held(HELD, BEFORE)
    assert is_held(east, BEFORE)
    assert not is_held(HELD, AFTER)
    assert not is_held(east, AFTER)
    assert not is_held(WEB, BEFORE)
    one, two = cluster({"web": HELD}), cluster({"web": east})
    assert diff(one, two) == ()
    assert resources_digest(one) == resources_digest(two)
    assert resources_digest(one) != resources_digest(cluster({"web": WEB}))


def test_held_group_stays_where_it_failed_and_does_not_fall_back() -> None:
    assert placed(HELD, "alpha", failed=("alpha",)) == "alpha"
    better = msgspec.structs.replace(HELD, fallback="higher-priority")
    assert placed(better, "bravo") == "bravo"
    assert placed(HELD, "") == ""


def test_held_group_of_a_lost_node_has_nobody() -> None:
    assert placed(HELD, "alpha", view=("bravo", "charlie")) == ""


def test_held_group_leaves_a_node_that_may_not_have_it() -> None:
    cfg = idle(cluster({"web": HELD}), "alpha")
    assert place(cfg, view=ALL, owners={"web": "alpha"}, held={"web"})["web"] == "bravo"


def test_node_on_standby_is_nobodys_heir() -> None:
    cfg = idle(cluster({"web": WEB}), "bravo")
    assert place(cfg, view=("bravo", "charlie"), owners={"web": "alpha"})["web"] == ""
    assert place(cfg, view=ALL, owners={}, asked={"web": "bravo"})["web"] == "alpha"


def test_idle_group_starts_elsewhere_while_its_home_is_on_standby() -> None:
    cfg = idle(cluster({"web": WEB}), "alpha")
    assert place(cfg, view=ALL, owners={})["web"] == "bravo"
    noun = msgspec.structs.replace(WEB, fallover="bring-offline")
    ends = idle(cluster({"web": noun}), "alpha")
    assert place(ends, view=ALL, owners={})["web"] == ""


def test_standby_moves_even_what_a_failure_would_end() -> None:
    noun = msgspec.structs.replace(WEB, fallover="bring-offline")
    cfg = idle(cluster({"web": noun}), "alpha")
    assert place(cfg, view=ALL, owners={"web": "alpha"})["web"] == "bravo"


def test_reasons_name_standby() -> None:
    old = cluster({"web": WEB})
    moved, _ = change(idle(old, "alpha"), old, "alpha")
    stopped, _ = change(idle(old, "alpha", "bravo"), old, "alpha")

    assert [(e.kind, e.reason) for e in moved.effects] == [("moved", "alpha goes to standby")]
    assert stopped.effects[0].kind == "stopped"
    assert "no other of its nodes can take it" in stopped.effects[0].reason


@pytest.mark.parametrize(
    ("new", "asked", "why"),
    [
        (idle(cluster({"web": HELD}), "alpha"), {}, "it would be moved: alpha goes to standby"),
        (cluster({}), {}, "it would be stopped"),
        (cluster({"web": HELD}), {"web": "bravo"}, "it would be moved"),
        (cluster({"web": HELD}), {"web": ""}, "it would be taken offline"),
        (
            cluster({"web": msgspec.structs.replace(HELD, resource={"server": server()})}),
            {},
            "it would be restarted: resource address removed",
        ),
    ],
)
def test_holds_forbid_what_would_touch(new: Configuration, asked: dict[str, str], why: str) -> None:
    _, text = change(new, cluster({"web": HELD}), "alpha", **asked)
    assert text.startswith(f"web is held ({why}")
    assert text.endswith("clustertui group unhold web")


def test_holds_forbid_nothing_else() -> None:
    old = cluster({"web": HELD})
    less = msgspec.structs.replace(HELD, hold_until=None)
    for new in (old, cluster({"web": less}), idle(old, "bravo")):
        found, text = change(new, old, "alpha")
        assert text == ""
        assert (found.release, found.acquire) == ((), ())
    _, stays = change(old, old, "alpha", web="alpha")
    assert stays == ""


def test_hold_that_goes_and_a_move_at_once_are_refused() -> None:
    """An abort would have to start what its hold forbids."""
    _, text = change(cluster({"web": WEB}), cluster({"web": HELD}), "alpha", web="bravo")
    assert text.startswith("web is held")


def test_earlier_orders_outlive_a_hold() -> None:
    old, new = cluster({"web": WEB}), cluster({"web": HELD})
    assert kept({"web": "bravo", "gone": ""}, old, new) == {"web": "bravo"}
    other = cluster({"web": msgspec.structs.replace(WEB, nodes=("bravo", "alpha"))})
    assert kept({"web": "bravo"}, old, other) == {}


def test_edits_keep_comments_and_go_back_to_the_same_bytes() -> None:
    text = example("three-nodes")
    node, name = "alpha", next(iter(configuration(text).group))
    changed = with_hold(with_standby(text, node, standby=True), name, NOON)

    assert "standby = true\n" in changed
    assert "hold-until = 2026-11-26T12:00:00Z\n" in changed
    assert changed.count("#") == text.count("#")
    assert configuration(changed).group[name].hold_until == NOON
    assert with_hold(with_standby(changed, node, standby=False), name, None) == text


def test_operators_change_no_other_byte() -> None:
    text = example("three-nodes")
    old, name = configuration(text), next(iter(configuration(text).group))
    held = with_hold(with_standby(text, "bravo", standby=True), name, NOON)

    assert only_operates(text, old, held, configuration(held))
    assert only_operates(held, configuration(held), text, old)
    for beside in (f"{held}# more\n", edit.set_value(held, ("group", name, "fallback"), "never")):
        assert not only_operates(text, old, beside, configuration(beside))
