"""Checks across a configuration that a broken file does not show, and those of a change."""

from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodeagent.config.load import load
from nodeagent.config.parse import parse
from nodeagent.config.verify import verify
from nodeagent.model.configuration import (
    Adapter,
    Cluster,
    Configuration,
    DataFolder,
    Filesystem,
    Network,
    Resource,
    Timing,
)
from nodeagent.model.reports import Report
from tests.unit.config.samples import (
    cluster,
    codes,
    configuration,
    configurations,
    example,
    group,
    node,
    service,
    views,
)

DEMO = Timing(
    heartbeat_ms=100,
    dead_after_ms=1_000,
    lease_ms=1_500,
    renew_ms=300,
    watchdog_ms=1_000,
    suspend_ms=8_000,
    step_ms=3_000,
)


def found(reports: tuple[Report, ...], code: str) -> Report:
    (report,) = [report for report in reports if report.code == code]
    return report


def changed(cfg: Configuration, **fields: object) -> Configuration:
    return msgspec.structs.replace(cfg, **fields)


@pytest.mark.parametrize("timing", [Timing(), DEMO], ids=["defaults", "demo"])
def test_usual_timings_have_no_findings(timing: Timing) -> None:
    reports = verify(changed(cluster(), timing=timing))

    assert not [code for code in codes(reports) if code[1] == "4"]


def test_single_node_is_a_cluster_with_a_note() -> None:
    reports = verify(cluster({"web": group("alpha")}, ("alpha",)))

    assert [code for code in codes(reports) if code != "N211"] == ["N303"]


def test_many_nodes_want_more_patience() -> None:
    cfg = cluster(nodes={f"n{number:02d}": node(number) for number in range(12)})

    assert found(verify(cfg), "W407").fix == "2200"


@pytest.mark.parametrize(
    ("key", "short", "fix"), [("heartbeat-ms", 19, "20"), ("watchdog-ms", 499, "500")]
)
def test_agents_are_asked_for_nothing_that_they_cannot_do(key: str, short: int, fix: str) -> None:
    text = example("three-nodes") + "\n[timing]\nrenew-ms = 200\n"

    report = found(load(f"{text}{key} = {short}\n").reports, "E410")

    assert (report.severity, report.place.key, report.fix) == ("error", f"timing.{key}", fix)
    assert f"at least {fix}" in report.hint
    assert codes(load(f"{text}{key} = {fix}\n").reports) == []


def test_a_watchdog_is_advised_that_may_be_written() -> None:
    timing = Timing(renew_ms=3, watchdog_ms=3)

    assert found(verify(changed(cluster(), timing=timing)), "E406").fix == "500"


def test_a_configuration_that_asks_too_much_of_agents_can_still_be_read() -> None:
    text = example("three-nodes") + "\n[timing]\nrenew-ms = 3\nwatchdog-ms = 4\n"

    assert parse(text).configuration is not None


def test_services_outlive_their_agent_no_longer_than_lease_and_watchdog() -> None:
    timing = Timing(lease_ms=3_000, watchdog_ms=2_000, adopt_ms=9_000)

    report = found(verify(msgspec.structs.replace(cluster(), timing=timing)), "W409")

    assert report.fix == "4000"


def test_tie_breaker_votes_and_is_needed_only_for_halves() -> None:
    four = msgspec.structs.replace(
        cluster(nodes=("alpha", "bravo", "charlie", "delta")),
        cluster=Cluster(
            name="orders", voters=("alpha", "bravo", "charlie", "delta"), tie_breaker="bravo"
        ),
    )
    assert not {"W301", "E115"} & {report.code for report in verify(four)}
    stranger = msgspec.structs.replace(
        four, cluster=msgspec.structs.replace(four.cluster, tie_breaker="bravoo")
    )
    assert found(verify(stranger), "E115").fix == "bravo"
    odd = msgspec.structs.replace(
        four, cluster=msgspec.structs.replace(four.cluster, voters=("alpha", "bravo", "charlie"))
    )
    assert "cannot split" in found(verify(odd), "N304").text


