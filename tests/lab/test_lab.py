"""The lab's own parts, without a lab: its texts, its packages, and that nothing of it stays."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nodeagent.config.load import load
from tests.lab import needs
from tests.lab.lab import Cast
from tests.lab.plan import Plan, without_network
from tests.lab.stories import STORIES
from tui.demo import warden

MANY = 12
"""Processes of a lab whose hosts are up."""
KEY = "sCL-$S#YVg@{@3=cUFV:t++5xQk)7uATkXqaz]Xr"


def plan_of(cast: Cast) -> Plan:
    names = (*cast.members, *cast.witnesses, *cast.spares)
    keys = {name: f"{number:02}{KEY[2:]}" for number, name in enumerate(names)}
    return Plan(
        hosts=names,
        witnesses=cast.witnesses,
        folder=Path("/dev/shm"),
        mark="mark",
        keys=keys,
        console_key=KEY,
        python=sys.executable,
        timing=cast.timing,
        standby=cast.standby,
        fenced=cast.fenced,
    )


def text_of(story: str) -> tuple[Plan, str]:
    cast = STORIES[story].cast
    orders = {group: [cast.members[n] for n in order] for group, order in cast.groups.items()}
    plan = plan_of(cast)
    return plan, plan.base([*cast.members, *cast.witnesses], orders)


@pytest.mark.parametrize("story", STORIES)
def test_configuration_has_no_finding(story: str) -> None:
    _, text = text_of(story)

    assert [str(report) for report in load(text, story).reports] == []


def test_every_host_has_service_and_standby_adapters() -> None:
    _, text = text_of("three")

    configuration = load(text, "three").configuration
    assert configuration is not None
    for network in ("public1", "public2"):
        roles = [(node, a.role) for node, _, a in configuration.adapters_on(network)]
        assert len(roles) == len(set(roles)) == 6
    addresses = [a.address for n in configuration.node.values() for a in n.adapter.values()]
    assert len(addresses) == len(set(addresses)) == 15


def test_network_goes_with_its_adapters() -> None:
    _, text = text_of("three")

    configuration = load(without_network(text, "private1"), "less").configuration

    assert configuration is not None
    assert set(configuration.network) == {"public1", "public2"}
    assert all("priv1" not in node.adapter for node in configuration.node.values())


def test_missing_packages_are_named_once() -> None:
    packages = {"no-such-program": "some-package", "nor-this": "some-package", "sh": "dash"}

    assert needs.missing_packages(packages) == ["some-package"]


def is_alive(pid: int) -> bool:
    """Whether it runs; one that only waits to be buried does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return stat.rpartition(b")")[2].split()[0] not in {b"Z", b"X"}


@pytest.mark.xdist_group("another-cluster-in-a-box")
def test_nothing_stays_when_the_lab_is_killed() -> None:
    if reason := needs.why_not():
        pytest.skip(reason)
    program = [sys.executable, "-m", "tests.lab", "--headless", "--json"]
    process = subprocess.Popen(program, stdout=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 60
        while len(below := warden.with_descendants([process.pid])[1:]) < MANY:
            assert time.monotonic() < deadline, "the hosts do not come up"
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        deadline = time.monotonic() + 20
        while left := [pid for pid in below if is_alive(pid)]:
            assert time.monotonic() < deadline, f"still there: {left}"
            time.sleep(0.05)
    finally:
        process.kill()
        process.communicate()
