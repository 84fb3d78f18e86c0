"""Edits change what they mean to change and not one byte more."""

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodeagent.config import edit
from nodeagent.config.edit import EditError
from nodeagent.config.load import load
from tests.unit.config.samples import EXAMPLES, example

TEXT = """\
# What this file is for.

format = 1

[cluster]   # the whole
name = "orders"                # the name
voters = [
    # the best of them
    "alpha",     # in the cellar
    "bravo",
    # not yet: "charlie"
]

# -- networks ----------------------------------------

# where the clients are
[network.public1]
kind = "public"  # as opposed to private
subnet = "10.10.1.0/24"

[node.alpha]
key = "A"
adapter.eth0 = { network = "public1", role = "service", address = "10.10.1.11" } # left port

# -- groups ------------------------------------------

# about web
[group.web]
nodes = ["alpha", "bravo"]  # takeover order
# startup = "first-available"

# where it listens
[group.web.resource.address]
type = "service-address"
network = "public1"

# what it runs
[group.web.resource.server]
type = "application"
start = ["/usr/sbin/nginx"]

# about mail
[group.mail]
nodes = ["bravo"]
after = ["web"]
"""
COMMENTS = [line[line.index("#") :] for line in TEXT.splitlines() if "#" in line]
WEB = ("group", "web")


def get(text: str, *path: str) -> Any:
    raw: Any = tomllib.loads(text)
    for part in path:
        raw = raw[part]
    return raw


def lines_lost(new: str) -> list[str]:
    left = new.splitlines()
    return [line for line in TEXT.splitlines() if line and line not in left]


# -- values ----------------------------------------------------------------------------------------


def test_value_is_replaced_and_its_line_kept() -> None:
    text = edit.set_value(TEXT, ("cluster", "name"), "book ings")

    assert text == TEXT.replace('"orders"  ', '"book ings"  ')


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("cluster", "name"), "orders"),
        (("cluster", "voters"), ("alpha", "bravo")),
        (("node", "alpha", "adapter", "eth0", "role"), "service"),
        (("group", "web", "nodes"), ["alpha", "bravo"]),
        (("group", "web", "fallback"), None),
        (("group", "mail"), {"nodes": ["bravo"], "after": ["web"]}),
    ],
)
def test_same_value_leaves_every_byte(path: tuple[str, ...], value: object) -> None:
    assert edit.set_value(TEXT, path, value) == TEXT


def test_new_key_goes_below_the_last_of_its_table() -> None:
    text = edit.set_value(TEXT, (*WEB, "fallback"), "never")

    assert 'takeover order\nfallback = "never"\n# startup' in text
    assert lines_lost(text) == []


def test_new_key_in_a_table_without_keys() -> None:
    assert edit.set_value("[timing]\n# none yet\n", ("timing", "lease-ms"), 3000) == (
        "[timing]\nlease-ms = 3000\n# none yet\n"
    )


def test_new_key_of_a_table_that_is_not_there_yet() -> None:
    text = edit.set_value(TEXT, ("timing", "heartbeat-ms"), 100)

    assert '# not yet: "charlie"\n]\n\n[timing]\nheartbeat-ms = 100\n\n# -- networks' in text


def test_key_at_the_top_stays_at_the_top() -> None:
    assert edit.set_value("# why\n\n[cluster]\n", ("format",), 1).index("format") < 20


def test_value_in_braces() -> None:
    path = ("node", "alpha", "adapter", "eth0")

    changed = edit.set_value(TEXT, (*path, "address"), "10.10.1.12")
    richer = edit.set_value(TEXT, (*path, "note"), "x")
    poorer = edit.remove(TEXT, (*path, "role"))

    assert changed == TEXT.replace("10.10.1.11", "10.10.1.12")
    assert get(richer, *path)["note"] == "x"
    assert "role" not in get(poorer, *path)
    assert all("# left port" in text for text in (changed, richer, poorer))


def test_key_beside_dotted_keys() -> None:
    text = '[node.alpha]\nadapter.eth0.network = "a" # one\nadapter.eth0.role = "private"\n'

    changed = edit.set_value(text, ("node", "alpha", "adapter", "eth0", "address"), "10.1.1.1")

    assert changed == text + 'adapter.eth0.address = "10.1.1.1"\n'


