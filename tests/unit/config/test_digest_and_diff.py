"""Digests and differences say the same: equal digests, no differences."""

import hashlib

import msgspec
from hypothesis import given, settings

from nodeagent.config.diff import diff
from nodeagent.config.digest import file_digest, resources_digest, topology_digest
from nodeagent.model.configuration import Cluster, Configuration
from nodeagent.model.plan import Change
from tests.unit.config.samples import (
    cluster,
    configuration,
    configurations,
    example,
    group,
    node,
    server,
    service,
)


def test_file_digest_is_of_the_bytes() -> None:
    assert file_digest(b"x") == hashlib.sha256(b"x").hexdigest()


def test_comments_order_of_tables_and_written_defaults_make_no_difference() -> None:
    text = example("three-nodes")
    head, groups = text.split("[group.database]")
    database, web = groups.split("[group.web]")
    web, admin = web.split("[admin.operations]")
    other = configuration(
        f"{head}[admin.operations]{admin}\n[timing]\nheartbeat-ms = 200\n"
        f"[group.web]{web}[group.database]{database} # the end\n"
    )
    same = configuration(text)

    assert topology_digest(other) == topology_digest(same)
    assert resources_digest(other) == resources_digest(same)
    assert diff(same, other) == ()


def test_default_voters_count_as_those_who_vote() -> None:
    plain = cluster()
    named = msgspec.structs.replace(
        plain, cluster=Cluster(name="orders", voters=("charlie", "bravo", "alpha"))
    )

    assert topology_digest(plain) == topology_digest(named)
    assert diff(plain, named) == ()


def test_order_of_resources_counts() -> None:
    one = cluster({"web": group("alpha", resource={"a": service(), "b": server()})})
    two = cluster({"web": group("alpha", resource={"b": server(), "a": service()})})

    assert resources_digest(one) != resources_digest(two)
    (change,) = diff(one, two)
    assert (change.key, change.old, change.new) == ("resource", "a → b", "b → a")


def test_resource_inserted_before_others_tells_the_order() -> None:
    one = cluster({"web": group("alpha", resource={"b": server()})})
    front = cluster({"web": group("alpha", resource={"a": service(), "b": server()})})
    back = cluster({"web": group("alpha", resource={"b": server(), "a": service()})})

    assert [change.kind for change in diff(one, front)] == ["add", "change"]
    assert [change.kind for change in diff(one, back)] == ["add"]


def test_the_role_of_an_administrator_is_told_also_where_it_is_not_written() -> None:
    old = configuration(example("three-nodes"))
    new = configuration(example("three-nodes") + f'\n[admin.boss]\nkey = "{"k" * 40}"\n')

    (added,), (removed,) = diff(old, new), diff(new, old)

    assert added.new.startswith('role = "admin" (may change everything), key = ')
    assert removed.old == added.new


def test_the_role_of_an_administrator_is_told_also_of_another_key() -> None:
    lines = '\n[admin.boss]\nkey = "{}"\n[admin.eve]\nkey = "{}"\nrole = "{}"\n'
    old = configuration(example("three-nodes") + lines.format("k" * 40, "e" * 40, "observer"))
    new = configuration(example("three-nodes") + lines.format("n" * 40, "f" * 40, "operator"))

    boss, eve, role = diff(old, new)

    assert (boss.key, boss.new) == ("key", f'"{"n" * 40}"')
    assert boss.old == f'role = "admin" (may change everything), "{"k" * 40}"'
    assert eve.old.startswith('role = "operator" (may move, hold and abort), "eeee')
    assert (role.key, role.old, role.new) == ("role", '"observer"', '"operator"')


def test_topology_comes_first_and_objects_are_whole() -> None:
    old = cluster({"web": group("alpha")})
    new = cluster({"web": group("alpha", "delta")}, {**old.node, "delta": node(3, ("public1",))})

    changes = diff(old, new)

    assert [(change.part, change.kind, change.object) for change in changes] == [
        ("topology", "add", "node.delta"),
        ("topology", "add", "node.delta.adapter.eth0"),
        ("resources", "change", "group.web"),
    ]
    assert changes[1].new == 'network = "public1", role = "service", address = "10.10.1.14"'
    assert changes[2] == Change(
        kind="change",
        part="resources",
        object="group.web",
        key="nodes",
        old='["alpha"]',
        new='["alpha", "delta"]',
    )


def test_another_type_is_one_change() -> None:
    old = cluster({"web": group("alpha", resource={"server": server()})})
    new = cluster({"web": group("alpha", resource={"server": service()})})

    (change,) = diff(old, new)

    assert change.key == "type"
    assert change.old == 'type = "application", start = ["/usr/sbin/nginx"], process = "foreground"'


def test_another_agent_of_the_same_type_is_a_change_of_type() -> None:
    text = example("three-nodes")

    (change,) = diff(configuration(text), configuration(text.replace(":pgsql", ":mysql")))

    assert (change.key, change.old, change.new) == (
        "type",
        '"ocf:heartbeat:pgsql"',
        '"ocf:heartbeat:mysql"',
    )


@given(configurations())
@settings(max_examples=40, deadline=None)
def test_nothing_differs_from_itself(cfg: Configuration) -> None:
    assert diff(cfg, cfg) == ()


@given(configurations(), configurations())
@settings(max_examples=60, deadline=None)
def test_differences_and_digests_agree(old: Configuration, new: Configuration) -> None:
    parts = {change.part for change in diff(old, new)}

    assert ("topology" in parts) == (topology_digest(old) != topology_digest(new))
    assert ("resources" in parts) == (resources_digest(old) != resources_digest(new))


@given(configurations(), configurations())
@settings(max_examples=40, deadline=None)
def test_way_back_undoes_the_way_there(old: Configuration, new: Configuration) -> None:
    there, back = diff(old, new), diff(new, old)

    def ends(changes: tuple[Change, ...], *, back: bool) -> set[tuple[str, str, str, str]]:
        return {
            (
                change.object,
                change.key,
                *((change.new, change.old) if back else (change.old, change.new)),
            )
            for change in changes
            if change.key != "resource"  # a new order is told where something is put before others
        }

    assert ends(there, back=False) == ends(back, back=True)