def test_a_witness_owns_nothing() -> None:
    names = ("alpha", "bravo", "charlie")
    plain = cluster({"web": group("alpha", "charlie")}, names)
    nodes = {
        **plain.node,
        "charlie": msgspec.structs.replace(plain.node["charlie"], role="witness"),
    }
    told = found(verify(msgspec.structs.replace(plain, node=nodes)), "E114")

    assert "charlie, which is a witness" in told.text
    assert "E114" not in codes(verify(plain))


def test_two_nodes_are_told_of_a_witness() -> None:
    assert "witness" in found(verify(cluster(nodes=("alpha", "bravo"))), "W301").hint


def test_service_addresses_of_two_groups_must_differ() -> None:
    groups = {
        name: group("alpha", "bravo", resource={"address": service(100)}) for name in ("a", "b")
    }

    report = found(verify(cluster(groups)), "E202")

    assert (report.place.key, report.fix) == ("group.b.resource.address.address", "10.10.1.101")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("10.10.9.100", "10.10.1.100"),
        ("172.16.0.11", "10.10.1.14"),  # alpha's adapter has .11, bravo's and charlie's follow
        ("10.10.9.255", ""),  # the last host of the subnet is before it
        ("fd00::5", ""),
    ],
)
def test_an_address_outside_its_subnet_has_the_one_like_it(wrong: str, right: str) -> None:
    text = example("three-nodes").replace("10.10.1.100", wrong)
    parsed = parse(text)
    assert parsed.configuration is not None

    assert found(verify(parsed.configuration), "E201").fix == right


def test_data_folder_on_its_own_mount_is_meant_so() -> None:
    disk = Filesystem(device="/dev/sdb1", directory="/srv/web")
    inside: dict[str, Resource] = {
        "disk": disk,
        "data": DataFolder(directory="/srv/web/"),
        "html": disk,
    }
    reports = verify(cluster({"web": group("alpha", "bravo", resource=inside)}))

    assert [report.place.key for report in reports if report.code == "E314"] == [
        "group.web.resource.html.directory"
    ]


def test_long_circle_is_told_once_by_all_its_groups() -> None:
    groups = {
        "a": group("alpha", "bravo", after=("b",)),
        "b": group("alpha", "bravo", after=("c",)),
        "c": group("alpha", "bravo", after=("a",)),
        "d": group("alpha", "bravo", after=("a",)),
    }

    assert "a → b → c → a" in found(verify(cluster(groups)), "E109").text


def test_unreadable_addresses_are_left_to_the_parser() -> None:
    cfg = cluster({"web": group("alpha", resource={"address": service(300)})})

    assert not {"E201", "E202", "E203"} & set(codes(verify(cfg)))


def test_loopback_addresses_are_addresses_like_others() -> None:
    text = example("two-nodes").replace("10.10.1.", "127.10.1.").replace("192.168.50.", "127.10.2.")

    assert codes(load(text).reports) == []


def test_ipv6_is_an_equal() -> None:
    text = example("two-nodes").replace("10.10.1.0/24", "fd00:1::/64")
    text = text.replace('"10.10.1.', '"fd00:1::').replace("10.10.1.100", "fd00:1::100")

    assert codes(load(text).reports) == []
    assert codes(load(text.replace('"fd00:1::100"', '"fd00:1::"', 1)).reports) == ["E203"]


def test_findings_come_in_the_order_of_the_file() -> None:
    text = example("three-nodes").replace('"public1"', '"pubic"').replace("10.10.2.", "10.10.3.")

    lines = [report.place.line for report in load(text).reports]

    assert len(lines) > 3
    assert lines == sorted(lines)


# -- of a change -----------------------------------------------------------------------------------

BASE = cluster({"web": group("alpha", "bravo", "charlie")})
ALL = ("alpha", "bravo", "charlie")


def of_change(new: Configuration, live: tuple[str, ...] = ALL) -> set[str]:
    return {report.code for report in verify(new, base=BASE, live=live) if report.code[1] == "5"}


def test_no_change_has_no_findings() -> None:
    assert of_change(BASE) == set()
    assert of_change(BASE, ("alpha", "bravo")) == set()


