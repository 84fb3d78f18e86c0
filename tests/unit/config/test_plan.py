"""What a change does to each group: recorded cases, then what must hold for every change."""

from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given, settings

from nodeagent.config.plan import plan
from nodeagent.model.configuration import Adapter, Configuration, Group, Network, Ocf, Resource
from nodeagent.model.plan import GroupEffect
from tests.unit.config.samples import (
    cluster,
    configuration,
    configurations,
    example,
    group,
    node,
    owners,
    server,
    service,
    views,
)

ALL = ("alpha", "bravo", "charlie")
RESOURCES: dict[str, Resource] = {"address": service(), "server": server()}
WEB = group("alpha", "bravo", resource=RESOURCES)
OLD = cluster({"web": WEB})


def changed(noun: Group, **fields: object) -> Group:
    return msgspec.structs.replace(noun, **fields)


def effect(new: Configuration, old: Configuration = OLD, owner: str = "alpha") -> GroupEffect:
    result = plan(old, new, view=tuple(old.node), owners={"web": owner})
    return next(effect for effect in result.effects if effect.group == "web")


def with_server(**fields: object) -> Configuration:
    resource = {**RESOURCES, "server": server(**fields)}
    return cluster({"web": changed(WEB, resource=resource)})


SHOP = Ocf(agent="test:shop", parameters={"port": "80", "name": "x"}, reloadable=("port",))


def with_shop(**fields: object) -> Configuration:
    return cluster(
        {"web": changed(WEB, resource={"shop": msgspec.structs.replace(SHOP, **fields)})}
    )


@pytest.mark.parametrize(
    ("fields", "kind", "reason"),
    [
        ({"parameters": {"port": "81", "name": "x"}}, "reloaded", "parameters of shop changed"),
        ({"parameters": {"name": "x"}}, "reloaded", "parameters of shop changed"),
        ({"parameters": {"port": "81", "name": "y"}}, "restarted", "parameters of shop changed"),
        ({"parameters": {"port": "80", "name": "x", "new": "1"}}, "restarted", "parameters of"),
        ({"parameters": {"port": "81", "name": "x"}, "reloadable": ()}, "restarted", "parameters"),
        ({"check_level": 10}, "reloaded", "check-level of shop changed"),
        ({"monitor_seconds": 5.0}, "reloaded", "monitor-seconds of shop changed"),
        ({"reloadable": ("name",)}, "reloaded", "reloadable of shop changed"),
        ({"agent": "test:other"}, "restarted", "type of shop changed"),
    ],
)
def test_only_reloadable_parameters_are_reloaded(
    fields: dict[str, object], kind: str, reason: str
) -> None:
    found = effect(with_shop(**fields), with_shop())

    assert found.kind == kind
    assert reason in found.reason


@pytest.mark.parametrize(
    ("new", "kind", "reason"),
    [
        (OLD, "untouched", "no change"),
        (
            cluster({"web": changed(WEB, nodes=("bravo", "alpha", "charlie"))}),
            "untouched",
            "only takeover order changed",
        ),
        (
            cluster({"web": changed(WEB, fallback="higher-priority", startup="first-available")}),
            "untouched",
            "only startup policy and fallback policy changed",
        ),
        (with_server(interval_seconds=5.0), "reloaded", "interval-seconds of server changed"),
        (with_server(restart_count=3), "reloaded", "restart-count of server changed"),
        (with_server(monitor=("/bin/true",)), "reloaded", "monitor of server changed"),
        (with_server(stop=("/bin/true",)), "reloaded", "stop of server changed"),
        (with_server(start=("/bin/b",)), "restarted", "start of server changed"),
        (with_server(environment={"A": "1"}), "restarted", "environment of server changed"),
        (
            cluster({"web": changed(WEB, resource={**RESOURCES, "more": server("/bin/c")})}),
            "restarted",
            "resource more added",
        ),
        (
            cluster({"web": changed(WEB, resource={"address": service()})}),
            "restarted",
            "resource server removed",
        ),
        (
            cluster({"web": changed(WEB, resource=dict(reversed(RESOURCES.items())))}),
            "reloaded",
            "order of resources changed",
        ),
        (
            cluster({"web": changed(WEB, resource={**RESOURCES, "address": service(101)})}),
            "restarted",
            "address of address changed",
        ),
        (
            cluster({"web": changed(WEB, resource={**RESOURCES, "server": service(102)})}),
            "restarted",
            "type of server changed",
        ),
        (cluster({"web": WEB}, ("bravo", "charlie")), "moved", "alpha leaves the cluster"),
        (
            cluster({"web": changed(WEB, nodes=("bravo",))}),
            "moved",
            "alpha is no longer one of its nodes",
        ),
        (
            cluster({"web": WEB}, {**OLD.node, "alpha": node(0, ("private1",))}),
            "moved",
            "alpha has no adapter on public1",
        ),
        (cluster({}), "stopped", "leaves the configuration"),
        (
            cluster({"web": changed(WEB, nodes=("charlie",))}, ("alpha", "bravo")),
            "stopped",
            "none of its nodes can take it",
        ),
    ],
)
def test_effect_on_a_group(new: Configuration, kind: str, reason: str) -> None:
    got = effect(new)

    assert (got.kind, got.reason) == (kind, reason)


