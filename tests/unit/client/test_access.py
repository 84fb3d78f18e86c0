from dataclasses import replace
from pathlib import Path

import pytest

from nodeagent.client import access
from nodeagent.client.access import Access, AgentAddress
from nodeagent.client.errors import AccessError
from nodeagent.model.configuration import Adapter, Cluster, Configuration, Node
from tests.unit.client.fake_agent import key_pair

PUBLIC, SECRET = key_pair()
SERVER = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
ALPHA = AgentAddress("alpha", "tcp://10.10.1.11:7412", "tcp://10.10.1.11:7413", SERVER)
DOTTED = AgentAddress("b.ravo", "tcp://[fd00::2]:7412", "tcp://[fd00::2]:7413", SERVER)
UDP = f"""
public = "{PUBLIC}"
secret = "{PUBLIC}"
[agent.a]
admin = "udp://10.10.1.11:7412"
events = "udp://10.10.1.11:7413"
key = "{SERVER}"
"""
ACCESS = Access(PUBLIC, SECRET, (ALPHA, DOTTED))


def test_saved_access_is_loaded_again(tmp_path: Path) -> None:
    file = tmp_path / "console.toml"

    access.save(ACCESS, file)

    assert access.load(file) == ACCESS
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["console.toml"]


def test_secret_is_in_no_picture_of_it() -> None:
    assert SECRET not in repr(ACCESS)


def test_only_keeps_the_named_agents() -> None:
    assert ACCESS.only("alpha").agents == (ALPHA,)


def test_secret_open_to_others_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "console.toml"
    access.save(ACCESS, file)
    file.chmod(0o640)

    with pytest.raises(AccessError, match=r"others may read \(mode 0640\); chmod 600"):
        access.load(file)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "public = 1",
        f'public = "{PUBLIC}"\nsecret = "{PUBLIC}"\nwhat = 1',
        UDP,
        "\x1b]0;owned\x07 = 1",
        "a = " + "[" * 5000,
        "x" * (2 << 20),
    ],
    ids=["empty", "number", "unknown", "udp", "escape", "deep", "huge"],
)
def test_what_is_no_access_file_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "console.toml"
    file.touch(0o600)
    file.write_text(text)

    with pytest.raises(AccessError) as caught:
        access.load(file)

    assert str(caught.value).isprintable()


def test_missing_file_and_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match=r"No such file.*--key"):
        access.load(tmp_path / "none.toml")
    with pytest.raises(AccessError, match="Is a directory"):
        access.load(tmp_path)


def test_endpoint_names_host_port_and_key() -> None:
    assert access.parse_endpoint(f"tcp://10.0.0.1:7412#{SERVER}") == AgentAddress(
        "10.0.0.1:7412", "tcp://10.0.0.1:7412", "tcp://10.0.0.1:7413", SERVER
    )


def test_key_with_a_hash_in_it_stays_whole() -> None:
    key = "#" * 40

    assert access.parse_endpoint(f"tcp://[::1]:7412#{key}").key == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tcp://h:7412",
        f"tcp://h#{SERVER}",
        f"ipc://x#{SERVER}",
        f"tcp://h:70000#{SERVER}",
        "a#b",
    ],
    ids=["empty", "no-key", "short", "ipc", "port", "words"],
)
def test_wrong_endpoint_is_told_with_its_form(text: str) -> None:
    with pytest.raises(AccessError, match="write it as tcp://host:port#SERVERKEY"):
        access.parse_endpoint(text)


def test_file_of_others_is_not_advised_to_be_shut(tmp_path: Path) -> None:
    file = tmp_path / "passwd"
    file.write_text("root:x:0:0\n")
    file.chmod(0o644)

    with pytest.raises(AccessError, match="is not an access file") as caught:
        access.load(file)
    assert "chmod" not in str(caught.value)


def cluster_of(*nodes: str) -> Configuration:
    """Return a cluster whose nodes have a private adapter first, and a public one."""
    made = {}
    for number, name in enumerate(nodes, 11):
        private = Adapter(network="private1", role="private", address=f"192.168.50.{number}")
        public = Adapter(network="public1", role="service", address=f"10.10.1.{number}")
        key = SERVER if name == "alpha" else f"{SERVER[:-2]}{number}"
        made[name] = Node(key=key, adapter={"a": private, "b": public})
    return Configuration(format=1, cluster=Cluster(name="plant"), network={}, node=made)


def test_key_of_the_configuration_tells_which_agent_of_the_file_is_meant() -> None:
    configuration = cluster_of("alpha", "bravo")
    key = configuration.node["bravo"].key
    mine = AgentAddress("left", "tcp://10.0.0.9:7412", "tcp://10.0.0.9:7413", key)
    swapped = AgentAddress("bravo", "tcp://10.0.0.8:7412", "tcp://10.0.0.8:7413", SERVER)

    ways = access.ways_to("bravo", Access(PUBLIC, SECRET, (swapped, mine)), configuration)

    assert ways[0] == mine
    assert {way.key for way in ways} == {key}


def test_key_of_before_hides_no_way_to_a_node_that_came_back() -> None:
    configuration = cluster_of("alpha", "bravo")
    here = AgentAddress(
        "bravo", "tcp://10.10.1.12:7412", "tcp://10.10.1.12:7413", f"{SERVER[:-2]}99"
    )
    far = replace(here, admin="tcp://gate.example:7412")

    ways = access.ways_to("bravo", Access(PUBLIC, SECRET, (here, far)), configuration)

    key = configuration.node["bravo"].key
    assert [(way.admin, way.key == key) for way in ways] == [
        ("tcp://192.168.50.12:7412", True),
        ("tcp://10.10.1.12:7412", True),
        ("tcp://gate.example:7412", False),
    ]