def test_live_is_everybody_unless_told() -> None:
    assert not [report for report in verify(BASE, base=BASE) if report.code[1] == "5"]


@pytest.mark.parametrize("name", ["topology", "resources", "both"])
def test_shipped_changes_are_possible(name: str) -> None:
    old = configuration(example(f"change-{name}-before"))

    loaded = load(example(f"change-{name}-after"), base=old, live=tuple(old.node))

    assert codes(loaded.reports) in ([], ["W301"])
    assert loaded.ok


def test_replacing_all_heartbeat_networks_at_once_is_refused() -> None:
    other = {name: node(index, ("public2",)) for index, name in enumerate(ALL)}

    reports = verify(changed(BASE, node=other), base=BASE, live=ALL)

    assert [report.code for report in reports if report.code == "E501"] == ["E501"] * 3
    assert "two changes" in next(report for report in reports if report.code == "E501").hint
    assert of_change(changed(BASE, node=other), ("alpha",)) == {"E502", "E503", "E508"}


def renamed(
    adapters: Mapping[str, str], networks: Mapping[str, str], **fields: object
) -> Configuration:
    """BASE with other names of adapters and networks, each adapter still at its address."""
    nodes = {}
    for name, noun in BASE.node.items():
        at = {
            adapters.get(key, key): _on(one, networks, fields) for key, one in noun.adapter.items()
        }
        nodes[name] = msgspec.structs.replace(noun, adapter=at)
    known = {networks.get(name, name): noun for name, noun in BASE.network.items()}
    return changed(BASE, node=nodes, network=known)


def _on(adapter: Adapter, networks: Mapping[str, str], fields: Mapping[str, object]) -> Adapter:
    network = networks.get(adapter.network, adapter.network)
    return msgspec.structs.replace(adapter, network=network, **fields)


@pytest.mark.parametrize(
    "new",
    [
        renamed({"eth0": "lan0", "eth1": "lan1"}, {}),
        renamed({"eth0": "eth1", "eth1": "eth0"}, {}),
        renamed({}, {"public1": "clients", "private1": "cluster"}),
        renamed({"eth0": "lan0"}, {"public1": "private1", "private1": "public1"}),
        renamed({}, {}, role="standby"),
    ],
    ids=["adapters", "swapped", "networks", "both", "roles"],
)
@pytest.mark.parametrize("live", [ALL, ("alpha", "bravo")], ids=["all-in", "charlie-away"])
def test_who_stays_at_its_address_is_not_new(new: Configuration, live: tuple[str, ...]) -> None:
    assert of_change(new, live) == set()


def test_other_addresses_under_the_same_names_are_new() -> None:
    moved = {
        name: msgspec.structs.replace(noun, adapter=node(20 + index).adapter)
        for index, (name, noun) in enumerate(BASE.node.items())
    }
    new = changed(BASE, node=moved)

    assert of_change(new) == {"E501"}
    reports = verify(new, base=BASE, live=("alpha", "bravo"))
    texts = [report.text for report in reports if report.code == "E508"]
    assert [text.partition(",")[0] for text in texts] == ["charlie is not in"] * 2
    assert ["eth0" in texts[0], "eth1" in texts[1]] == [True, True]


def test_one_network_may_be_replaced_while_another_stays() -> None:
    other = {name: node(index, ("public2", "private1")) for index, name in enumerate(ALL)}

    assert of_change(changed(BASE, node=other)) == set()


def test_present_voters_must_be_able_to_decide() -> None:
    assert of_change(BASE, ("alpha",)) == {"E502", "E503"}


def test_new_voters_must_be_able_to_decide() -> None:
    voters = Cluster(name="orders", voters=("charlie",))

    assert of_change(changed(BASE, cluster=voters), ("alpha", "bravo")) == {"E502"}


def test_added_nodes_count_among_the_new_voters() -> None:
    alone = cluster(nodes=("alpha",))

    reports = verify(cluster(nodes=ALL), base=alone, live=("alpha",))

    assert not {"E502", "E503"} & set(codes(reports))


