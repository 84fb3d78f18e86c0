"""What a machine has, as it is told to consoles; and a machine that does not tell."""

import tempfile
from pathlib import Path

import pytest

from nodeagent.drivers.inventory import InventoryTaker
from nodeagent.drivers.inventory.devices import UnknownError, names_below, parsed
from nodeagent.drivers.ocf.find import AgentError
from tests.contract.agents import Agent, install
from tests.contract.fake_systemd import DAEMON, Unit, fake_systemd

LSBLK = b"""{"blockdevices": [
  {"path":"/dev/sda1","label":"web","uuid":"u-1","fstype":"ext4","size":1048576,"type":"part",
   "mountpoint":null},
  {"path":"/dev/sda1","label":"web","uuid":"u-1","fstype":"ext4","size":1048576,"type":"part"},
  {"path":"/dev/sda2","label":null,"fstype":"swap","size":"4096","type":"part","mountpoint":"[SWAP]"},
  {"path":"/dev/sr0","label":null,"fstype":null,"size":"4096","type":"rom","mountpoint":null},
  {"path":"/dev/sdb\\u001b","label":null,"fstype":null,"size":"4096","type":"disk"}]}"""


def test_devices_have_stable_names_and_what_cannot_be_mounted_is_left_out(tmp_path: Path) -> None:
    for folder, name in (("by-uuid", "u-1"), ("by-label", "web")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).symlink_to("/dev/sda1")

    found = parsed(LSBLK, names_below(tmp_path))

    assert [one.path for one in found] == ["/dev/sda1", "/dev/sdb\\x1b"]
    assert found[0].names == (f"{tmp_path}/by-label/web", f"{tmp_path}/by-uuid/u-1")
    assert (found[0].label, found[0].fstype, found[0].size) == ("web", "ext4", 1 << 20)
    assert found[1].size == 4096
    for broken in (b"", b"[]", b'{"blockdevices": 1}'):
        with pytest.raises(UnknownError):
            parsed(broken, {})


async def test_one_part_that_fails_is_told_and_the_others_come(tmp_path: Path) -> None:
    agent = Agent(tmp_path / "state")
    install(tmp_path)
    clock = [0.0]
    taker = InventoryTaker(agent.context, agent.drivers.describe, lambda: clock[0])

    first = await taker.inventory()
    install(tmp_path, "later")
    again = await taker.inventory()
    clock[0] = 60.0
    later = await taker.inventory()

    assert "127.0.0.1/8" in [a for one in first.interfaces for a in one.addresses]
    assert any("no system bus" in trouble for trouble in first.troubles)
    assert first.agents == again.agents == ("test:thing",)
    assert later.agents == ("test:later", "test:thing")
    agent.drivers.close()


async def test_an_agent_tells_its_parameters_and_a_missing_one_that_it_is(tmp_path: Path) -> None:
    agent = Agent(tmp_path / "state")
    install(tmp_path)
    taker = InventoryTaker(agent.context, agent.drivers.describe)

    found = await taker.agent("test:thing")

    needed = next(one for one in found.description.parameters if one.name == "needed")
    assert (found.node, needed.required) == ("alpha", True)
    with pytest.raises(AgentError, match="not installed"):
        await taker.agent("test:other")
    agent.drivers.close()


@pytest.mark.skipif(DAEMON is None, reason="dbus-daemon is not installed")
async def test_services_that_systemd_can_start_are_listed() -> None:
    with tempfile.TemporaryDirectory(prefix="clustertui-bus-") as folder:
        async with fake_systemd(Path(folder, "bus")) as (fake, address):
            fake.units |= {"shop.service": Unit(), "a@.service": Unit(), "x.target": Unit()}
            fake.units["gone.service"] = Unit(file="masked")
            agent = Agent(Path(folder, "state"), system_bus=address)
            taker = InventoryTaker(agent.context, agent.drivers.describe)

            found = await taker.inventory()

            assert found.units == ("shop.service",)
            agent.drivers.close()
