"""Small clusters to test with, and strategies that vary them."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
from hypothesis import strategies as st

from nodeagent.config.load import load
from nodeagent.config.times import Moment
from nodeagent.model.configuration import (
    Adapter,
    AdapterRole,
    Application,
    Cluster,
    Configuration,
    DataFolder,
    Group,
    Network,
    Node,
    Resource,
    ServiceAddress,
)
from nodeagent.model.reports import Report

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "configs").glob("*.toml"))
BROKEN = ROOT / "tests" / "broken"
NODES = ("alpha", "bravo", "charlie", "delta")
NETWORKS = {
    "public1": Network(kind="public", subnet="10.10.1.0/24"),
    "public2": Network(kind="public", subnet="10.10.2.0/24"),
    "private1": Network(kind="private", subnet="192.168.50.0/24"),
}


def example(name: str) -> str:
    return (ROOT / "configs" / f"{name}.toml").read_text("utf-8")


def configuration(text: str) -> Configuration:
    loaded = load(text)
    assert loaded.configuration is not None, [str(report) for report in loaded.reports]
    return loaded.configuration


def node(number: int, networks: tuple[str, ...] = ("public1", "private1")) -> Node:
    """A node whose key and addresses follow from its number; its adapters are eth0, eth1, …"""
    adapters = {}
    for index, network in enumerate(networks):
        start = NETWORKS[network].subnet.rpartition(".")[0]
        role: AdapterRole = "private" if network.startswith("private") else "service"
        adapters[f"eth{index}"] = Adapter(
            network=network, role=role, address=f"{start}.{11 + number}"
        )
    return Node(key=f"{number:02d}" * 20, adapter=adapters)


def service(last: int = 100, network: str = "public1") -> ServiceAddress:
    start = NETWORKS[network].subnet.rpartition(".")[0]
    return ServiceAddress(network=network, address=f"{start}.{last}")


def server(*start: str, **more: object) -> Application:
    plain = Application(start=start or ("/usr/sbin/nginx",), process="foreground")
    return msgspec.structs.replace(plain, **more)


def group(*nodes: str, resource: Mapping[str, Resource] | None = None, **more: object) -> Group:
    plain = Group(nodes=nodes, resource=dict(resource or {"server": server()}))
    return msgspec.structs.replace(plain, **more)


def cluster(
    groups: Mapping[str, Group] | None = None,
    nodes: Mapping[str, Node] | tuple[str, ...] = ("alpha", "bravo", "charlie"),
) -> Configuration:
    if isinstance(nodes, tuple):
        nodes = {name: node(NODES.index(name)) for name in nodes}
    return Configuration(
        cluster=Cluster(name="orders"),
        network=dict(NETWORKS),
        node=dict(nodes),
        group=dict(groups or {}),
    )


def codes(reports: tuple[Report, ...]) -> list[str]:
    return [report.code for report in reports]


# -- strategies ------------------------------------------------------------------------------------

GROUPS = ("web", "mail", "database", "queue")
_resources = st.dictionaries(
    st.sampled_from(("address", "data", "server")),
    st.one_of(
        st.builds(
            service,
            last=st.integers(100, 103),
            network=st.sampled_from(("public1", "public2")),
        ),
        st.builds(DataFolder, directory=st.sampled_from(("/srv/a", "/srv/b"))),
        st.builds(
            Application,
            start=st.sampled_from((("/bin/a",), ("/bin/b", "x"))),
            interval_seconds=st.sampled_from((5.0, 10.0)),
        ),
    ),
    max_size=3,
)
_others = st.lists(st.sampled_from(GROUPS), unique=True, max_size=1).map(tuple)
_groups = st.builds(
    Group,
    nodes=st.lists(st.sampled_from(NODES), unique=True, max_size=4).map(tuple),
    startup=st.sampled_from(("home-node", "first-available")),
    fallover=st.sampled_from(("next-node", "least-loaded", "bring-offline")),
    fallback=st.sampled_from(("never", "higher-priority")),
    fallback_delay_seconds=st.sampled_from((0.0, 0.0, 10.0)),
    fallback_at=st.sampled_from(("", "", "02:00")),
    after=st.lists(st.sampled_from(GROUPS), unique=True, max_size=2).map(tuple),
    together=_others,
    apart_from=_others,
    priority=st.integers(0, 2),
    weight=st.integers(0, 3),
    resource=_resources,
)
_node_networks = st.sampled_from(
    (("public1",), ("public1", "private1"), ("public1", "public2"), ("public2", "private1"))
)


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    """Configurations that can be built, though verification would refuse many of them."""
    names = draw(st.lists(st.sampled_from(NODES), unique=True, min_size=1))
    nodes = {name: node(NODES.index(name), draw(_node_networks)) for name in names}
    groups = draw(st.dictionaries(st.sampled_from(GROUPS), _groups, max_size=4))
    voters = tuple(name for name in names if draw(st.booleans()))
    plain = cluster(groups, nodes)
    return msgspec.structs.replace(plain, cluster=Cluster(name="orders", voters=voters))


views = st.frozensets(st.sampled_from(NODES))
moments = st.builds(
    Moment,
    settling=st.booleans(),
    in_ms=st.dictionaries(st.sampled_from(NODES), st.sampled_from((0, 9_999, 10_000))),
    minute=st.sampled_from((-1, 119, 120, 134, 135)),
)
owners = st.dictionaries(st.sampled_from(GROUPS), st.sampled_from(("", *NODES)))
