"""Two of three nodes are lost for good: an operator goes on with the third, on its disk."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.support import status, until
from tui.demo.box import Box

pytestmark = [pytest.mark.xdist_group("cluster-in-a-box"), pytest.mark.timeout(240)]
LIMIT_S = 60.0
AGENT = (sys.executable, "-m", "nodeagent")


@pytest.fixture
def box() -> Iterator[Box]:
    with Box() as made:
        made.start()
        until(lambda: seen(made).get("state") == "stable", LIMIT_S, "a stable cluster")
        yield made


def seen(box: Box) -> dict[str, Any]:
    """Return the cluster as alpha sees it, nothing while it cannot be asked."""
    cluster: dict[str, Any] = status(box.access_file)["cluster"]
    return cluster


def checked(box: Box, name: str) -> tuple[int, set[str]]:
    """Return what `nodeagent check` says: its exit code, and the codes of what it found."""
    command = [*AGENT, "check", "--state", str(box.agents[name].state), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    things = json.loads(done.stdout)["things"]
    return done.returncode, {item["code"] for thing in things for item in thing["findings"]}


def on_a_terminal(arguments: list[str], typed: str) -> tuple[int, str]:
    """Return the exit code and what was shown to an operator who types one line."""
    master, slave = pty.openpty()
    process = subprocess.Popen(arguments, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    shown = b""
    try:
        while b"to do it:" not in shown:
            shown += os.read(master, 4096)
        os.write(master, typed.encode() + b"\n")
        while True:
            try:
                shown += os.read(master, 4096)
            except OSError:  # the other side hung up
                break
    finally:
        os.close(master)
    return process.wait(60), shown.decode()


def force(state: Path) -> list[str]:
    return [*AGENT, "force-generation", "--state", str(state), "--survivor", "alpha"]


def test_the_third_goes_on_alone_and_a_lost_one_that_returns_changes_nothing(box: Box) -> None:
    assert checked(box, "alpha") == (0, {"N620"})
    for lost in ("bravo", "charlie"):
        box.agents[lost].power_off()
    until(lambda: seen(box).get("quorum") is False, LIMIT_S, "no quorum")
    box.agents["alpha"].power_off()
    state = box.agents["alpha"].state
    exit_code, _ = checked(box, "alpha")
    assert exit_code == 0

    code, shown = on_a_terminal(force(state), "something else")
    assert code == 1
    assert "POWER IT OFF" in shown
    code, shown = on_a_terminal(force(state), "box")

    assert code == 0, shown
    box.run("alpha")
    until(
        lambda: set(seen(box).get("owners", {"": ""}).values()) == {"alpha"},
        LIMIT_S,
        "all at alpha",
    )
    until(lambda: seen(box).get("state") in {"stable", "unstable"}, LIMIT_S, "it works")
    box.run("charlie")
    until(lambda: "generation" in box.agents["charlie"].log.read_text(), LIMIT_S, "it was refused")
    assert set(seen(box)["owners"].values()) == {"alpha"}
    assert seen(box)["voters"] == ["alpha"]
