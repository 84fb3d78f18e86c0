from tests.support.story import configuration_text
from tui.viewmodels import draft_data as raw
from tui.viewmodels.form import build

TEXT = configuration_text()
DATA = raw.data_of(TEXT)


def test_objects_in_the_order_of_the_file() -> None:
    paths = list(raw.objects(DATA))

    assert paths[:3] == [("cluster",), ("timing",), ("network", "public1")]
    assert paths[-3:] == [
        ("group", "web"),
        ("group", "web", "resource", "address"),
        ("group", "web", "resource", "server"),
    ]
    assert raw.names(DATA, ("group", "database", "resource")) == ("address", "data", "server")
    assert list(raw.objects(None)) == [("cluster",), ("timing",)]


def test_key_of_a_finding_leads_to_object_and_field() -> None:
    assert raw.split(DATA, "group.web.nodes") == (("group", "web"), "nodes")
    assert raw.split(DATA, "group.web") == (("group", "web"), "")
    assert raw.split(DATA, "node.alpha.adapter.eth1.address") == (
        ("node", "alpha", "adapter", "eth1"),
        "address",
    )
    assert raw.split(DATA, "cluster.voters[2]") == (("cluster",), "voters")
    assert raw.split(DATA, "nonsense") == ((), "nonsense")


def test_names_with_dots_do_not_mislead() -> None:
    data = raw.data_of('[group.a]\nnodes = []\n[group."a.b"]\nnodes = []\n')

    assert raw.split(data, 'group."a.b".nodes') == (("group", "a.b"), "nodes")


def test_excerpt_is_the_object_with_what_is_inside() -> None:
    assert raw.excerpt(TEXT, ("network", "public2")).splitlines() == [
        "[network.public2]",
        'kind = "public"',
        'subnet = "10.10.2.0/24"',
    ]
    assert raw.excerpt(TEXT, ("group", "web")).splitlines()[0] == "[group.web]"
    assert "[group.web.resource.server]" in raw.excerpt(TEXT, ("group", "web"))
    assert "database" not in raw.excerpt(TEXT, ("group", "web", "resource", "server"))


def test_who_refers_to_an_object() -> None:
    assert raw.referrers(DATA, ("group", "database")) == ("group.web.after",)
    assert raw.referrers(DATA, ("network", "public2")) == (
        "node.alpha.adapter.eth1.network",
        "node.bravo.adapter.eth1.network",
        "node.charlie.adapter.eth1.network",
        "group.web.resource.address.network",
    )
    assert raw.referrers(DATA, ("group", "web")) == ()


def test_hostile_shapes_are_no_objects() -> None:
    data = raw.data_of('node = 3\n[group]\nweb = "x"\n[network.a]\nkind = []\n')

    assert list(raw.objects(data)) == [("cluster",), ("timing",), ("network", "a")]
    assert raw.data_of("[") is None
    assert raw.at(data, ("node", "alpha", "key")) is None


def test_fence_devices_are_objects_of_their_node_beside_an_adapter_of_the_same_name() -> None:
    text = TEXT + '[node.alpha.fence.eth0]\nagent = "fence_ipmilan"\nlevel = 2\n'
    data = raw.data_of(text)
    path = ("node", "alpha", "fence", "eth0")

    assert path in set(raw.objects(data))
    assert raw.split(data, "node.alpha.fence.eth0.agent") == (path, "agent")
    assert raw.changed_objects(DATA, data) == (path,)
    form = build(text, TEXT, ("node", "alpha"))
    assert form is not None
    assert [(c.name, c.kind) for c in form.children][-2:] == [
        ("eth2", "adapter"),
        ("fence eth0", "fence"),
    ]
    assert form.children[-1].text == "fence_ipmilan  level 2"
    inside = build(text, TEXT, path)
    assert inside is not None
    keys = [field.spec.key for field in inside.sections[0].fields]
    assert keys == ["name", "agent", "level", "action", "delay-seconds", "seconds", "parameters"]
