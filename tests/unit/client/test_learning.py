"""What an access file learns, and what stays as a person wrote it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from nodeagent.client import access
from nodeagent.client.access import Access, AgentAddress
from nodeagent.client.errors import AccessError
from nodeagent.client.learning import Learnt, learn
from tests.unit.client.test_access import ACCESS, ALPHA, DOTTED, PUBLIC, SECRET, SERVER, cluster_of

OLD = f"{SERVER[:-2]}99"
"""The key of a node before it was removed and set up anew."""


def test_file_learns_the_agents_it_does_not_name_and_keeps_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "console.toml"
    access.save(ACCESS.only("alpha"), file)
    file.write_text("# mine\n" + file.read_text())

    found = learn(file, cluster_of("alpha", "bravo", "charlie"))

    assert [agent.name for agent in found.new] == ["bravo", "charlie"]
    assert file.read_text().startswith("# mine\n# Access to a cluster")
    assert file.stat().st_mode & 0o777 == 0o600
    alpha, bravo, _ = access.load(file).agents
    assert alpha == ALPHA
    assert (bravo.admin, bravo.events) == ("tcp://10.10.1.12:7412", "tcp://10.10.1.12:7413")
    assert learn(file, cluster_of("alpha", "bravo")) == Learnt()


def test_file_that_reaches_its_agent_another_way_learns_the_first_address(tmp_path: Path) -> None:
    file = tmp_path / "console.toml"
    access.save(Access(PUBLIC, SECRET, (DOTTED,)), file)

    found = learn(file, cluster_of("alpha", "bravo"))

    assert [agent.admin for agent in found.new] == ["tcp://192.168.50.12:7412"]


def test_file_of_another_cluster_learns_nothing(tmp_path: Path) -> None:
    file = tmp_path / "console.toml"
    access.save(ACCESS, file)
    before = file.read_text()

    assert learn(file, cluster_of("bravo", "charlie")) == Learnt()

    assert file.read_text() == before


def test_file_that_is_a_link_stays_one(tmp_path: Path) -> None:
    file, real = tmp_path / "console.toml", tmp_path / "mine" / "access.toml"
    real.parent.mkdir()
    access.save(ACCESS.only("alpha"), real)
    file.symlink_to(real)

    assert learn(file, cluster_of("alpha", "bravo")).new

    assert file.is_symlink()
    assert [agent.name for agent in access.load(real).agents] == ["alpha", "bravo"]


def test_file_that_tables_cannot_be_added_to_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "console.toml"
    alpha = f'{{ admin = "{ALPHA.admin}", events = "{ALPHA.events}", key = "{SERVER}" }}'
    file.write_text(f'public = "{PUBLIC}"\nsecret = "{SECRET}"\nagent = {{ alpha = {alpha} }}\n')
    file.chmod(0o600)
    before = file.read_text()

    with pytest.raises(AccessError, match="not an access file"):
        learn(file, cluster_of("alpha", "bravo"))

    assert file.read_text() == before


def test_key_of_a_node_that_came_back_is_put_in_the_place_of_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "console.toml"
    far = AgentAddress("bravo", "tcp://gate.example:7412", "tcp://gate.example:7413", OLD)
    access.save(Access(PUBLIC, SECRET, (far, ALPHA)), file)
    file.write_text(file.read_text().replace("[agent.bravo]", "# behind the gate\n[agent.bravo]"))
    before, configuration = file.read_text(), cluster_of("alpha", "bravo", "charlie")

    found = learn(file, configuration)

    key = configuration.node["bravo"].key
    assert found.renewed == (replace(far, key=key),)
    assert [agent.name for agent in found.new] == ["charlie"]
    assert file.read_text().startswith(before.replace(json.dumps(OLD), json.dumps(key)))
    assert file.stat().st_mode & 0o777 == 0o600
    assert learn(file, configuration) == Learnt()


def test_name_that_the_file_gives_to_another_node_stays(tmp_path: Path) -> None:
    file, configuration = tmp_path / "console.toml", cluster_of("alpha", "bravo", "charlie")
    mine = replace(ALPHA, name="bravo", key=configuration.node["charlie"].key)
    access.save(Access(PUBLIC, SECRET, (ALPHA, mine)), file)
    before = file.read_text()

    assert learn(file, configuration) == Learnt()

    assert file.read_text() == before