def test_list_over_several_lines_keeps_the_comments_of_what_stays() -> None:
    text = edit.set_value(TEXT, ("cluster", "voters"), ["delta", "alpha"])

    assert get(text, "cluster", "voters") == ["delta", "alpha"]
    assert '    "delta",\n    # the best of them\n    "alpha",     # in the cellar\n' in text
    assert '    # not yet: "charlie"\n]\n' in text


def test_map_of_its_own_header_is_changed_key_by_key() -> None:
    text = '[group.db.resource.pg.parameters]\n# where\npgdata = "/srv" # old\nuser = "pg"\n'
    path = ("group", "db", "resource", "pg", "parameters")

    changed = edit.set_value(text, path, {"pgdata": "/data", "port": "5432"})

    assert changed == (
        '[group.db.resource.pg.parameters]\n# where\npgdata = "/data" # old\nport = "5432"\n'
    )


def test_windows_line_ends_stay() -> None:
    text = edit.add(TEXT.replace("\n", "\r\n"), ("node", "bravo"), {"key": "B"})

    assert text.count("\n") == text.count("\r\n")


# -- tables ----------------------------------------------------------------------------------------


def test_removed_table_takes_its_own_comment_and_no_other() -> None:
    text = edit.remove(TEXT, WEB)

    assert "web" not in get(text, "group")
    lost = {comment for comment in COMMENTS if comment not in text}
    assert lost == {
        "# about web",
        "# takeover order",
        '# startup = "first-available"',
        "# where it listens",
        "# what it runs",
    }
    assert "# about mail\n[group.mail]" in text
    assert "\n\n\n" not in text


def test_removed_table_leaves_the_comment_that_opens_the_file() -> None:
    text = "# For the factory.\n[cluster]\nname = 'a'\n\n[timing]\nlease-ms = 1\n"

    assert edit.remove(text, ("cluster",)) == "# For the factory.\n\n[timing]\nlease-ms = 1\n"


def test_removed_key_leaves_the_comment_above() -> None:
    text = edit.remove("[a]\n# both\nx = 1 # one\ny = 2\n", ("a", "x"))

    assert text == "[a]\n# both\ny = 2\n"


def test_last_table_leaves_no_empty_lines() -> None:
    text = edit.remove(TEXT, ("group", "mail"))

    assert text.endswith('start = ["/usr/sbin/nginx"]\n')


def test_interleaved_tables_are_one_object() -> None:
    text = (
        "[group.web]\nnodes = []\n\n[node.alpha]\nkey = 'A'\n\n# disk\n"
        "[group.web.resource.disk]\ntype = 'x'\n\n[node.bravo]\nkey = 'B'\n"
    )

    assert edit.remove(text, WEB) == "[node.alpha]\nkey = 'A'\n\n[node.bravo]\nkey = 'B'\n"


def test_new_object_goes_after_its_siblings() -> None:
    values = {"key": "B", "adapter": {"eth0": {"network": "public1"}}}

    text = edit.add(TEXT, ("node", "bravo"), values)

    assert (
        '# left port\n\n[node.bravo]\nkey = "B"\n\n'
        '[node.bravo.adapter.eth0]\nnetwork = "public1"\n\n# -- groups' in text
    )
    assert lines_lost(text) == []


def test_new_resource_goes_after_its_siblings_and_maps_stay_on_a_line() -> None:
    values = {"type": "ocf:heartbeat:pgsql", "parameters": {"pgdata": "/srv"}}

    text = edit.add(TEXT, (*WEB, "resource", "database"), values)

    assert (
        'start = ["/usr/sbin/nginx"]\n\n[group.web.resource.database]\n'
        'type = "ocf:heartbeat:pgsql"\nparameters = { pgdata = "/srv" }\n\n# about mail' in text
    )


def test_new_kind_of_object_goes_where_a_reader_looks_for_it() -> None:
    text = edit.add(TEXT, ("admin", "ops"), {"key": "C"})
    other = edit.add("[group.web]\nnodes = []\n", ("network", "n"), {"kind": "public"})

    assert text.endswith('after = ["web"]\n\n[admin.ops]\nkey = "C"\n')
    assert get(other, "network", "n", "kind") == "public"


def test_object_into_braces() -> None:
    text = '[group]\nweb = { nodes = ["a"], resource = { x = { type = "y" } } }\n'

    changed = edit.add(text, (*WEB, "resource", "z"), {"type": "w"})

    assert get(changed, *WEB, "resource") == {"x": {"type": "y"}, "z": {"type": "w"}}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (TEXT, WEB),
        (TEXT, ("cluster", "name", "x")),
        ("x = [", ("a",)),
        ("[a]\n[a]\n", ("b",)),
        ("a.b = 1\n", ("a", "b", "c")),
    ],
)
def test_impossible_additions_are_refused(text: str, path: tuple[str, ...]) -> None:
    with pytest.raises(EditError):
        edit.add(text, path, {"key": "x"})


