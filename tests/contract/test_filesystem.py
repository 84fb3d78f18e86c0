"""File systems on loop devices, in a place with mounts of its own."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from nodeagent.drivers import mounts
from nodeagent.drivers.leftovers import Leftovers
from nodeagent.drivers.registry import Drivers
from nodeagent.drivers.watchdog import Watchdog
from nodeagent.model.configuration import Filesystem
from tests.contract.agents import Agent
from tests.contract.waiting import until
from tests.support import namespaces
from tests.support.namespaces import run

PROGRAMS = ("losetup", "mkfs.ext4", "mount", "umount", "blkid")


def why_not() -> str:
    """Return why nothing can be mounted here, "" if it can."""
    missing = namespaces.why_not(*PROGRAMS)
    return missing or ("" if Path("/dev/loop-control").exists() else "there are no loop devices")


pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "mounts can be made")


@pytest.fixture
def device(tmp_path: Path) -> Iterator[str]:
    """Return a device with an ext4 on it."""
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.truncate(64 << 20)
    run("mkfs.ext4", "-q", "-F", str(image))
    with namespaces.private(namespaces.MOUNTS):
        name = run("losetup", "--find", "--show", str(image)).strip()
        try:
            yield name
        finally:
            for one in mounts.table():
                if one.source == name:
                    subprocess.run(["umount", one.directory], capture_output=True)
            run("losetup", "--detach", name)


@pytest.fixture
async def agent(device: str, tmp_path: Path) -> AsyncIterator[Agent]:
    made = Agent(tmp_path / "state")
    yield made
    made.drivers.close()


@pytest.fixture
def resource(device: str, tmp_path: Path) -> Filesystem:
    return Filesystem(device=device, directory=str(tmp_path / "data"), fstype="ext4")


def inside(resource: Filesystem, name: str) -> Path:
    return Path(resource.directory) / name


def using(resource: Filesystem, *, stubborn: bool = False) -> "subprocess.Popen[bytes]":
    """Return a process with its folder and a file on the file system; `stubborn` against TERM."""
    trap = "trap '' TERM; " if stubborn else ""
    script = f"{trap}cd {resource.directory}; exec 9> open; echo in; while :; do sleep 1; done"
    user = subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE)
    assert user.stdout is not None
    assert user.stdout.readline() == b"in\n"
    return user


def loop_inside(resource: Filesystem) -> str:
    """Return a loop device on a file in there."""
    with inside(resource, "inner").open("wb") as file:
        file.truncate(1 << 20)
    return run("losetup", "--find", "--show", str(inside(resource, "inner"))).strip()


def mounted(resource: Filesystem) -> bool:
    return mounts.at(resource.directory) is not None


async def test_it_is_mounted_and_unmounted(agent: Agent, resource: Filesystem) -> None:
    before = await agent.run("monitor", resource)
    started, again = await agent.run("start", resource), await agent.run("start", resource)
    running, is_there = await agent.run("monitor", resource), mounted(resource)
    inside(resource, "precious").write_text("data")
    stopped, gone = await agent.run("stop", resource), await agent.run("stop", resource)

    assert (started.code, again.code, running.code) == ("ok", "ok", "ok"), (started, again, running)
    assert is_there
    assert (stopped.ok, gone.ok, mounted(resource)) == (True, True, False), (stopped, gone)
    assert before.code == (await agent.run("monitor", resource)).code == "stopped"
    assert list((agent.context.state_directory / "placed").iterdir()) == []
    assert (await agent.run("start", resource, slot=2)).ok
    assert inside(resource, "precious").read_text() == "data"


async def test_options_are_used(agent: Agent, resource: Filesystem) -> None:
    with_options = Filesystem(
        device=resource.device, directory=resource.directory, options=("ro", "noatime")
    )

    assert (await agent.run("start", with_options)).ok
    assert (await agent.run("monitor", with_options)).ok

    there = mounts.at(resource.directory)
    assert there is not None
    assert {"ro", "noatime"} <= there.options


async def test_a_device_in_use_is_held(agent: Agent, resource: Filesystem, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run("mount", resource.device, str(elsewhere))

    refused = await agent.run("start", resource)

    assert (refused.ok, refused.code) == (False, "held"), refused
    assert str(elsewhere) in refused.text
    assert not mounted(resource)
    run("umount", str(elsewhere))


async def test_a_claim_with_a_higher_token_keeps_others_out(
    agent: Agent, resource: Filesystem, tmp_path: Path
) -> None:
    """What stands on the disk is that another node had it later: we were decreed out."""
    other = Agent(tmp_path / "other", "bravo")
    await other.run("start", resource, slot=9)
    run("umount", resource.directory)  # bravo died

    refused = await agent.run("start", resource, slot=5)

    assert (refused.ok, refused.code) == (False, "held"), refused
    assert "bravo" in refused.text
    assert not mounted(resource)
    assert (await agent.run("start", resource, slot=10)).ok


@pytest.mark.parametrize("stubborn", [False, True], ids=["ends by TERM", "needs KILL"])
async def test_who_uses_it_is_ended_at_stop(
    agent: Agent, resource: Filesystem, *, stubborn: bool
) -> None:
    await agent.run("start", resource)
    user = using(resource, stubborn=stubborn)

    stopped = await agent.run("stop", resource, limit_s=4.0)

    assert stopped.ok, stopped
    assert "processes that used it" in stopped.text
    assert not mounted(resource)
    user.communicate(timeout=10)


async def test_a_stop_that_cannot_unmount_says_so_in_time(
    agent: Agent, resource: Filesystem
) -> None:
    """A loop device on a file in there keeps it busy, and no process can be ended for that."""
    await agent.run("start", resource)
    loop = loop_inside(resource)

    failed = await agent.run("stop", resource, limit_s=8.0)

    assert (failed.ok, failed.code) == (False, "failed"), failed
    assert "busy" in failed.text
    assert mounted(resource), "never lazily"
    run("losetup", "--detach", loop)
    await until(lambda: subprocess.run(["umount", resource.directory]).returncode == 0)
    assert (await agent.run("stop", resource)).ok


async def test_monitor_notices_what_others_do(agent: Agent, resource: Filesystem) -> None:
    await agent.run("start", resource)
    run("mount", "-o", "remount,ro", resource.directory)
    read_only = await agent.run("monitor", resource)
    run("umount", resource.directory)
    gone = await agent.run("monitor", resource)

    assert (read_only.ok, read_only.code) == (False, "failed")
    assert "read-only" in read_only.text
    assert (gone.ok, gone.code) == (False, "stopped")


async def test_a_stop_waits_for_a_mount_that_has_begun(agent: Agent, resource: Filesystem) -> None:
    starting = asyncio.create_task(agent.run("start", resource))
    for _ in range(5):
        await asyncio.sleep(0)

    assert (await agent.run("stop", resource)).ok

    await starting
    assert not mounted(resource)


async def test_the_next_agent_unmounts_what_a_dead_one_left(
    agent: Agent, resource: Filesystem, tmp_path: Path
) -> None:
    await agent.run("start", resource)

    told = Leftovers(tmp_path / "state").end_all()

    assert ["taken back" in line for line in told] == [True]
    assert not mounted(resource)


async def test_the_deadman_unmounts(agent: Agent, resource: Filesystem, tmp_path: Path) -> None:
    await agent.run("start", resource)
    user = using(resource)
    deadman = Watchdog.start(tmp_path / "state", 0.2)  # nobody feeds it

    await until(lambda: not mounted(resource))

    await until(lambda: not deadman.pet())
    deadman.stop()
    user.communicate(timeout=10)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"device": "/dev/null"}, "no block device"),
        ({"device": "/dev/nothing"}, "No such file"),
        ({"fstype": "xfs"}, "has a file system ext4, not xfs"),
        ({"fstype": "-o"}, "no type of a file system"),
        ({"options": ("rw,exec",)}, "no option"),
        ({"options": ("--bind",)}, "no option"),
        ({"options": ("bind",)}, "no option"),
        ({"options": ("",)}, "no option"),
        ({"directory": "/nowhere/at/all"}, "is missing"),
        ({"directory": "/etc/passwd"}, "is not a folder"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
async def test_validate_tells_what_is_wrong(
    agent: Agent, resource: Filesystem, fields: dict[str, object], words: str
) -> None:
    base = {"device": resource.device, "directory": resource.directory, "fstype": "ext4"}

    outcome = await agent.run("validate", Filesystem(**{**base, **fields}))  # type: ignore[arg-type]

    assert (outcome.ok, outcome.code) == (False, "invalid"), outcome
    assert words in outcome.text
    assert (await agent.run("validate", resource)).ok
    assert not mounted(resource)


async def test_a_device_without_file_system_is_told(agent: Agent, resource: Filesystem) -> None:
    run("dd", "if=/dev/zero", f"of={resource.device}", "bs=1M", "count=1", "status=none")

    outcome = await agent.run("validate", resource)

    assert (outcome.ok, outcome.code) == (False, "invalid")
    assert "no file system" in outcome.text


async def test_what_cannot_be_taken_back_stays_held(
    agent: Agent, resource: Filesystem, tmp_path: Path
) -> None:
    """The next agent must not say that its group is released while the device is mounted."""
    await agent.run("start", resource)
    loop = loop_inside(resource)
    left = Leftovers(tmp_path / "state")

    told = left.end_all()
    held = left.keys

    assert held == (("web", "thing"),)
    assert ["stays held here" in line for line in told] == [True]
    run("losetup", "--detach", loop)
    await until(lambda: not loop_users(resource))
    heir = Agent(tmp_path / "state")
    heir.drivers = Drivers(heir.context, lambda *_: None, left)
    assert (await heir.run("stop", resource)).ok
    assert not left.keys
    assert not mounted(resource)


def loop_users(resource: Filesystem) -> bool:
    """Return whether a loop device still has the file in there open."""
    return str(inside(resource, "inner")) in run("losetup", "--all")
