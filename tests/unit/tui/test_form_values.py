import pytest

from nodeagent.config.load import load
from nodeagent.config.schema import fields
from nodeagent.model.configuration import Adapter, DataFolder, Group, Network, ServiceAddress
from nodeagent.model.reports import Place, Report
from tests.support.story import configuration_text, key_of
from tui.viewmodels import draft_data as raw
from tui.viewmodels.draft import Draft, started
from tui.viewmodels.form import Form, build
from tui.viewmodels.form_edit import Editing, reset, why_not_reset, written_to
from tui.viewmodels.form_kinds import specs_of, title_of
from tui.viewmodels.form_new import adapters_for, free_name, new_child, new_object
from tui.viewmodels.form_offer import free_addresses, next_subnet, offers

TEXT = configuration_text()
DATA = raw.data_of(TEXT)
KINDS = (
    "cluster", "timing", "network", "node", "adapter", "group", "admin", "event", "service-address",
    "data-folder", "filesystem", "application", "ocf", "systemd",
)  # fmt: skip


def form(text: str, *path: str, active: str = TEXT) -> Form:
    found = build(text, active, path, load(text).reports)
    assert found is not None
    return found


def shown(of: Form) -> dict[str, str]:
    return {field.key.split(".")[-1]: field.text for field in of.fields}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_fields_on_one_page(kind: str) -> None:
    specs = specs_of(kind)

    assert 1 <= len(specs) <= 20
    assert all(spec.help for spec in specs)
    assert not {"adapter", "resource", "type"} & {spec.key for spec in specs}


def test_group_shows_values_defaults_and_children() -> None:
    web = form(TEXT, "group", "web")

    assert [field.text for field in web.fields[:6]] == [
        "web", "bravo > charlie", "home-node", "next-node", "never", "database",
    ]  # fmt: skip
    assert [field.marks for field in web.fields[:6]] == [
        "*   ", "*+  ", " +  ", " +  ", " +  ", " +  ",
    ]  # fmt: skip
    assert [field.inherited for field in web.fields[2:5]] == [True] * 3
    assert [(child.name, child.kind, child.text) for child in web.children] == [
        ("address", "service-address", "10.10.2.100  on public2"),
        ("server", "application", "/usr/sbin/nginx"),
    ]
    assert web.title == "group web"
    assert web.toml.startswith("[group.web]")


def test_changed_and_wrong_fields_are_marked() -> None:
    draft = started(TEXT, 17).set_value(("group", "web", "nodes"), ["bravo", "charly"])

    nodes = form(draft.text, "group", "web").fields[1]

    assert nodes.marks == "*+ !"
    assert nodes.was == "bravo > charlie"
    assert nodes.worst is not None
    assert (nodes.worst.code, nodes.worst.fix) == ("E102", "charlie")


def test_finding_on_a_key_without_field_goes_to_the_first_one() -> None:
    odd = Report("E020", "error", "unknown key", Place(key="group.web.colour"))

    web = build(TEXT, TEXT, ("group", "web"), (odd,))

    assert web is not None
    assert web.fields[0].reports == (odd,)
    assert web.elsewhere == 0


def test_errors_elsewhere_are_counted() -> None:
    draft = started(TEXT, 17).set_value(("node", "alpha", "key"), "short")

    assert form(draft.text, "group", "web").elsewhere == 1
    assert form(draft.text, "node", "alpha").elsewhere == 0


def test_object_that_is_not_there_has_no_form() -> None:
    assert build(TEXT, TEXT, ("group", "shop"), ()) is None
    assert build("[", TEXT, ("group", "web"), ()) is None


@pytest.mark.parametrize(
    ("type_", "key", "text"),
    [
        ("ocf:heartbeat:pgsql", "agent", "heartbeat:pgsql"),
        ("systemd:nginx.service", "unit", "nginx.service"),
    ],
)
def test_name_behind_the_colon_is_a_field(type_: str, key: str, text: str) -> None:
    kind = type_.partition(":")[0]
    path = ("group", "web", "resource", "x")
    draft = started(TEXT, 17).add(path, {"type": type_})

    found = form(draft.text, *path)
    field = found.fields[1]
    assert (field.spec.key, field.text) == (key, text)

    after, report = written_to(draft, field, "other:name")
    assert report is None
    assert raw.at(raw.data_of(after.text), (*path, "type")) == f"{kind}:other:name"
    empty = draft.set_value((*path, "type"), f"{kind}:")
    assert form(empty.text, *path).fields[1].worst