def test_adapter_under_a_service_address_matters_only_on_the_owner() -> None:
    def moved(name: str, **fields: object) -> Configuration:
        noun = OLD.node[name]
        adapters = {**noun.adapter, "eth0": msgspec.structs.replace(noun.adapter["eth0"], **fields)}
        nodes = {**OLD.node, name: msgspec.structs.replace(noun, adapter=adapters)}
        return cluster({"web": WEB}, nodes)

    assert effect(moved("alpha", address="10.10.1.99")).reason == (
        "address of adapter eth0 of alpha changed"
    )
    assert effect(moved("bravo", address="10.10.1.99")).kind == "untouched"
    assert effect(moved("alpha", role="standby")).kind == "untouched"


def test_losing_one_of_two_adapters_restarts_and_gaining_one_does_not() -> None:
    noun = OLD.node["alpha"]
    spare = Adapter(network="public1", role="standby", address="10.10.1.31")
    two = msgspec.structs.replace(noun, adapter={**noun.adapter, "eth9": spare})
    richer = cluster({"web": WEB}, {**OLD.node, "alpha": two})

    assert effect(richer).kind == "untouched"
    assert effect(OLD, richer).reason == "alpha loses adapter eth9 on public1"


def test_another_subnet_under_a_service_address_restarts() -> None:
    wide = {**OLD.network, "public1": Network(kind="public", subnet="10.10.0.0/16")}

    assert effect(msgspec.structs.replace(OLD, network=wide)).reason == "subnet of public1 changed"


def test_children_restart_with_their_parent_in_the_right_order() -> None:
    def three(**more: object) -> Configuration:
        return cluster(
            {
                "web": group("alpha", after=("queue",)),
                "queue": group("bravo", after=("database",)),
                "database": group("charlie", "alpha", resource={"server": server(**more)}),
                "mail": group("bravo"),
            }
        )

    before = {"web": "alpha", "queue": "bravo", "database": "charlie", "mail": "bravo"}

    got = plan(three(), three(start=("/bin/new",)), view=ALL, owners=before)

    assert got.release == (("web", "alpha"), ("queue", "bravo"), ("database", "charlie"))
    assert got.acquire == (("database", "charlie"), ("queue", "bravo"), ("web", "alpha"))
    assert [effect.kind for effect in got.effects] == ["restarted"] * 3 + ["untouched"]
    assert got.effects[1].reason == "runs after database (which is restarted)"


def test_move_on_request_is_a_plan_without_changes() -> None:
    got = plan(OLD, OLD, view=ALL, owners={"web": "alpha"}, asked={"web": "bravo"})

    assert (got.changes, got.kind) == ((), "resources")
    assert got.effects[0].reason == "asked to move to bravo"
    assert (got.release, got.acquire) == ((("web", "alpha"),), (("web", "bravo"),))


def test_offline_on_request() -> None:
    got = plan(OLD, OLD, view=ALL, owners={"web": "alpha"}, asked={"web": ""})

    assert got.effects[0] == GroupEffect(
        group="web", kind="stopped", source="alpha", reason="asked to be offline"
    )


def test_dead_owner_cannot_release() -> None:
    got = plan(OLD, OLD, view=("bravo", "charlie"), owners={"web": "alpha"})

    assert (got.release, got.acquire) == ((), (("web", "bravo"),))
    assert got.effects[0].reason == "alpha is not in"


def test_added_node_counts_as_in() -> None:
    new = cluster({"web": changed(WEB, nodes=("delta",))}, (*ALL, "delta"))

    got = plan(OLD, new, view=ALL, owners={"web": "alpha"})

    assert got.owners == {"web": "delta"}
    assert got.added_nodes == ("delta",)
    assert got.added_adapters == (("delta", "eth0"), ("delta", "eth1"))
    assert got.kind == "both"


def test_an_adapter_that_is_only_named_anew_is_heard_already() -> None:
    nodes = {
        name: msgspec.structs.replace(
            noun, adapter={f"lan{key[-1]}": adapter for key, adapter in noun.adapter.items()}
        )
        for name, noun in OLD.node.items()
    }

    got = plan(OLD, msgspec.structs.replace(OLD, node=nodes), view=ALL, owners={"web": "alpha"})

    assert got.topology
    assert got.added_adapters == ()