def test_name_and_ports_stay() -> None:
    other = Cluster(name="bookings", admin_port=7500)

    reports = verify(changed(BASE, cluster=other), base=BASE, live=ALL)

    assert found(reports, "E504").fix == "orders"
    assert found(reports, "E505").fix == "7412"


def test_new_key_is_a_warning_and_too_many_an_error() -> None:
    keys = {name: msgspec.structs.replace(BASE.node[name], key="x" * 39 + name[0]) for name in ALL}
    one = {**BASE.node, "charlie": keys["charlie"]}
    two = {**one, "bravo": keys["bravo"]}

    assert of_change(changed(BASE, node=one)) == {"W506"}
    assert of_change(changed(BASE, node=two)) == {"W506", "E507"}


def test_half_of_the_voters_with_the_tie_breaker_may_change_what_they_can_decide() -> None:
    ties = Cluster(name="orders", voters=("alpha", "bravo"), tie_breaker="alpha")
    base = changed(BASE, cluster=ties)
    keys = {name: msgspec.structs.replace(BASE.node[name], key="x" * 39 + name[0]) for name in ALL}

    def told(cfg: Configuration, *live: str) -> set[str]:
        return {code for code in codes(verify(cfg, base=base, live=live)) if code.startswith("E5")}

    assert told(base, "alpha", "charlie") == set()
    assert told(base, "bravo", "charlie") == {"E502", "E503"}
    assert told(changed(base, node={**BASE.node, "bravo": keys["bravo"]}), *ALL) == set()
    assert told(changed(base, node={**BASE.node, "alpha": keys["alpha"]}), *ALL) == {"E507"}


def test_new_adapter_of_a_node_that_is_away_is_refused_before_anybody_waits_for_it() -> None:
    more = {**BASE.node, "charlie": node(2, ("public1", "private1", "public2"))}
    cfg = changed(BASE, node=more)

    report = found(verify(cfg, base=BASE, live=("alpha", "bravo")), "E508")

    assert "charlie is not in, so its new adapter eth2 cannot answer on public2" in report.text
    assert of_change(cfg, ALL) == set()


def test_an_adapter_that_comes_to_another_network_at_its_address_is_new() -> None:
    text = example("three-nodes").replace('"192.168.50.13"', '"192.168.50.213"')
    upper = '\n[network.upper]\nkind = "private"\nsubnet = "192.168.50.128/25"\n'
    lower = text.replace('"192.168.50.0/24"', '"192.168.50.0/25"')
    others, charlie = lower.split("[node.charlie]")
    charlie = charlie.replace('network = "private1"', 'network = "upper"', 1)
    joined, apart = configuration(text), configuration(f"{others}[node.charlie]{charlie}{upper}")

    reports = verify(joined, base=apart, live=("alpha", "bravo"))

    assert "charlie is not in" in found(reports, "E508").text
    assert "private1" in found(reports, "E508").text
    assert "E501" not in codes(reports)


def test_a_node_may_be_added_while_another_is_away() -> None:
    added = cluster(nodes=(*ALL, "delta"))

    assert not {"E508"} & of_change(added, ("alpha", "bravo"))


@given(configurations(), st.none() | configurations(), st.none() | views)
@settings(max_examples=50, deadline=None)
def test_anything_that_can_be_built_can_be_verified(
    cfg: Configuration, base: Configuration | None, live: frozenset[str] | None
) -> None:
    for report in verify(cfg, base=base, live=live):
        assert report.text
        assert report.hint


def test_verification_needs_no_places() -> None:
    parsed = parse(example("three-nodes").replace("10.10.1.100", "10.10.9.100"))
    assert parsed.configuration is not None

    report = found(verify(parsed.configuration), "E201")

    assert (report.place.line, report.place.key) == (0, "group.web.resource.address.address")


def test_overlapping_networks_of_two_families_do_not_overlap() -> None:
    both = {**BASE.network, "six": Network(kind="private", subnet="::/0")}

    assert "E204" not in codes(verify(changed(BASE, network=both)))
