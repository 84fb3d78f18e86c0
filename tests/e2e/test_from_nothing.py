"""README, "Three Debian machines, from nothing": its commands, as a person would paste them.

The machines are folders on this one, and their addresses are on loopback; nothing else is changed
in what is pasted. `systemctl` is a small program that does what systemd does with the unit.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from textwrap import dedent

import pytest

from tests.e2e.support import until
from tests.support.documents import ROOT
from tui.demo.places import find_places

pytestmark = [pytest.mark.xdist_group("cluster-in-a-box"), pytest.mark.timeout(240)]
LIMIT_S = 90.0
SECTION = "### Three Debian machines, from nothing"
FINGERPRINT = re.compile(r"[0-9a-f]{4}(?:-[0-9a-f]{4}){7}")
SYSTEMCTL = '''#!{python}
"""Starts the service of a unit and waits until it is ready, as systemctl does for Type=notify."""
import os, pathlib, shlex, socket, subprocess, sys
if sys.argv[1:] == ["daemon-reload"]:
    sys.exit(0)
assert sys.argv[1:] == ["enable", "--now", "nodeagent"], sys.argv
folder = pathlib.Path("{folder}")
lines = dict(
    line.split("=", 1) for line in (folder / "nodeagent.service").read_text().splitlines()
    if "=" in line and not line.startswith("#")
)
assert lines["Type"] == "notify"
words = [w.replace("/var/lib/nodeagent", "{state}") for w in shlex.split(lines["ExecStart"])]
ears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ears.bind(str(folder / "notify"))
ears.settimeout(60)
with (folder / "agent.log").open("ab") as log:
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        env={{**os.environ, "NOTIFY_SOCKET": str(folder / "notify")}},
    )
(folder / "pid").write_text(str(process.pid))
assert ears.recv(100) == b"READY=1"
'''


def blocks() -> list[str]:
    """Return the shell blocks of the section, as they are copied from the page."""
    text = (ROOT / "README.md").read_text("utf-8").split(SECTION, 1)[1].split("\n### ", 1)[0]
    return [dedent(found) for found in re.findall(r"```sh\n(.*?) *```", text, re.DOTALL)]


class Machine:
    """A folder with what one machine has of its own: a home, a state directory, a systemd."""

    def __init__(self, name: str, folder: Path, places: dict[str, str]) -> None:
        self.name, self.folder = name, folder / name
        self.folder.mkdir()
        state, own = self.folder / "state", self.folder / "bin"
        self._changes = {
            **places,
            "/var/lib/nodeagent": str(state),
            "unit --install": f"unit --install --folder {self.folder}",
        }
        own.mkdir()
        systemctl = own / "systemctl"
        systemctl.write_text(
            SYSTEMCTL.format(python=sys.executable, folder=self.folder, state=state)
        )
        systemctl.chmod(0o755)
        path = f"{own}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environment = {"HOME": str(self.folder), "PATH": path, "LANG": "C.UTF-8"}

    def paste(self, block: str) -> "Pasted":
        """Run a block of the page in a shell with a terminal for its answers."""
        for old, new in self._changes.items():
            block = block.replace(old, new)
        return Pasted(block, self)

    def service_in(self, text: str) -> str:
        """Return what a text of the page says on this machine."""
        for old, new in self._changes.items():
            text = text.replace(old, new)
        return text

    def end(self) -> None:
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((self.folder / "pid").read_text()), signal.SIGKILL)


class Pasted:
    """A block that runs, what it says, and a keyboard."""

    def __init__(self, block: str, machine: Machine) -> None:
        keyboard, terminal = os.openpty()
        self._keyboard = keyboard
        self.process = subprocess.Popen(
            ["/bin/sh", "-eu", "-c", block],
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=machine.environment,
            cwd=machine.folder,
            bufsize=0,
        )
        os.close(terminal)
        self.text = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for data in iter(lambda: self.process.stdout.read(4096), b""):  # type: ignore[union-attr]
            self.text += data.decode("utf-8", "replace")

    def until_said(self, words: str) -> None:
        until(lambda: words in self.text, LIMIT_S, f"{words!r} in {self.text!r}")

    def type(self, text: str) -> None:
        os.write(self._keyboard, text.encode())

    def succeeds(self) -> str:
        code = self.process.wait(LIMIT_S)
        self._reader.join(LIMIT_S)
        assert code == 0, self.text
        return self.text

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(LIMIT_S)
        os.close(self._keyboard)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[dict[str, Machine]]:
    found = find_places()
    places = {
        prefix: found.node(network, 0).rpartition(".")[0] + "."
        for prefix, network in (("10.10.1.", "public1"), ("192.168.50.", "private"))
    }
    made = {name: Machine(name, tmp_path, places) for name in ("alpha", "bravo", "charlie")}
    try:
        yield made
    finally:
        for machine in made.values():
            machine.end()
        until(lambda: not running_in(tmp_path), LIMIT_S, "nothing is left running")


def running_in(folder: Path) -> list[str]:
    """Return the commands that run for the machines in `folder`."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            command = file.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if str(folder) in command:
                found.append(command)
    return found


def test_the_page_leads_from_nothing_to_a_cluster_that_serves(
    machines: dict[str, Machine],
) -> None:
    install, first, invite_bravo, bravo, invite_charlie, charlie, serve = blocks()
    alpha = machines["alpha"]
    assert "pip install" in install, "the one block that is not run"

    with closing(alpha.paste(first)) as pasted:
        assert "alpha" in pasted.succeeds()
    add(alpha, invite_bravo, machines["bravo"], bravo)
    add(alpha, invite_charlie, machines["charlie"], charlie)
    with closing(alpha.paste(serve)) as pasted:
        said = pasted.succeeds()

    known = (alpha.folder / ".config/clustertui/console.toml").read_text()
    assert re.findall(r"^\[agent\.(\w+)\]$", known, re.MULTILINE) == list(machines)
    machines["alpha"].end()
    with closing(alpha.paste("clustertui why web")) as pasted:
        assert "charlie" in pasted.succeeds(), "another agent answers"

    assert "done: " in said
    assert re.search(r"web +\S* *.*charlie", said), said
    where = alpha.service_in("http://10.10.1.100:8080/")
    with urllib.request.urlopen(where, timeout=10) as answer:
        assert answer.status == 200


def add(alpha: Machine, invite: str, machine: Machine, join: str) -> None:
    with closing(alpha.paste(invite)) as inviting:
        until(lambda: "join1." in inviting.text and "good once" in inviting.text, LIMIT_S, "a word")
        word = next(w for w in inviting.text.split() if w.startswith("join1."))
        with closing(machine.paste(join.replace("INVITATION", word))) as joining:
            inviting.until_said("show the same fingerprint? [y/N]")
            shown = FINGERPRINT.findall(joining.text)
            assert len(set(shown)) == 2
            assert shown == FINGERPRINT.findall(inviting.text)
            inviting.type("y\n")
            joining.succeeds()
            inviting.succeeds()