def test_group_of_a_removed_node_moves_whatever_its_fallover() -> None:
    web = changed(WEB, fallover="bring-offline")
    old, new = cluster({"web": web}), cluster({"web": web}, ("bravo", "charlie"))

    assert effect(new, old).target == "bravo"


def test_new_group_that_cannot_start_says_why() -> None:
    new = cluster({"web": WEB, "mail": group("bravo")})

    got = plan(OLD, new, view=("alpha", "charlie"), owners={"web": "alpha"})

    assert got.effects[1].reason == ("new, but stays offline: its home node bravo cannot take it")
    assert got.acquire == ()


@pytest.mark.parametrize(
    ("name", "kind", "kinds"),
    [
        ("topology", "topology", {"web": "untouched", "mail": "untouched"}),
        ("resources", "resources", {"web": "reloaded", "mail": "started"}),
        ("both", "both", {"web": "untouched", "mail": "moved"}),
    ],
)
def test_shipped_changes_do_what_their_first_line_says(
    name: str, kind: str, kinds: dict[str, str]
) -> None:
    old = configuration(example(f"change-{name}-before"))
    new = configuration(example(f"change-{name}-after"))
    before = {group: noun.nodes[0] for group, noun in old.group.items()}

    got = plan(old, new, view=tuple(old.node), owners=before)

    assert got.kind == kind
    assert {effect.group: effect.kind for effect in got.effects} == kinds


@given(configurations(), configurations(), views, owners, owners)
@settings(max_examples=80, deadline=None)
def test_release_and_acquire_lead_to_the_owners(
    old: Configuration,
    new: Configuration,
    view: frozenset[str],
    before: Mapping[str, str],
    asked: Mapping[str, str],
) -> None:
    view &= set(old.node)
    before = {name: owner for name, owner in before.items() if name in old.group}

    got = plan(old, new, view=view, owners=before, asked=asked)

    held = {name: owner for name, owner in before.items() if owner in view}
    for name, owner in got.release:
        assert held.pop(name) == owner
    for name, owner in got.acquire:
        assert name not in held
        held[name] = owner
    assert held == {name: owner for name, owner in got.owners.items() if owner}
    assert len(got.effects) == len({*old.group, *new.group})
    assert all(effect.reason for effect in got.effects)
    assert len(set(got.release)) == len(got.release)


@given(configurations(), configurations(), views, owners)
@settings(max_examples=60, deadline=None)
def test_parents_come_up_first_and_go_down_last(
    old: Configuration, new: Configuration, view: frozenset[str], before: Mapping[str, str]
) -> None:
    got = plan(old, new, view=view, owners=before)

    up = [name for name, _ in got.acquire]
    for name in up:
        parents = [parent for parent in new.group[name].after if parent in up]
        assert all(up.index(parent) < up.index(name) for parent in parents)
    for effect in got.effects:
        if effect.kind in {"untouched", "reloaded"} and effect.target:
            assert not set(new.group[effect.group].after) & {name for name, _ in got.release}


def test_groups_that_are_bound_follow_each_other_in_one_move() -> None:
    """`with` follows, `after` starts again, `apart-from` gives way: configs/placement.toml."""
    cfg = configuration(example("placement"))
    owners = {"database": "alpha", "cache": "alpha", "reports": "bravo", "web": "charlie"}

    found = plan(cfg, cfg, view=cfg.node, owners=owners, asked={"database": "bravo"})

    kinds = {effect.group: (effect.kind, effect.target) for effect in found.effects}
    assert kinds == {
        "database": ("moved", "bravo"),
        "cache": ("moved", "bravo"),
        "reports": ("moved", "charlie"),
        "web": ("restarted", "charlie"),
    }
    assert [group for group, _ in found.release].index("web") < [
        group for group, _ in found.release
    ].index("database")
    assert all(effect.reason for effect in found.effects)


def test_groups_leave_a_node_that_gets_another_key_and_none_comes_to_it() -> None:
    other = msgspec.structs.replace(OLD.node["bravo"], key="z" * 40)
    new = msgspec.structs.replace(OLD, node={**OLD.node, "bravo": other})

    moved = effect(new, owner="bravo")
    assert (moved.kind, moved.source, moved.target) == ("moved", "bravo", "alpha")
    assert moved.reason == "bravo gets another key"
    assert effect(new, owner="alpha").kind == "untouched"

    alone = {"web": changed(WEB, nodes=("bravo",))}
    stopped = effect(msgspec.structs.replace(new, group=alone), cluster(alone), owner="bravo")
    assert stopped.kind == "stopped"
    assert "no other of its nodes can take it" in stopped.reason
