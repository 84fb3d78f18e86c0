"""Debian's unmodified OCF agents: their meta-data, and a dozen of them at work."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from nodeagent.config.parameters import problems
from nodeagent.drivers.ocf.metadata import parse
from nodeagent.model.agents import AgentDescription
from tests.lab.place import AGENTS, OCF, lacks, play, why_not

SCENES: dict[str, tuple[str, ...]] = {
    "dummy": ("Dummy",),
    "stateful": ("Stateful",),
    "anything": ("anything", "su"),
    "symlink": ("symlink",),
    "delay": ("Delay",),
    "route": ("Route",),
    "address": ("IPaddr2",),
    "filesystem": ("Filesystem", "modprobe", "mkfs.ext4", "losetup"),
    "nginx": ("nginx", "nginx"),
    "pgsql": ("pgsql", "initdb", "runuser"),
    "death": ("Filesystem", "modprobe", "mkfs.ext4", "losetup", "nginx"),
}
AT_LEAST = 25


@pytest.mark.parametrize("scene", SCENES)
def test_an_unmodified_agent_starts_is_watched_and_stops(scene: str) -> None:
    if reason := why_not() or lacks(*SCENES[scene]):
        pytest.skip(reason)

    with tempfile.TemporaryDirectory(prefix="clustertui-lab-") as folder:
        Path(folder).chmod(0o755)  # agents give up root for other users, who must get here
        play("tests.lab.scenes", scene, folder)


@pytest.fixture(scope="module")
def descriptions() -> dict[str, AgentDescription]:
    if reason := lacks("Dummy"):
        pytest.skip(reason)
    return dict(_read())


def _read() -> Iterator[tuple[str, AgentDescription]]:
    for file in sorted(AGENTS.iterdir()):
        if file.name.startswith(".") or not os.access(file, os.X_OK):
            continue
        done = subprocess.run(
            [str(file), "meta-data"],
            env={"PATH": os.environ["PATH"], "OCF_ROOT": str(OCF)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=30,
            check=True,
        )
        yield file.name, parse(done.stdout)


def test_all_meta_data_are_understood(descriptions: dict[str, AgentDescription]) -> None:
    assert len(descriptions) >= AT_LEAST
    for name, found in descriptions.items():
        assert found.offers("start"), name
        assert found.offers("stop"), name
        assert found.short, name


def test_an_agents_own_defaults_are_never_wrong(
    descriptions: dict[str, AgentDescription],
) -> None:
    for name, found in descriptions.items():
        given = {p.name: p.default or "1" for p in found.parameters if p.default or p.required}
        wrong = [one for one in problems(found, given) if "none of" not in one.text]
        assert wrong == [], name


def test_what_is_known_of_some_agents(descriptions: dict[str, AgentDescription]) -> None:
    address, database = descriptions["IPaddr2"], descriptions["pgsql"]
    by_name = {parameter.name: parameter for parameter in address.parameters}

    assert by_name["ip"].required
    assert by_name["ip"].unique
    assert by_name["arp_count"].kind == "integer"
    assert [p.text for p in problems(address, {"adress": "192.0.2.7", "ip": "192.0.2.7"})] == [
        "there is no parameter adress"
    ]
    assert [p.text for p in problems(address, {"cidr_netmask": "24"})] == [
        "required parameter ip (IPv4 or IPv6 address) is missing"
    ]
    starts = [action for action in database.actions if action.name == "start"]
    assert starts[0].timeout_s == 120
