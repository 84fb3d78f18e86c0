"""A machine that nobody knows joins a running cluster by invitation, and serves a group."""

import asyncio
import json
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from nodeagent.client.client import Client
from nodeagent.config import edit
from nodeagent.wire.joining import invitation_text, read_invitation
from tests.e2e.support import until
from tests.e2e.test_commands import command, owner, run, status
from tests.support.screens import SMALL, running, shows
from tests.support.screens import until as until_shown
from tui.app import ClusterApp
from tui.demo.agents import Agent
from tui.demo.box import Box
from tui.demo.places import NODE_NAMES

pytestmark = [pytest.mark.xdist_group("cluster-in-a-box"), pytest.mark.timeout(180)]
LIMIT_S = 60.0
DELTA, ECHO = NODE_NAMES[3:5]
FINGERPRINT = re.compile(r"[0-9a-f]{4}(?:-[0-9a-f]{4}){7}")


class Talk:
    """A command that runs, and what it has said so far."""

    def __init__(self, arguments: list[str]) -> None:
        self.process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def until_said(self, words: str) -> None:
        until(lambda: words in self.text, LIMIT_S, f"{words!r} in {self.text!r}")

    def end(self) -> int:
        code = self.process.wait(LIMIT_S)
        self._reader.join(LIMIT_S)
        return code

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(LIMIT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box() as made:
        made.start()
        until(lambda: status(made)["cluster"].get("state") == "stable", LIMIT_S, "a stable cluster")
        yield made


def adapters(box: Box, name: str) -> list[str]:
    places, number = box.places, NODE_NAMES.index(name)
    words = []
    for interface, network, role in (
        ("eth0", "public1", "service"),
        ("eth1", "public2", "service"),
        ("eth2", "private", "private"),
    ):
        words += ["--adapter", f"{interface}={network}:{places.node(network, number)}:{role}"]
    return words


def joining(box: Box, state: Path, invitation: str, node: str = DELTA) -> Talk:
    program = [sys.executable, "-m", "nodeagent", "join", "--state", str(state)]
    return Talk([*program, "--node", node, *adapters(box, node), invitation])


def guests(box: Box) -> list[dict[str, str]]:
    return [found["guest"] for found in json.loads(run(box, "joining", "--json").stdout)]


def refuses_what_is_not_confirmed(box: Box, shown: str, wrong: str) -> None:
    until(lambda: guests(box)[0]["state"] == "asks", LIMIT_S, "it asks")
    assert guests(box)[0]["fingerprint"] == shown
    refused = run(box, "joining", DELTA, "--yes", wrong)
    assert refused.returncode == 1
    assert "withdraw the invitation" in refused.stderr
    assert run(box, "joining", DELTA).returncode == 2, "nobody is asked without a terminal"
    assert f"[node.{DELTA}]" not in run(box, "export", "configuration", "--draft").stdout


def refuses_all_others(box: Box, invitation: str) -> None:
    """Another machine with the same word, and one with a token of its own making."""
    forged = msgspec.structs.replace(read_invitation(invitation), token="f" * 32)
    for number, word in enumerate((invitation, invitation_text(forged))):
        with closing(joining(box, box.folder / f"stranger{number}", word)) as stranger:
            assert stranger.end() == 1, stranger.text
            assert "this invitation is not good here" in stranger.text
    assert len(guests(box)) == 1


def let_in(box: Box, invitation: str, inviter: str) -> None:
    """Join, confirm, and run the DARE, which waits until the agent is started."""
    agent = Agent(DELTA, box.folder / DELTA, box.mark, box.program)
    agent.folder.mkdir(mode=0o700)
    with closing(joining(box, agent.state, invitation)) as talk:
        talk.until_said("waits until an administrator")
        servers, own = FINGERPRINT.findall(talk.text)
        assert servers == inviter
        refuses_what_is_not_confirmed(box, own, servers)
        refuses_all_others(box, invitation)
        with closing(Talk(command(box, "joining", DELTA, "--yes", own, "--apply"))) as adding:
            assert talk.end() == 0, talk.text
            adding.until_said("verify")  # asks delta again and again
            box.agents[DELTA] = agent
            box.run(DELTA)
            assert adding.end() == 0, adding.text
    until(lambda: DELTA in status(box)["cluster"]["view"], LIMIT_S, "delta is in")


def test_a_fourth_agent_joins_by_invitation_and_serves_a_group(box: Box) -> None:
    invited = json.loads(run(box, "invite", DELTA, "--json").stdout)
    let_in(box, invited["invitation"], invited["fingerprint"])

    active = run(box, "export", "configuration").stdout
    assert "# Short times, so that a takeover can be watched" in active
    assert tomllib.loads(active)["node"][DELTA]["adapter"]["eth2"]["role"] == "private"
    assert run(box, "export", "configuration", "--draft").stdout == active

    served = box.folder / "served.toml"
    nodes = [*tomllib.loads(active)["group"]["web"]["nodes"], DELTA]
    served.write_text(edit.set_value(active, ("group", "web", "nodes"), nodes))
    assert run(box, "apply", str(served)).returncode == 0
    assert run(box, "move", "web", DELTA).returncode == 0
    assert owner(box, "web") == DELTA

    with closing(joining(box, box.folder / "other", invited["invitation"])) as again:
        again.until_said("nobody listens there")


async def test_a_machine_joins_by_the_pages_of_the_console(box: Box) -> None:
    agent = Agent(ECHO, box.folder / ECHO, box.mark, box.program)
    agent.folder.mkdir(mode=0o700)
    app = ClusterApp(Client(box.access()), author="ann")
    async with running(app, SMALL) as pilot:
        await shows(pilot, "may fail")
        await pilot.press("n", "i")
        await shows(pilot, "Name of the new node")
        await pilot.press(*ECHO, "enter", "enter")
        await shows(pilot, f"The invitation of {ECHO}")
        await pilot.press("y")  # as it is copied
        (invitation,) = re.findall("'(join1[^']+)'", app.clipboard)
        await pilot.press("escape")
        with closing(joining(box, agent.state, invitation, ECHO)) as talk:
            await shows(pilot, "1 asks to be let in")
            await until_shown(pilot, lambda: "waits until an administrator" in talk.text, "waits")
            own = FINGERPRINT.findall(talk.text)[1]
            await pilot.press("a")
            await shows(pilot, f"Let {ECHO} in?", own)
            await pilot.press("right", "enter")
            await shows(pilot, f"{ECHO} is in the draft")
            code = await asyncio.to_thread(talk.end)
            assert code == 0, talk.text
        box.agents[ECHO] = agent
        await asyncio.to_thread(box.run, ECHO)
        await pilot.press("5")
        await shows(pilot, "g run")
        await pilot.press("g")
        await shows(pilot, "Run the DARE on", "survives")
        await pilot.press("right", "enter")
        await shows(pilot, "DONE")
        await pilot.press("1")
        await shows(pilot, f"{ECHO} ", "may fail")
