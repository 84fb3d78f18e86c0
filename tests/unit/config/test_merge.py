"""A merge keeps what each side did, and asks where both did something to the same place."""

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodeagent.config import edit
from nodeagent.config.digest import resources_digest, topology_digest
from nodeagent.config.edit import EditError
from nodeagent.config.merge import Conflict, Merged, Taken, merge
from nodeagent.config.order import Orders
from nodeagent.config.trees import bare
from tests.unit.config.samples import EXAMPLES, configuration, example

BASE = example("three-nodes")
WEB = ("group", "web")
DATABASE = ("group", "database")


def merged(mine: str, theirs: str, base: str = BASE, **choices: Any) -> Merged:
    return merge(base.encode(), mine.encode(), theirs.encode(), **choices)


def content(text: str | bytes) -> Any:
    """What a text says, with the order of resources, which is the order of acquiring."""
    raw = bare(tomllib.loads(text if isinstance(text, str) else text.decode()))
    groups = raw.get("group", {})
    orders = {name: list(group.get("resource", {})) for name, group in groups.items()}
    return raw, orders


def test_fields_of_one_object_are_merged_and_my_comments_stay() -> None:
    mine = edit.set_value(BASE, (*WEB, "fallback"), "higher-priority")
    mine = mine.replace("[group.web]", "# ask Ann before you touch this\n[group.web]")
    theirs = edit.set_value(BASE, (*WEB, "startup"), "first-available")

    result = merged(mine, theirs)

    assert result.conflicts == ()
    assert result.text.decode() == edit.set_value(mine, (*WEB, "startup"), "first-available")
    assert b"# ask Ann" in result.text
    assert result.taken == (
        Taken("theirs", "change", "group.web", "startup", '"home-node"', '"first-available"'),
        Taken("mine", "change", "group.web", "fallback", '"never"', '"higher-priority"'),
    )


def test_the_role_of_an_administrator_is_told_also_where_it_is_not_written() -> None:
    base = edit.add(BASE, ("admin", "ann"), {"key": "k" * 40, "role": "observer"})
    theirs = edit.add(base, ("admin", "boss"), {"key": "b" * 40})

    result = merged(edit.remove(base, ("admin", "ann", "role")), theirs, base)

    assert [(one.object, one.key) for one in result.taken] == [
        ("admin.ann", "role"),
        ("admin.boss", ""),
    ]
    assert [one.new.split(",")[0] for one in result.taken] == ['"admin"', '{ role = "admin"']


def test_objects_come_and_go_as_wholes() -> None:
    values = {"nodes": ["alpha"], "resource": {"server": {"type": "systemd:shop.service"}}}
    mine = edit.add(BASE, ("group", "mine"), values)
    theirs = edit.remove(edit.add(BASE, ("group", "theirs"), values), DATABASE)

    result = merged(mine, theirs)

    groups = tomllib.loads(result.text.decode())["group"]
    assert groups["mine"] == groups["theirs"] == values
    assert "database" not in groups
    assert {(one.side, one.kind, one.object) for one in result.taken} == {
        ("mine", "add", "group.mine"),
        ("theirs", "remove", "group.database"),
        ("theirs", "add", "group.theirs"),
    }


def test_same_change_on_both_sides_is_no_conflict() -> None:
    both = edit.set_value(BASE, (*WEB, "startup"), "first-available")
    mine = both + "# and a comment of mine\n"

    result = merged(mine, both)

    assert result.text.decode() == mine
    assert [one.side for one in result.taken] == ["both"]


@pytest.mark.parametrize(
    ("choice", "stays"), [("", "mine"), ("mine", "mine"), ("theirs", "theirs")]
)
def test_same_field_is_decided_by_choice(choice: str, stays: str) -> None:
    orders = {"mine": ["charlie", "bravo"], "theirs": ["bravo", "charlie", "alpha"]}
    mine, theirs = (edit.set_value(BASE, (*DATABASE, "nodes"), orders[s]) for s in orders)

    result = merged(mine, theirs, choices={"group.database|nodes": choice})

    assert result.conflicts == (
        Conflict(
            "group.database",
            "nodes",
            '["bravo", "charlie"]',
            '["charlie", "bravo"]',
            '["bravo", "charlie", "alpha"]',
            choice,  # type: ignore[arg-type]
        ),
    )
    assert bool(result.undecided) == (not choice)
    assert tomllib.loads(result.text.decode())["group"]["database"]["nodes"] == orders[stays]


