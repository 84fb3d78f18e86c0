"""The commands of tui/GUIDE.md on one cluster, in the order of the page."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.support import status, until
from tests.support.guide import GUIDE, Block, Scene, parts
from tui.demo.box import Box

pytestmark = [pytest.mark.xdist_group("cluster-in-a-box"), pytest.mark.timeout(600)]
LIMIT_S = 90.0
STATE = "/var/lib/nodeagent"
DIGEST = re.compile(r"[0-9a-f]{64}")


class Operator:
    """Somebody at a shell who reads a page and types what it says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = ""
        self.box = Box()
        self.box.start()
        self.until_stable()

    def replace_cluster(self) -> None:
        self.box.close()
        self.box = Box()
        self.box.start()
        self.until_stable()

    def live(self) -> dict[str, Any]:
        """Return what `status` says of the cluster, nothing while no agent answers."""
        live: dict[str, Any] = status(self.box.access_file)["cluster"]
        return live

    def until_stable(self) -> None:
        until(lambda: self.live().get("state") == "stable", LIMIT_S, "a stable cluster")

    def type(self, block: Block) -> None:
        """Type a block's commands; AssertionError unless they end as the page says."""
        if not block.exit_code:
            until(self._ready, LIMIT_S, "no DARE and no probation")
        *first, last = block.commands
        reached = self.folder / "reached"
        reached.unlink(missing_ok=True)
        done = self._shell(self._here("\n".join((*first, f": >{reached}", last)), block.node))
        told = f"GUIDE line {block.line}: {done}"
        assert reached.exists(), told
        assert done.returncode == block.exit_code, told
        self.said = done.stdout or self.said

    def _ready(self) -> bool:
        live = self.live()
        return not (live and (live["lock"] or live["probation"]))

    def _here(self, script: str, node: str) -> str:
        """Return what a script of the page says in this place."""
        digests = DIGEST.findall(self.said)
        if digests:
            script = re.sub(r"\bDIGEST\b", digests[-1], script)
        return script.replace(STATE, str(self.box.agents[node].state)) if node else script

    def _shell(self, script: str) -> "subprocess.CompletedProcess[str]":
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return subprocess.run(
            ["/bin/sh", "-euc", script],
            cwd=self.folder,
            env={"PATH": path, "LANG": "C.UTF-8", "CLUSTERTUI_KEY": str(self.box.access_file)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    # -- scenes

    def dies(self, *names: str) -> None:
        for name in names:
            self.box.agents[name].power_off()

    def is_out(self, name: str) -> None:
        self.dies(name)
        until(lambda: name not in self.live().get("view", (name,)), LIMIT_S, f"{name} is out")

    def returns(self, name: str) -> None:
        self.box.run(name)
        self.until_stable()

    def majority_is_lost(self) -> None:
        self.dies("bravo", "charlie")
        until(lambda: self.live().get("quorum") is False, LIMIT_S, "no quorum")

    def goes_on_alone(self) -> None:
        self.box.run("alpha")
        until(lambda: bool(self.live().get("quorum")), LIMIT_S, "alpha decides alone")


SCENES: dict[str, Callable[[Operator], None]] = {
    "charlie dies": lambda operator: operator.is_out("charlie"),
    "charlie returns": lambda operator: operator.returns("charlie"),
    "bravo and charlie die": Operator.majority_is_lost,
    "alpha stops": lambda operator: operator.dies("alpha"),
    "alpha starts": Operator.goes_on_alone,
    "a new cluster": Operator.replace_cluster,
}


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    made = Operator(tmp_path)
    try:
        yield made
    finally:
        made.box.close()


def test_every_command_of_the_guide_does_what_the_guide_says(operator: Operator) -> None:
    for part in parts(GUIDE.read_text("utf-8")):
        if isinstance(part, Scene):
            SCENES[part.name](operator)
        else:
            operator.type(part)