def test_removing_nothing_is_refused() -> None:
    with pytest.raises(EditError, match=r"there is no group\.shop"):
        edit.remove(TEXT, ("group", "shop"))


# -- names and order -------------------------------------------------------------------------------


def test_rename_changes_headers_and_nothing_else() -> None:
    assert edit.rename(TEXT, WEB, "shop") == TEXT.replace("[group.web", "[group.shop")


def test_rename_in_dotted_keys_and_braces() -> None:
    path = ("node", "alpha", "adapter", "eth0")

    assert edit.rename(TEXT, path, "ens3") == TEXT.replace("adapter.eth0", "adapter.ens3")
    assert edit.rename(TEXT, path, "eth0") == TEXT


@pytest.mark.parametrize(("path", "new"), [(WEB, "mail"), (("group", "shop"), "x")])
def test_impossible_names_are_refused(path: tuple[str, ...], new: str) -> None:
    with pytest.raises(EditError):
        edit.rename(TEXT, path, new)


def test_references_follow() -> None:
    text = edit.rename_references(TEXT, "node", "alpha", "anton")
    text = edit.rename_references(text, "network", "public1", "front")
    text = edit.rename_references(text, "group", "web", "shop")

    assert get(text, "cluster", "voters") == ["anton", "bravo"]
    assert get(text, *WEB, "nodes") == ["anton", "bravo"]
    assert get(text, *WEB, "resource", "address", "network") == "front"
    assert get(text, "node", "alpha", "adapter", "eth0", "network") == "front"
    assert get(text, "group", "mail", "after") == ["shop"]
    assert all(comment in text for comment in COMMENTS)


def test_renaming_with_references_leaves_a_valid_file() -> None:
    text = example("three-nodes")
    for kind, old, new in (("network", "public1", "front"), ("node", "alpha", "anton")):
        text = edit.rename(text, (kind, old), new)
        text = edit.rename_references(text, kind, old, new)  # type: ignore[arg-type]

    assert load(text).ok


def test_reorder_moves_tables_with_their_comments() -> None:
    text = edit.reorder(TEXT, (*WEB, "resource"), ["server", "address"])

    assert list(get(text, *WEB, "resource")) == ["server", "address"]
    assert lines_lost(text) == []
    assert '# what it runs\n[group.web.resource.server]\ntype = "application"' in text
    assert edit.reorder(text, (*WEB, "resource"), ["address", "server"]) == TEXT


def test_reorder_of_groups_takes_their_resources_along() -> None:
    text = edit.reorder(TEXT, ("group",), ["mail", "web"])

    assert list(get(text, "group")) == ["mail", "web"]
    assert get(text, "group") == get(TEXT, "group")
    assert all(comment in text for comment in COMMENTS)


def test_reorder_of_lists_and_braces() -> None:
    braces = '[group.web]\nresource = { a = { type = "x" }, b = { type = "y" } }\n'

    assert get(edit.reorder(TEXT, (*WEB, "nodes"), ["bravo", "alpha"]), *WEB, "nodes") == [
        "bravo",
        "alpha",
    ]
    assert list(get(edit.reorder(braces, (*WEB, "resource"), ["b", "a"]), *WEB, "resource")) == [
        "b",
        "a",
    ]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ((*WEB, "resource"), ["server"]),
        ((*WEB, "resource"), ["server", "server"]),
        ((*WEB, "nodes"), ["alpha", "charlie"]),
        (("group", "shop"), []),
        (("cluster", "name"), ["x"]),
    ],
)
def test_impossible_orders_are_refused(path: tuple[str, ...], names: list[str]) -> None:
    with pytest.raises(EditError):
        edit.reorder(TEXT, path, names)


# -- whatever the text -----------------------------------------------------------------------------

TEXTS = [TEXT, *(path.read_text("utf-8") for path in EXAMPLES)]
VALUES = st.one_of(
    st.text(max_size=12),
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.lists(st.text(max_size=6), max_size=4),
    st.dictionaries(st.text(min_size=1, max_size=6), st.text(max_size=6), max_size=3),
)