@pytest.mark.parametrize("choice", ["mine", "theirs"])
@pytest.mark.parametrize("removed_by", ["mine", "theirs"])
def test_removed_here_and_changed_there(removed_by: str, choice: str) -> None:
    removed = edit.remove(BASE, DATABASE)
    changed = edit.set_value(BASE, (*DATABASE, "resource", "address", "address"), "10.10.1.77")
    mine, theirs = (removed, changed) if removed_by == "mine" else (changed, removed)

    result = merged(mine, theirs, choices={"group.database|": choice})

    (conflict,) = result.conflicts
    assert (conflict.object, conflict.key, conflict.choice) == ("group.database", "", choice)
    assert "10.10.1.77" in conflict.mine + conflict.theirs
    assert "" in {conflict.mine, conflict.theirs}
    wanted = mine if choice == "mine" else theirs
    assert content(result.text) == content(wanted)


def test_added_by_both_with_the_same_name_is_one_conflict() -> None:
    mine = edit.add(BASE, ("group", "shop"), {"nodes": ["alpha"]})
    theirs = edit.add(BASE, ("group", "shop"), {"nodes": ["bravo"], "startup": "home-node"})

    result = merged(mine, theirs, choices={"group.shop|": "theirs"})

    assert [one.id for one in result.conflicts] == ["group.shop|"]
    assert content(result.text) == content(theirs)


def test_another_type_of_resource_is_not_mixed_with_keys_of_the_old_one() -> None:
    server = (*WEB, "resource", "server")
    mine = edit.add(edit.remove(BASE, server), server, {"type": "systemd:nginx.service"})
    theirs = edit.set_value(BASE, (*server, "stop-seconds"), 5)

    open_one = merged(mine, theirs)
    taken = merged(mine, theirs, choices={"group.web.resource.server|": "theirs"})

    assert [one.id for one in open_one.conflicts] == ["group.web.resource.server|"]
    assert content(taken.text) == content(theirs)


def test_resource_added_in_the_middle_comes_to_its_place() -> None:
    names = list(tomllib.loads(BASE)["group"]["database"]["resource"])
    path = (*DATABASE, "resource")
    theirs = edit.add(BASE, (*path, "extra"), {"type": "data-folder", "directory": "/srv/x"})
    theirs = edit.reorder(theirs, path, [names[0], "extra", *names[1:]])
    mine = edit.set_value(BASE, (*DATABASE, "fallback"), "higher-priority")

    result = merged(mine, theirs)

    assert content(result.text)[1]["database"] == [names[0], "extra", *names[1:]]


def test_both_moving_resources_differently_is_a_conflict_of_the_order() -> None:
    path = ("group", "g", "resource")
    base = edit.add(BASE, ("group", "g"), {"nodes": ["alpha"], "resource": {
        name: {"type": f"systemd:{name}.service"} for name in "abc"}})  # fmt: skip
    mine, theirs = edit.reorder(base, path, list("bac")), edit.reorder(base, path, list("acb"))

    result = merged(mine, theirs, base, choices={"group.g|resource": "theirs"})

    assert [one.id for one in result.conflicts] == ["group.g|resource"]
    assert content(result.text)[1]["g"] == list("acb")
    assert content(merged(mine, theirs, base).text)[1]["g"] == list("bac")


def test_text_that_is_not_toml_is_named() -> None:
    with pytest.raises(EditError, match="mine: the text is not valid TOML"):
        merged("[group.web", BASE)
    with pytest.raises(EditError, match="theirs: the text is not UTF-8"):
        merge(BASE.encode(), BASE.encode(), b"\xff")


# -- properties ------------------------------------------------------------------------------------

_NEW = {"nodes": ["alpha"], "resource": {"unit": {"type": "systemd:a.service"}}}
_VALUES = st.sampled_from(["x", "y", 7, True, ["alpha"], ["bravo", "alpha"]])


