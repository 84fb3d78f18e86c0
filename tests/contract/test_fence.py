"""Fence agents as they are run: what they are given, what counts as success, whom they may be."""

import asyncio
import os
from pathlib import Path

import pytest

from nodeagent.drivers import fence_metadata
from nodeagent.drivers.fence import FenceAgents, FenceJob, FenceWork
from nodeagent.drivers.fence_metadata import MetadataError
from nodeagent.model.configuration import Fence
from tests.contract.agents import marker, sleeping
from tests.contract.waiting import until

METADATA = """<?xml version="1.0" ?>
<resource-agent name="fence_box"><parameters>
<parameter name="ip"/><parameter name="password"/><parameter name="plug"/>
</parameters><actions>
<action name="on"/><action name="off"/><action name="{monitor}"/><action name="metadata"/>
</actions></resource-agent>"""


class Box:
    """A folder with one agent; what it was told lies in `given`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.given = folder, folder / "given"
        self.agents = FenceAgents(folder, metadata_seconds=2.0)
        self.secret = folder / "secret"
        self.write_secret("hunter2")

    def write_secret(self, text: str, mode: int = 0o600) -> None:
        self.secret.unlink(missing_ok=True)
        self.secret.touch(0o600)
        self.secret.write_text(text + "\n")
        self.secret.chmod(mode)

    def agent(self, body: str = "exit 0", *, metadata: str = "", name: str = "fence_box") -> Path:
        told = self.folder / "metadata.xml"
        told.write_text(metadata or METADATA.format(monitor="monitor"))
        program = self.folder / name
        program.write_text(
            f'#!/bin/sh\ngiven=$(cat)\nset -- "$#"\n'
            f'case "$given" in action=metadata*) cat {told}; exit 0;; esac\n'
            f'echo "$given" > {self.given}; echo "arguments $1" >> {self.given}\n{body}\n'
        )
        program.chmod(0o755)
        return program

    async def run(self, work: FenceWork = "fence", **fields: object) -> tuple[bool, str, str]:
        parameters = fields.pop("parameters", {"ip": "10.0.0.9"})
        values = {"agent": "fence_box", "seconds": 10.0, "parameters": parameters} | fields
        outcome = await self.agents.run(FenceJob("bravo", "ipmi", Fence(**values), work))  # type: ignore[arg-type]
        return outcome.ok, outcome.code, " | ".join((outcome.text, *outcome.evidence))


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


async def test_parameters_are_lines_on_standard_input_and_nothing_else(box: Box) -> None:
    box.agent()

    ok, code, _ = await box.run(parameters={"ip": "10.0.0.9", "password-file": str(box.secret)})

    assert (ok, code) == (True, "ok")
    assert box.given.read_text().splitlines() == [
        "action=off",
        "ip=10.0.0.9",
        "password=hunter2",
        "arguments 0",
    ]


async def test_reboot_is_asked_for_where_it_is_configured(box: Box) -> None:
    box.agent()

    assert (await box.run(action="reboot"))[0]

    assert box.given.read_text().startswith("action=reboot\n")


@pytest.mark.parametrize("code", [1, 2, 77])
async def test_any_exit_code_but_0_is_no_proof(box: Box, code: int) -> None:
    box.agent(f"echo cannot reach the board >&2; exit {code}")

    ok, kind, text = await box.run()

    assert (ok, kind) == (False, "failed")
    assert f"exit code {code}" in text
    assert "cannot reach the board" in text


async def test_an_agent_that_is_killed_is_no_proof(box: Box) -> None:
    box.agent("kill -9 $$")

    ok, _, text = await box.run()

    assert not ok
    assert "SIGKILL" in text


async def test_an_agent_that_takes_too_long_is_killed_with_all_it_started(box: Box) -> None:
    mark = marker()
    box.agent(f"sleep {mark} & sleep {mark}; exit 0")

    ok, code, _ = await box.run(seconds=0.3)

    assert (ok, code) == (False, "timeout")
    await until(lambda: not sleeping(mark))


async def test_cancelled_it_leaves_nothing(box: Box) -> None:
    mark = marker()
    box.agent(f"sleep {mark}")
    task = asyncio.create_task(box.run())
    await until(lambda: sleeping(mark))

    task.cancel()

    await until(lambda: not sleeping(mark))


async def test_secrets_and_escapes_do_not_come_back(box: Box) -> None:
    long = "x" * 197
    box.agent(f"printf 'login hunter2 \\033[31mfailed\\n{long}hunter2\\n'; exit 1")

    _, _, text = await box.run(parameters={"password-file": str(box.secret)})

    assert "hunter2" not in text
    assert "hun" not in text
    assert "\x1b" not in text
    assert "login ***" in text


@pytest.mark.parametrize("name", ["../fence_box", "fence_Box", "box", "fence_box\n", "fence_"])
async def test_only_an_agents_name_is_run(box: Box, name: str) -> None:
    box.agent()

    ok, code, _ = await box.run(agent=name)

    assert (ok, code) == (False, "invalid")
    assert not box.given.exists()


@pytest.mark.parametrize("parameters", [{"ip": "1\naction=on"}, {"action": "on"}, {"a=b": "c"}])
async def test_nobody_smuggles_a_line_in(box: Box, parameters: dict[str, str]) -> None:
    box.agent()

    ok, code, _ = await box.run(parameters=parameters)

    assert (ok, code) == (False, "invalid")
    assert not box.given.exists()


async def test_an_agent_that_others_may_write_is_not_run(box: Box) -> None:
    box.agent().chmod(0o757)

    ok, code, text = await box.run()

    assert (ok, code) == (False, "invalid")
    assert "others may write" in text
    assert not box.given.exists()


async def test_a_link_to_what_others_may_write_is_not_followed_into_trust(box: Box) -> None:
    inside = box.folder / "open"
    inside.mkdir()
    inside.chmod(0o777)
    box.agent().rename(inside / "fence_box")
    (box.folder / "fence_box").symlink_to(inside / "fence_box")

    ok, _, text = await box.run()

    assert not ok
    assert "others may write" in text
    assert not box.given.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_an_agent_of_another_user_is_not_run(box: Box) -> None:
    os.chown(box.agent(), 65534, 65534)

    ok, _, text = await box.run()

    assert not ok
    assert "must belong to root" in text


async def test_an_agent_that_is_not_there_is_named(box: Box) -> None:
    ok, code, text = await box.run(agent="fence_gone")

    assert (ok, code) == (False, "invalid")
    assert "fence_gone is not installed" in text


@pytest.mark.parametrize("how", ["readable", "link", "gone", "two lines", "pipe"])
async def test_a_secret_that_is_none_stops_it(box: Box, how: str) -> None:
    box.agent()
    if how == "readable":
        box.write_secret("hunter2", 0o644)
    elif how == "two lines":
        box.write_secret("hunter2\naction=on")
    else:
        box.secret.rename(box.folder / "elsewhere")
    if how == "link":
        box.secret.symlink_to(box.folder / "elsewhere")
    if how == "pipe":
        os.mkfifo(box.secret)

    ok, code, text = await box.run(parameters={"password-file": str(box.secret)})

    assert (ok, code) == (False, "invalid")
    assert str(box.secret) in text
    assert "hunter2" not in text
    assert not box.given.exists()


async def test_the_manual_device_is_a_person(box: Box) -> None:
    ok, code, text = await box.run(agent="manual")

    assert (ok, code) == (False, "manual")
    assert "clustertui fence confirm bravo" in text


# -- validate


@pytest.mark.parametrize(("monitor", "code"), [("monitor", 0), ("status", 0), ("status", 2)])
async def test_validate_asks_the_device_and_switches_nothing(
    box: Box, monitor: str, code: int
) -> None:
    box.agent(f"exit {code}", metadata=METADATA.format(monitor=monitor))

    assert (await box.run("validate"))[0]

    assert box.given.read_text().startswith(f"action={monitor}\n")


async def test_validate_names_parameters_that_the_agent_does_not_know(box: Box) -> None:
    box.agent()

    ok, code, text = await box.run(
        "validate",
        parameters={"ip": "1", "pasword-file": str(box.secret), "port": "2"},
    )

    assert (ok, code) == (False, "invalid")
    assert "knows no parameter pasword, port" in text
    assert not box.given.exists()


async def test_validate_tells_a_device_that_does_not_answer(box: Box) -> None:
    box.agent("echo no route; exit 1")

    ok, _, text = await box.run("validate")

    assert not ok
    assert "no route" in text


async def test_validate_wants_an_agent_that_can_do_the_action(box: Box) -> None:
    box.agent()

    ok, _, text = await box.run("validate", action="reboot")

    assert not ok
    assert "cannot do reboot" in text


@pytest.mark.parametrize(
    "document",
    [
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><resource-agent>&b;</resource-agent>',
        "no xml",
        "<other/>",
        "",
        "<resource-agent>" + " " * (1 << 20) + "</resource-agent>",
    ],
)
def test_metadata_that_is_none_is_refused(document: str) -> None:
    with pytest.raises(MetadataError):
        fence_metadata.read(document.encode())


async def test_an_agent_that_talks_without_end_is_stopped(box: Box) -> None:
    program = box.agent()
    program.write_text("#!/bin/sh\ncat >/dev/null\nexec yes\n")

    ok, _, text = await box.run("validate")

    assert not ok
    assert "bytes" in text
