"""An administrator's command: what it is told, how it ends, and that nothing of it is left."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nodeagent.drivers import handover
from nodeagent.drivers.adoption import dismiss
from nodeagent.drivers.commands import EventCommands
from nodeagent.drivers.leftovers import Leftovers
from nodeagent.model.happenings import Command, Happening
from tests.contract.agents import marker, sleeping
from tests.contract.waiting import until

Runs = Callable[..., EventCommands]
HAPPENING = Happening("group-online", "alpha", "web", "view 3: bravo is down\x1b[2J")


def command(*arguments: str, limit_s: float = 20.0) -> Command:
    return Command("audit", "pre", arguments, limit_s, HAPPENING, epoch=4)


AGENT = """
import asyncio, sys
from pathlib import Path
from nodeagent.drivers import handover
from nodeagent.drivers.commands import EventCommands
from nodeagent.drivers.watchdog import Watchdog
from nodeagent.model.happenings import Command, Happening
state, script, adopt_ms = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

async def main():
    watchdog = Watchdog.start(state, 1.0 if not adopt_ms else 60.0)
    command = Command("audit", "pre", ("/bin/sh", "-c", script), 300.0, Happening("node-up", "a"))
    task = asyncio.create_task(EventCommands("a", state, print).run(1, command))
    while not task.done() and watchdog.pet(handover.now_ms() + 60_000, adopt_ms):
        await asyncio.sleep(0.05)

