"""Fence devices in the file: what is refused, what is doubtful, and that it merges and compares."""

import pytest

from nodeagent.config.diff import diff
from nodeagent.config.load import load
from nodeagent.config.merge import merge
from tests.simulation.clusters import cluster as two_nodes
from tests.unit.config.samples import codes, configuration, example

DEVICE = '[node.{node}.fence.{name}]\nagent = "{agent}"\n{more}\n'


def device(
    node: str = "alpha", name: str = "ipmi", agent: str = "fence_ipmilan", more: str = ""
) -> str:
    return DEVICE.format(node=node, name=name, agent=agent, more=more)


def found(text: str) -> list[str]:
    return [code for code in codes(load(text).reports) if code[1:3] == "32"]


def base() -> str:
    return example("three-nodes") + "\n"


def test_a_whole_device_has_no_findings() -> None:
    more = (
        'level = 1\ndelay-seconds = 5\naction = "off"\nseconds = 20\n'
        'parameters = { ip = "10.9.0.1", username = "x", password-file = "/etc/x", lanplus = "1" }'
    )
    text = base() + device(more=more)

    assert found(text) == []
    noun = configuration(text).node["alpha"].fence["ipmi"]
    assert noun.parameters["password-file"] == "/etc/x"
    assert noun.delay_seconds == 5


@pytest.mark.parametrize("agent", ["ipmilan", "/usr/sbin/fence_ipmilan", "fence_../x", "fence_X"])
def test_only_names_of_agents_are_taken(agent: str) -> None:
    assert found(base() + device(agent=agent)) == ["E320"]


@pytest.mark.parametrize(
    "name", ["password", "passwd", "snmp_priv_passwd", "community", "secret_key", "api_key"]
)
def test_secrets_do_not_stand_in_the_file_and_are_not_repeated(name: str) -> None:
    reports = load(base() + device(more=f'parameters = {{ {name} = "hunter2" }}')).reports

    assert "E321" in codes(reports)
    assert not [r for r in reports if "hunter2" in str(r)]


@pytest.mark.parametrize("name", ["password-file", "password_script", "identity_file"])
def test_references_to_secrets_are_fine(name: str) -> None:
    assert found(base() + device(more=f'parameters = {{ {name} = "/etc/x" }}')) == []


@pytest.mark.parametrize(
    "parameter",
    [
        'action = "off"',
        'nodename = "x"',
        'a-b = "x"',
        'password-file = "etc/x"',
        'plug = """a\naction=on"""',
    ],
)
def test_parameters_are_single_lines_with_plain_names(parameter: str) -> None:
    text = device().rstrip() + f"\n[node.alpha.fence.ipmi.parameters]\n{parameter}\n"
    reports = load(base() + text).reports

    assert {"E322", "E007"} & set(codes(reports)), [str(r) for r in reports]


def test_a_level_of_two_cannot_reboot() -> None:
    text = base() + device(name="psu1") + device(name="psu2", more='action = "reboot"')

    assert found(text) == ["E323"]
    assert found(text + "level = 2\n") == []


def test_two_nodes_must_not_shoot_at_once() -> None:
    both = two_nodes(2) + device("alpha") + device("bravo")

    assert found(both) == ["W324"]
    assert found(both + "delay-seconds = 5\n") == []


def test_required_fencing_needs_devices() -> None:
    text = base().replace("[cluster]\n", "[cluster]\nfence-required = true\n")

    assert set(found(text)) == {"W325"}
    assert len(found(text)) == len(configuration(text).node)
    assert len(found(text + device())) == len(configuration(text).node) - 1
    assert len(found(text + device(agent="manual"))) == len(configuration(text).node)


def test_a_device_is_one_change_and_each_key_another() -> None:
    old, new = configuration(base()), configuration(base() + device())

    assert [c.object for c in diff(old, new)] == ["node.alpha.fence.ipmi"]
    other = configuration(base() + device(more="level = 2"))
    assert [(c.object, c.key) for c in diff(new, other)] == [("node.alpha.fence.ipmi", "level")]


def test_devices_of_two_people_merge() -> None:
    mine, theirs = base() + device("alpha"), base() + device("bravo")

    merged = merge(base().encode(), mine.encode(), theirs.encode())

    assert not merged.conflicts
    nodes = configuration(merged.text.decode()).node
    assert nodes["alpha"].fence
    assert nodes["bravo"].fence