def typed(draft: Draft, of: Form, key: str, text: str) -> Draft:
    field = next(one for one in of.fields if one.spec.key == key)
    after, report = written_to(draft, field, text)
    assert report is None
    return after


def test_emptied_optional_field_goes_from_the_file() -> None:
    draft = started(TEXT, 17)
    web = form(TEXT, "group", "web")

    after = typed(draft, web, "after", " ")
    assert "after" not in raw.table(raw.data_of(after.text), ("group", "web"))
    assert typed(draft, web, "startup", "first-available").text != TEXT
    assert raw.at(raw.data_of(typed(draft, web, "nodes", "").text), ("group", "web", "nodes")) == []


def test_reset_brings_back_what_is_active() -> None:
    draft = started(TEXT, 17).set_value(("group", "web", "nodes"), ["bravo"])
    draft = draft.set_value(("group", "web", "startup"), "first-available")
    web = form(draft.text, "group", "web")

    draft = reset(reset(draft, web.fields[1], TEXT), web.fields[2], TEXT)

    assert draft.text == TEXT
    assert reset(draft, web.fields[0], TEXT) is draft


def test_renaming_is_followed_by_form_references_and_undo() -> None:
    editing = Editing(("group", "database"))
    draft = started(TEXT, 17)
    for name in ("databas", "data", "data2"):
        field = form(draft.text, *editing.path).fields[0]
        draft, report = editing.typed(draft, field, name)
        assert report is None

    assert editing.path == ("group", "data2")
    assert raw.at(raw.data_of(draft.text), ("group", "web", "after")) == ["data2"]
    assert draft.undone().text == TEXT
    assert editing.found(raw.data_of(draft.undone().text)) == ("group", "database")


@pytest.mark.parametrize(("name", "code"), [("web", "F05"), ("a b", "F04"), ("", "F04")])
def test_bad_new_name_leaves_the_draft_alone(name: str, code: str) -> None:
    editing = Editing(("group", "database"))
    draft = started(TEXT, 17)

    after, report = editing.typed(draft, form(TEXT, "group", "database").fields[0], name)

    assert after is draft
    assert report is not None
    assert report.code == code
    assert editing.path == ("group", "database")


def offered(path: tuple[str, ...], noun: type, key: str, fix: str = "") -> list[str]:
    spec = next(one for one in fields(noun) if one.key == key)
    return [one.value for one in offers(DATA, (*path, key), spec, fix)]


def test_fields_offer_what_the_cluster_knows() -> None:
    eth1 = ("node", "alpha", "adapter", "eth1")
    address = ("group", "web", "resource", "address")

    assert offered(eth1, Adapter, "network") == ["public1", "public2", "private1"]
    assert offered(("group", "web"), Group, "nodes") == ["alpha", "bravo", "charlie"]
    assert offered(eth1, Adapter, "address")[:2] == ["10.10.2.14", "10.10.2.15"]
    assert offered(address, ServiceAddress, "address")[0] == "10.10.2.101"
    assert offered(("network", "x"), Network, "subnet") == ["10.10.10.0/24"]
    assert offered(("group", "web"), Group, "startup", "home-node")[0] == "home-node"
    assert len(offered(("group", "web"), Group, "startup", "home-node")) == 3


def test_every_field_of_a_new_object_says_that_there_is_nothing_to_go_back_to() -> None:
    new = TEXT + f'[admin.boss]\nkey = "{key_of("boss")}"\n'

    told = {why_not_reset(field, TEXT) for field in form(new, "admin", "boss").fields}

    assert told == {"nothing to go back to: the active configuration has no object of this name"}
    name = form(TEXT, "group", "web").fields[0]
    assert why_not_reset(name, TEXT).startswith("it is as the active configuration has it")


def test_folder_of_another_group_is_not_offered() -> None:
    path = ("group", "web", "resource", "data")

    assert offered(path, DataFolder, "directory") == []