asyncio.run(main())
"""


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    def make(talk: list[tuple[int, str]] | None = None) -> EventCommands:
        heard = talk if talk is not None else []
        return EventCommands("charlie", tmp_path, lambda op, line: heard.append((op, line)))

    return make


@pytest.mark.parametrize(
    ("script", "code", "text"),
    [
        ("exit 0", "ok", "exit code 0"),
        ("echo first; echo not ready; exit 3", "failed", "exit code 3"),
        ("kill -9 $$", "failed", "SIGKILL"),
    ],
)
async def test_only_exit_code_0_is_good(runs: Runs, script: str, code: str, text: str) -> None:
    outcome = await runs().run(1, command("/bin/sh", "-c", script))

    assert (outcome.ok, outcome.code) == (code == "ok", code)
    assert text in outcome.text
    assert outcome.evidence == (("first", "not ready") if "first" in script else ())


async def test_what_cannot_be_run_is_a_failure_that_says_so(runs: Runs) -> None:
    outcome = await runs().run(1, command("/nowhere/audit"))

    assert not outcome.ok
    assert "/nowhere/audit" in " ".join((outcome.text, *outcome.evidence))


async def test_it_is_told_what_happened_and_nothing_of_the_agents_own(runs: Runs) -> None:
    os.environ.setdefault("SECRET_OF_THE_AGENT", "x")

    outcome = await runs().run(1, command("/usr/bin/env"))

    told = dict(line.partition("=")[::2] for line in outcome.evidence if line.startswith("CLUS"))
    assert told["CLUSTERTUI_EVENT"] == "group-online"
    assert (told["CLUSTERTUI_GROUP"], told["CLUSTERTUI_NODE"]) == ("web", "alpha")
    assert (told["CLUSTERTUI_STAGE"], told["CLUSTERTUI_EPOCH"]) == ("pre", "4")
    assert told["CLUSTERTUI_OBSERVER"] == "charlie"
    assert told["CLUSTERTUI_CAUSE"].startswith("view 3: bravo is down")
    assert not [line for line in outcome.evidence if "SECRET" in line]


async def test_who_takes_too_long_is_killed_with_all_it_started(runs: Runs, tmp_path: Path) -> None:
    talk: list[tuple[int, str]] = []
    script = f"sleep 600 & echo $! > {tmp_path}/child; printf 'still \\033[2Jbusy\\n'; sleep 600"

    outcome = await runs(talk).run(7, command("/bin/sh", "-c", script, limit_s=2.5))

    assert outcome.code == "timeout"
    assert "took longer than 2.5 s" in outcome.text
    assert outcome.evidence == ("still \\x1b[2Jbusy",)
    assert talk == [(7, "still \\x1b[2Jbusy")]
    child = (tmp_path / "child").read_text("ascii").strip()
    await until(lambda: _is_gone(child), "the child of the command is killed too")


async def test_one_that_nobody_waits_for_is_killed_at_once(runs: Runs, tmp_path: Path) -> None:
    commands = runs()
    script = f"echo $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid; sleep 600"

    async def end_it() -> None:
        await until((tmp_path / "pid").exists, "it runs")
        commands.end(1)

    outcome, _ = await asyncio.gather(commands.run(1, command("/bin/sh", "-c", script)), end_it())

    assert outcome.code == "superseded"
    await until(lambda: _is_gone((tmp_path / "pid").read_text().strip()), "it is killed")
    commands.end(1)  # one that ended is no concern


async def test_what_it_started_in_a_session_of_its_own_ends_with_it(
    runs: Runs, tmp_path: Path
) -> None:
    mark = marker()
    script = f"setsid sleep {mark} & while ! pgrep -f 'sleep {mark}$' >/dev/null; do :; done"

    outcome = await runs().run(1, command("/bin/sh", "-c", script))

    assert outcome.ok
    assert not sleeping(mark)
    assert not [*(tmp_path / "running").iterdir()], "and nothing is recorded any more"


@pytest.mark.parametrize(
    ("how", "adopt_ms"),
    [(signal.SIGSTOP, 0), (signal.SIGKILL, 0), (signal.SIGKILL, 50_000)],
    ids=["hangs", "dies", "dies and its services may outlive it"],
)
async def test_the_deadman_ends_it_with_all_it_started(
    tmp_path: Path, how: signal.Signals, adopt_ms: int
) -> None:
    near, far = marker(), marker()
    agent = _agent(tmp_path, f"setsid sleep {far} & sleep {near}; true", adopt_ms)
    try:
        await until(lambda: bool(sleeping(near) and sleeping(far)), "it runs")

        agent.send_signal(how)

        await until(lambda: not sleeping(near) + sleeping(far), "nothing of it goes on")
    finally:
        agent.kill()
        agent.wait()
        Leftovers(tmp_path).end_all()
        dismiss(tmp_path)


async def test_the_next_agent_ends_it_and_holds_no_group_for_it(tmp_path: Path) -> None:
    mark = marker()
    agent = _agent(tmp_path, f"setsid sleep {mark} & wait", 50_000)
    await until(lambda: bool(sleeping(mark)), "it runs")
    await until(lambda: bool(handover.waiting(str(tmp_path), 0.0)), "its deadman is at its post")
    for post in handover.waiting(str(tmp_path), 0.0):
        os.kill(post.pid, signal.SIGKILL)
    agent.kill()
    agent.wait()
    left = Leftovers(tmp_path)

    assert "event command audit: ended" in " ".join(left.end_all({"web"}))

    assert not sleeping(mark)
    assert not left.keys


def _agent(state: Path, script: str, adopt_ms: int) -> "subprocess.Popen[bytes]":
    root = Path(__file__).parents[2]
    return subprocess.Popen([sys.executable, "-c", AGENT, state, script, str(adopt_ms)], cwd=root)


async def test_one_that_is_ended_before_its_turn_never_runs(runs: Runs, tmp_path: Path) -> None:
    commands = runs()
    work = commands.run(1, command("/usr/bin/touch", str(tmp_path / "ran")))

    commands.end(1)

    assert (await work).code == "superseded"
    assert not (tmp_path / "ran").exists()


def _is_gone(pid: str) -> bool:
    stat = Path("/proc", pid, "stat")
    return not stat.exists() or ") Z " in stat.read_text("utf-8", "replace")