def leaves(raw: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(raw, dict):
        return [path]
    return [leaf for key, item in raw.items() for leaf in leaves(item, (*path, key))]


def objects(raw: Any) -> list[tuple[str, ...]]:
    kinds = ("network", "node", "group", "admin")
    named: list[tuple[str, ...]] = [(kind, name) for kind in kinds for name in raw.get(kind, {})]
    inner: list[tuple[str, ...]] = [
        (*path, key, name)
        for path in named
        for key in ("adapter", "resource")
        for name in get_in(raw, path).get(key, {})
    ]
    return named + inner


def get_in(raw: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        raw = raw[part]
    return raw


@given(st.sampled_from(TEXTS), st.data(), VALUES)
@settings(max_examples=60, deadline=None)
def test_setting_a_value_and_setting_it_back_restores_every_byte(
    text: str, data: st.DataObject, value: object
) -> None:
    raw = tomllib.loads(text)
    path = data.draw(st.sampled_from(leaves(raw)))
    before = get_in(raw, path)

    changed = edit.set_value(text, path, value)
    back = edit.set_value(changed, path, before)

    assert get_in(tomllib.loads(changed), path) == value
    assert tomllib.loads(back) == raw
    if not isinstance(before, list) and not isinstance(value, list):
        assert back == text or isinstance(before, float)


@given(st.sampled_from([*TEXTS, TEXT.replace("\n", "\r\n")]), st.data())
@settings(max_examples=40, deadline=None)
def test_many_values_at_once_are_as_one_after_the_other(text: str, data: st.DataObject) -> None:
    path = st.sampled_from([*leaves(tomllib.loads(text)), ("timing", "new"), ("group", "web", "a")])
    values = data.draw(st.dictionaries(path, VALUES, max_size=5))

    together = edit.set_values(text, values)

    for one, value in values.items():
        text = edit.set_value(text, one, value)
    assert tomllib.loads(together) == tomllib.loads(text)
    assert sorted(together.splitlines()) == sorted(text.splitlines())


@given(st.sampled_from([*TEXTS, TEXT.replace("\n", "\r\n")]), st.data())
@settings(max_examples=50, deadline=None)
def test_adding_and_removing_restores_every_byte(text: str, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["network", "node", "group", "admin"]))
    values = {"key": "K", "adapter": {"eth0": {"role": "private"}, "eth1": {"role": "private"}}}

    added = edit.add(text, (kind, "zulu"), values)

    assert tomllib.loads(added)[kind]["zulu"] == values
    assert edit.remove(added, (kind, "zulu")) == text


@given(st.sampled_from(TEXTS), st.data())
@settings(max_examples=50, deadline=None)
def test_removing_an_object_keeps_all_others_and_their_comments(
    text: str, data: st.DataObject
) -> None:
    raw = tomllib.loads(text)
    path = data.draw(st.sampled_from(objects(raw)))

    removed = edit.remove(text, path)

    assert leaves(tomllib.loads(removed)) == [
        leaf for leaf in leaves(raw) if leaf[: len(path)] != path
    ]
    assert removed.splitlines()[0] == text.splitlines()[0]
    assert set(removed.splitlines()) <= set(text.splitlines())


@given(st.sampled_from(TEXTS), st.data())
@settings(max_examples=40, deadline=None)
def test_renaming_there_and_back_restores_every_byte(text: str, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(objects(tomllib.loads(text))))
    new = data.draw(st.sampled_from(["zulu", "two words", 'a"b', ""]))

    there = edit.rename(text, path, new)
    back = edit.rename(there, (*path[:-1], new), path[-1])

    assert back == text


@given(st.sampled_from(TEXTS), st.data())
@settings(max_examples=40, deadline=None)
def test_any_order_can_be_reached(text: str, data: st.DataObject) -> None:
    raw = tomllib.loads(text)
    kinds = [path for path in [("node",), ("group",), ("network",)] if get_in(raw, path)]
    groups = [
        ("group", name, "resource") for name, noun in raw["group"].items() if "resource" in noun
    ]
    path = data.draw(st.sampled_from([*kinds, *groups]))
    names = data.draw(st.permutations(list(get_in(raw, path))))
    if path == ("node",) and text == TEXT:
        return

    result = edit.reorder(text, path, names)

    assert list(get_in(tomllib.loads(result), path)) == names
    assert tomllib.loads(result) == raw
    assert sorted(filter(None, result.splitlines())) == sorted(filter(None, text.splitlines()))