def leaves(raw: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(raw, dict):
        return [path]
    return [leaf for key, value in raw.items() for leaf in leaves(value, (*path, key))]


def get_in(raw: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        raw = raw.get(part) if isinstance(raw, dict) else None
    return raw


def objects(raw: Any) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [
        (kind, name) for kind in ("network", "node", "group") for name in raw.get(kind, {})
    ]
    inner = {"node": "adapter", "group": "resource"}
    found += [
        (kind, name, below, one)
        for kind, below in inner.items()
        for name in raw.get(kind, {})
        for one in raw[kind][name].get(below, {})
    ]
    return found


@st.composite
def edited(draw: st.DrawFn, text: str, who: str) -> str:
    """`text` after a few edits; what is added has a name of its own."""
    for number in range(draw(st.integers(0, 4))):
        raw = tomllib.loads(text)
        match draw(st.sampled_from(["set", "set", "remove", "add", "resource", "order"])):
            case "set":
                path = draw(st.sampled_from(leaves(raw)))
                text = edit.set_value(text, path, draw(_VALUES))
            case "remove" if objects(raw):
                text = edit.remove(text, draw(st.sampled_from(objects(raw))))
            case "add":
                text = edit.add(text, ("group", f"{who}{number}"), _NEW)
            case "resource" if raw.get("group"):
                group = draw(st.sampled_from(list(raw["group"])))
                path = ("group", group, "resource", f"{who}{number}")
                text = edit.add(text, path, {"type": "systemd:b.service"})
            case "order" if raw.get("group"):
                group = draw(st.sampled_from(list(raw["group"])))
                path = ("group", group, "resource")
                names = list(raw["group"][group].get("resource", {}))
                text = edit.reorder(text, path, draw(st.permutations(names))) if names else text
    return text


@st.composite
def two_edits(draw: st.DrawFn) -> tuple[str, str, str]:
    text = draw(st.sampled_from([path.read_text("utf-8") for path in EXAMPLES]))
    base = text.replace("\n", "\r\n") if draw(st.booleans()) else text
    return base, draw(edited(base, "m")), draw(edited(base, "t"))


@given(two_edits())
@settings(max_examples=25, deadline=None)
def test_side_that_did_nothing_changes_nothing(texts: tuple[str, str, str]) -> None:
    base, mine, theirs = texts

    assert merged(mine, base, base).text == mine.encode()
    assert merged(base, theirs, base).text == theirs.encode()
    commented = f"{base}\n# only a comment\n"
    moved_along = merged(commented, theirs, base)
    assert content(moved_along.text) == content(theirs)
    assert moved_along.text.endswith(b"# only a comment\n") or mine != base
    assert not moved_along.conflicts


@given(two_edits())
@settings(max_examples=25, deadline=None)
def test_either_may_be_called_mine(texts: tuple[str, str, str]) -> None:
    base, mine, theirs = texts

    one, two = merged(mine, theirs, base), merged(theirs, mine, base)

    assert {c.id for c in one.conflicts} == {c.id for c in two.conflicts}
    if not one.conflicts:
        assert content(one.text) == content(two.text)
    over = merged(theirs, mine, base, choices={c.id: "theirs" for c in two.conflicts})
    assert content(over.text) == content(one.text)


@given(two_edits())
@settings(max_examples=25, deadline=None)
def test_what_one_side_left_alone_is_as_on_the_other_one(texts: tuple[str, str, str]) -> None:
    base, mine, theirs = texts
    raws = [bare(tomllib.loads(text)) for text in texts]

    result = merged(mine, theirs, base)

    said = bare(tomllib.loads(result.text.decode()))
    at_stake = {conflict.object for conflict in result.conflicts}
    for path in {path for raw in raws for path in leaves(raw)}:
        values = [get_in(raw, path) for raw in (*raws, said)]
        touched = any(".".join(path).startswith(one) for one in at_stake)
        if values[0] == values[1] and not touched:
            assert values[3] == values[2], path
        if values[0] == values[2] and not touched:
            assert values[3] == values[1], path


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_order_does_not_depend_on_who_is_called_mine(data: st.DataObject) -> None:
    base = tuple("abcd")
    sides = [
        tuple(
            data.draw(st.permutations(data.draw(st.sampled_from([base, base[1:], (*base, new)]))))
        )
        for new in ("x", "y")
    ]
    names = tuple(dict.fromkeys((*sides[0], *sides[1])))
    one, two = Orders(base, *sides), Orders(base, *reversed(sides))

    assert sorted(one.merged(names)) == sorted(names)
    assert one.merged(names, theirs_first=True) == two.merged(names)
    assert Orders(base, sides[0], base).merged(sides[0]) == sides[0]
    assert Orders(base, base, sides[1]).merged(sides[1]) == sides[1]


def test_what_is_merged_means_what_both_meant() -> None:
    mine = edit.set_value(BASE, ("timing", "heartbeat-ms"), 300)
    theirs = edit.set_value(BASE, (*WEB, "fallback"), "higher-priority")

    result = configuration(merged(mine, theirs).text.decode())

    assert topology_digest(result) == topology_digest(configuration(mine))
    assert resources_digest(result) == resources_digest(configuration(theirs))
