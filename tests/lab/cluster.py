"""A cluster in a box with OCF agents on it, in a place of its own: FOLDER."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.contract.agents import install, sleeping
from tests.lab.place import AGENTS
from tests.lab.scenes import ADDRESS, has_address, run, veth_address
from tui.demo.box import Box

LIMIT_S = 40.0
MARK = "876543.21"
GROUP = f"""
[group.shop]
nodes = ["alpha", "bravo", "charlie"]

[group.shop.resource.address]
type = "ocf:heartbeat:IPaddr2"
parameters = {{ ip = "{ADDRESS}", cidr_netmask = "24", nic = "lab0", arp_count = "1" }}

[group.shop.resource.state]
type = "ocf:heartbeat:Dummy"

[group.shop.resource.thing]
type = "ocf:test:thing"
parameters = {{ needed = "yes", mark = "{MARK}", calls = "CALLS", validate_code = "0" }}
reloadable = ["mark"]
interval-seconds = 1
"""


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.05)


class Cluster:
    """The box, asked as a script would."""

    def __init__(self, box: Box, folder: Path) -> None:
        self.box = box
        self.folder = folder

    def ask(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a subcommand of clustertui."""
        words = [sys.executable, "-m", "tui.cli", "--key", str(self.box.access_file), *arguments]
        return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    def cluster(self) -> Any:
        """Return what status says of the cluster."""
        done = self.ask("status", "--json")
        return json.loads(done.stdout)["cluster"] if done.returncode == 0 else {"state": ""}

    def apply(self, text: str) -> "subprocess.CompletedProcess[str]":
        """Run a change to this configuration."""
        file = self.folder / "next.toml"
        file.write_text(text)
        return self.ask("apply", str(file), "--reason", "lab")


def own_agents(folder: Path) -> None:
    """Put the agent of the contract suite beside Debian's, for this place only."""
    install(folder)
    ours = folder / "ocf" / "resource.d"
    shutil.copytree(AGENTS, ours / "heartbeat", symlinks=True)
    run("mount", "--bind", str(ours), str(AGENTS.parent))


def count_calls(calls: Path, action: str) -> int:
    """Return how often the agent was called for `action`."""
    return calls.read_text().splitlines().count(action) if calls.exists() else 0


def play(cluster: Cluster) -> None:
    """Add, refuse, reload, move, and take over."""
    calls = cluster.folder / "calls"
    until(lambda: cluster.cluster()["state"] == "stable", "a stable cluster")
    first = cluster.ask("export", "configuration").stdout + GROUP.replace("CALLS", str(calls))

    added = cluster.apply(first)
    assert added.returncode == 0, added
    assert has_address()
    assert len(sleeping(MARK)) == 1

    wrong = cluster.apply(first.replace("cidr_netmask", "cidr_netmark"))
    assert wrong.returncode != 0
    assert "no parameter cidr_netmark; cidr_netmask is meant?" in wrong.stdout + wrong.stderr, wrong
    starts = count_calls(calls, "start")

    second = first.replace(f'mark = "{MARK}"', 'mark = ""')
    planned = cluster.folder / "planned.toml"
    planned.write_text(second)
    shown = cluster.ask("plan", str(planned)).stdout
    assert "reloaded" in shown, shown
    reloaded = cluster.apply(second)
    assert reloaded.returncode == 0, reloaded
    until(lambda: count_calls(calls, "reload-agent") == 1, "the reload")
    assert count_calls(calls, "start") == starts

    owner = cluster.cluster()["owners"]["shop"]
    target = next(name for name in ("bravo", "charlie") if name != owner)
    moved = cluster.ask("move", "shop", target)
    assert moved.returncode == 0, moved
    assert has_address()

    cluster.box.agents[target].kill()
    until(lambda: not has_address(), "the address to be taken from the dead agent's node")
    until(has_address, "the address on another node")
    until(lambda: cluster.cluster()["owners"]["shop"] not in {"", target}, "another owner")


def main(folder: Path) -> None:
    """Play it on a cluster of three."""
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    own_agents(folder)
    veth_address()
    with Box() as box:
        box.start()
        play(Cluster(box, folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
