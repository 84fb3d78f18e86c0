"""The commands of README.md and configs/README.md, in the order of the pages, on one cluster.

`make demo` runs in a terminal and is the cluster; what the page shows for a second terminal is run
beside it. "Three Debian machines, from nothing" is played by `test_from_nothing`.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e import test_from_nothing
from tests.e2e.support import status, until
from tests.e2e.terminal import Screen, demonstration
from tests.support.documents import ROOT
from tests.support.shown import Shown, blocks, languages

pytestmark = [pytest.mark.xdist_group("another-cluster-in-a-box"), pytest.mark.timeout(240)]
LIMIT_S = 60.0
BIN = Path(sys.executable).parent
DIGEST = re.compile(r"[0-9a-f]{64}")
PAGES = {name: (ROOT / name).read_text("utf-8") for name in ("README.md", "configs/README.md")}


class Reader:
    """Somebody with the demonstration on the screen and a second terminal, at the top folder."""

    def __init__(self, screen: Screen, folder: Path) -> None:
        self.screen = screen
        self.box = screen.box()
        self.said = ""
        self._exported = ""
        self._output = folder / "said"

    def is_at_rest(self) -> bool:
        """Return whether nothing that was asked for is still under way."""
        self.screen.read(0)
        live = status(self.box / "console.toml")["cluster"]
        return live.get("state") == "stable" and not live["lock"]

    def types(self, command: str) -> None:
        """Run what the page shows; AssertionError unless it ends with 0."""
        until(self.is_at_rest, LIMIT_S, "a cluster at rest")
        shown = self._exported + self._here(command).replace(".venv/bin/", f"{BIN}/")
        for digest in DIGEST.findall(self.said)[-1:]:
            shown = re.sub(r"\bDIGEST\b", digest, shown)
        with self._output.open("w+") as output:
            process = subprocess.Popen(
                ["/bin/sh", "-euc", shown],
                cwd=ROOT,
                env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                until(lambda: self._ended(process), LIMIT_S, command)
            finally:
                process.kill()
                process.wait()
        self.said = self._output.read_text()
        assert process.returncode == 0, f"{command}: {process.returncode}: {self.said}"

    def exports(self, command: str) -> None:
        """Remember what holds for all that is typed in this terminal from now on."""
        self._exported += self._here(command) + "\n"

    def _here(self, command: str) -> str:
        return re.sub(r"\bDIR\b", str(self.box), command)

    def _ended(self, process: "subprocess.Popen[bytes]") -> bool:
        self.screen.read(0.02)  # a terminal that nobody reads would stop the console
        return process.poll() is not None


def opens(reader: Reader, command: str) -> None:
    """`make demo`: it is what the reader has on the screen; here that it was started so."""
    del reader
    assert shlex.split(command, comments=True) == list(DEMO)


def would_start_long(reader: Reader, command: str) -> None:
    """`make test`, `make lab`: not run, for a suite cannot run itself, and the lab needs root.

    `tests/house/test_shown_commands.py` asks what they start whether it takes these words, and
    `tests/lab` tells the lab's stories.
    """
    del reader, command


DEMO = ("make", "demo")
RULES: dict[str, Callable[[Reader, str], None]] = {
    "make demo": opens,
    "make lab": would_start_long,
    "make test": would_start_long,
    "clustertui": Reader.types,
    "export": Reader.exports,
}
"""What is done with a command, by its first words."""


def rule_of(command: str) -> Callable[[Reader, str], None] | None:
    words = " ".join(shlex.split(command.removeprefix(".venv/bin/"), comments=True))
    return next((rule for head, rule in RULES.items() if f"{words} ".startswith(f"{head} ")), None)


def played_here() -> list[tuple[str, Shown]]:
    """Return page and command of each block but those that are played from nothing."""
    readme = PAGES["README.md"]
    head, section = readme.split(test_from_nothing.SECTION, 1)
    after = head.count("\n")
    until_line = after + section.split("\n### ", 1)[0].count("\n")
    return [
        (name, shown)
        for name, page in PAGES.items()
        for block in blocks(page)
        for shown in block
        if not (name == "README.md" and after < shown.line <= until_line)
    ]


def test_every_command_of_the_pages_has_a_rule() -> None:
    unknown = [
        f"{name}:{shown.line}: {shown.text}"
        for name, shown in played_here()
        if rule_of(shown.text) is None
    ]

    assert unknown == []
    assert rule_of("vim cluster.toml") is None
    assert set().union(*map(languages, PAGES.values())) == {"sh", "toml"}


def test_every_command_of_the_pages_does_what_the_pages_say(tmp_path: Path) -> None:
    # `-o setup`: make test has just brought .venv up to date, and a test installs nothing.
    with demonstration(tmp_path, (*DEMO, "-o", "setup", f"BIN={BIN}")) as screen:
        screen.until(b"a second terminal can look", b"alpha", b"charlie", b"orders")
        reader = Reader(screen, tmp_path)
        for name, shown in played_here():
            rule = rule_of(shown.text)
            assert rule is not None, f"{name}:{shown.line}: no rule for {shown.text}"
            rule(reader, shown.text)
        screen.leave()
        screen.gone(reader.box)

        assert screen.process.returncode == 0