def test_free_addresses_of_odd_subnets() -> None:
    def free(subnet: str, *taken: str) -> list[str]:
        adapters = "".join(
            f'[node.n.adapter.e{n}]\nnetwork = "x"\naddress = "{one}"\n'
            for n, one in enumerate(taken)
        )
        return free_addresses(
            raw.data_of(f'[network.x]\nsubnet = "{subnet}"\n[node.n]\n{adapters}'), "x"
        )

    assert free("10.0.0.0/30") == ["10.0.0.1", "10.0.0.2"]
    assert free("10.0.0.0/30", "10.0.0.2") == ["10.0.0.1"]
    assert free("10.0.0.0/8", "10.255.255.254")[0] == "10.0.0.1"
    assert free("fd00::/64", "fd00::5")[0] == "fd00::6"
    assert free("10.0.0.7/32") == []
    assert free("10.0.0.0/31") == []
    assert free("nonsense") == []


def test_next_subnet_touches_no_other() -> None:
    assert next_subnet(DATA) == "10.10.10.0/24"
    assert next_subnet(raw.data_of("")) == ""
    two = raw.data_of('[network.a]\nsubnet="10.0.1.0/24"\n[network.b]\nsubnet="10.0.0.0/24"\n')
    assert next_subnet(two) == "10.0.2.0/24"


def test_new_node_comes_with_an_adapter_for_each_network() -> None:
    objects = new_object(DATA, "node")

    assert objects == [
        (("node", "node4"), {"key": ""}),
        (
            ("node", "node4", "adapter", "eth0"),
            {"network": "public1", "role": "service", "address": "10.10.1.14"},
        ),
        (
            ("node", "node4", "adapter", "eth1"),
            {"network": "public2", "role": "service", "address": "10.10.2.14"},
        ),
        (
            ("node", "node4", "adapter", "eth2"),
            {"network": "private1", "role": "private", "address": "10.10.9.14"},
        ),
    ]


def test_new_objects_are_right_but_for_what_only_a_person_knows() -> None:
    draft = started(TEXT, 17)
    for kind in ("network", "group", "admin", "event"):
        for path, values in new_object(raw.data_of(draft.text), kind):
            draft = draft.add(path, values)
    assert raw.names(raw.data_of(draft.text), ("network",))[-1] == "private2"

    group = ("group", "group1")
    for kind in ("service-address", "data-folder", "application"):
        path, values = new_child(raw.data_of(draft.text), group, kind)
        draft = draft.add(path, values)
    draft = draft.set_value((*group, "resource", "server", "start"), ["/bin/true"])
    draft = draft.set_value(("admin", "admin1", "key"), key_of("ann"))

    errors = [one for one in load(draft.text).reports if one.severity == "error"]
    assert errors == []
    assert raw.names(raw.data_of(draft.text), (*group, "resource")) == ("address", "data", "server")


def test_second_address_is_proposed_on_the_network_of_the_first() -> None:
    _, values = new_child(raw.data_of(TEXT), ("group", "web"), "service-address")

    assert (values["network"], values["address"]) == ("public2", "10.10.2.101")


def test_new_network_gets_an_adapter_on_every_node() -> None:
    draft = started(TEXT, 17).add(
        ("network", "public3"), {"kind": "public", "subnet": "10.10.3.0/24"}
    )

    found = adapters_for(raw.data_of(draft.text), "public3")

    assert [(path[1], path[3], values["address"]) for path, values in found] == [
        ("alpha", "eth3", "10.10.3.1"),
        ("bravo", "eth3", "10.10.3.2"),
        ("charlie", "eth3", "10.10.3.3"),
    ]
    assert adapters_for(DATA, "public1") == []


def test_free_names() -> None:
    assert free_name("node", (), first="4") == "node4"
    assert free_name("address", ("address",), first="") == "address2"
    assert free_name("group", ("group1", "group2")) == "group3"


def test_titles() -> None:
    assert title_of(("group", "web", "resource", "server"), DATA) == "web / server (application)"
    assert title_of(("cluster",), DATA) == "cluster"
    assert title_of(("admin", "ann"), DATA) == "administrator ann"
