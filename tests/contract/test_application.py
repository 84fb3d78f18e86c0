"""Applications that behave badly: they hang, crash, print without end, leave processes behind."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from nodeagent.drivers import procs
from nodeagent.drivers.base import Action, Job
from nodeagent.drivers.child import TAIL_BYTES, TAIL_LINES, Child
from nodeagent.drivers.leftovers import Leftovers
from nodeagent.drivers.records import Record
from nodeagent.drivers.registry import Drivers
from nodeagent.model.configuration import Application
from tests.contract.agents import Agent, marker, shell, sleeping
from tests.contract.waiting import subnet, until

FLOOD = "while :; do echo 0123456789abcdef; done"


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Agent]:
    made = Agent(tmp_path / "state")
    yield made
    made.drivers.close()


# --- starts that fail ---


async def test_a_program_that_ends_at_once_is_a_failed_start(agent: Agent) -> None:
    outcome = await agent.run("start", shell("echo no licence; exit 3"))

    assert (outcome.ok, outcome.code) == (False, "failed")
    assert "exit code 3" in outcome.text
    assert outcome.evidence == ("no licence",)
    assert (await agent.run("monitor", shell("true"))).code == "stopped"
    assert agent.exits == [], "a failed start is told once"


async def test_what_a_slow_start_prints_is_told_while_it_goes_on(agent: Agent) -> None:
    outcome = await agent.run("start", shell("echo waits for its disk; sleep 600", background=True),
                              limit_s=2.5)  # fmt: skip

    assert outcome.code == "timeout"
    assert agent.talk == [(1, "waits for its disk")]


async def test_a_program_killed_by_a_signal_is_told_by_name(agent: Agent) -> None:
    outcome = await agent.run("start", shell("kill -SEGV $$"))

    assert "SIGSEGV" in outcome.text


async def test_a_background_start_that_fails_is_told(agent: Agent) -> None:
    failing = await agent.run("start", shell("echo broken >&2; exit 7", background=True))
    empty = await agent.run("start", shell("exit 0", background=True))

    assert "exit code 7" in failing.text
    assert failing.evidence == ("broken",)
    assert "no process" in empty.text
    assert not empty.ok


@pytest.mark.parametrize("program", ["/missing/program", "/etc/passwd", "no-such-program-here"])
async def test_a_program_that_is_not_there_is_told(agent: Agent, program: str) -> None:
    resource = Application(start=(program,), process="foreground")

    assert (await agent.run("validate", resource)).code == "invalid"
    outcome = await agent.run("start", resource)
    assert not outcome.ok
    await until(lambda: agent.records() == [])


async def test_a_missing_folder_or_stop_program_is_found_before(agent: Agent) -> None:
    folder = Application(start=("/bin/true",), directory="/missing")
    stop = Application(start=("/bin/true",), stop=("/missing",))
    empty = Application(start=())
    for resource, word in ((folder, "/missing"), (stop, "stop"), (empty, "no program")):
        outcome = await agent.run("validate", resource)
        assert outcome.code == "invalid"
        assert word in outcome.text
    assert not (await agent.run("start", folder)).ok
    assert not (await agent.run("start", empty)).ok


# --- deadlines ---


@pytest.mark.parametrize(
    "script", ["sleep 1000", FLOOD, "trap '' TERM INT; sleep 1000; sleep 1000"]
)
async def test_a_start_that_never_returns_ends_in_time_and_leaves_nothing(
    agent: Agent, script: str
) -> None:
    mark = marker()
    outcome = await agent.run(
        "start", shell(f"sleep {mark} & {script}", background=True), limit_s=1.0
    )

    assert (outcome.ok, outcome.code) == (False, "timeout")
    await until(lambda: not sleeping(mark))
    await until(lambda: agent.records() == [])


async def test_a_monitor_that_hangs_ends_in_time(agent: Agent) -> None:
    mark = marker()
    resource = shell(f"sleep {marker()}")
    await agent.run("start", resource)
    hanging = shell(f"sleep {marker()}", monitor=f"echo thinking; sleep {mark}")

    outcome = await agent.run("monitor", hanging, limit_s=1.0)

    assert (outcome.ok, outcome.code) == (False, "timeout")
    assert outcome.evidence == ("thinking",)
    await until(lambda: not sleeping(mark))


async def test_what_ignores_term_is_killed_within_the_limit(agent: Agent) -> None:
    mark = marker()
    resource = shell(f"trap '' TERM; sleep {mark} & while :; do wait; done")
    await agent.run("start", resource)
    assert sleeping(mark)

    outcome = await agent.run("stop", resource, limit_s=2.0)

    assert outcome.ok
    assert "by force" in outcome.text
    assert not sleeping(mark)


async def test_a_stop_command_that_hangs_does_not_keep_the_service(agent: Agent) -> None:
    mark = marker()
    resource = shell(f"exec sleep {mark}", stop="sleep 1000")
    await agent.run("start", resource)

    outcome = await agent.run("stop", resource, limit_s=2.0)

    assert outcome.ok
    assert "took too long" in outcome.evidence[0]
    assert not sleeping(mark)


async def test_a_stop_does_not_wait_for_a_start(agent: Agent) -> None:
    mark = marker()
    resource = shell(f"sleep {mark}", background=True)
    starting = asyncio.create_task(agent.run("start", resource, limit_s=60))
    await until(lambda: sleeping(mark))

    assert (await agent.run("stop", resource)).ok

    outcome = await starting
    assert (outcome.ok, outcome.code) == (False, "superseded")
    await until(lambda: not sleeping(mark))


async def test_a_driver_that_does_not_even_cancel_is_left_behind(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = asyncio.Event()

    async def stubborn(_job: object) -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    monkeypatch.setattr(agent.drivers._applications, "monitor", stubborn)
    outcome = await agent.run("monitor", shell("true"), limit_s=0.2)
    release.set()

    assert (outcome.ok, outcome.code) == (False, "timeout")


async def test_a_driver_that_raises_is_an_outcome(agent: Agent) -> None:
    outcome = await agent.run(
        "start", Application(start=("/bin/echo", "nul\0"), process="foreground")
    )

    assert (outcome.ok, outcome.code) == (False, "failed")
    assert "\0" not in outcome.text


# --- started, and well ---


def counted(tmp_path: Path, bad: str) -> tuple[str, ...]:
    """Return a monitor command that is not content in the runs that `bad` names."""
    runs = tmp_path / "runs"
    script = f"echo >>{runs}; case $(wc -l <{runs}) in {bad}) exit 1;; esac"
    return ("/bin/sh", "-c", script)


async def test_it_must_stay_well_before_it_counts_as_started(agent: Agent, tmp_path: Path) -> None:
    monitor = counted(tmp_path, "1|3")
    resource = msgspec.structs.replace(
        shell("exec sleep 1000"), monitor=monitor, stabilization_seconds=0.3
    )

    outcome = await agent.run("start", resource)

    assert (outcome.ok, outcome.text) == (True, "started")
    assert outcome.seconds >= 0.3
    assert len((tmp_path / "runs").read_text()) > 4, "a bad run begins the count anew"


async def test_what_is_never_well_for_long_enough_did_not_start(
    agent: Agent, tmp_path: Path
) -> None:
    resource = msgspec.structs.replace(
        shell("exec sleep 1000"),
        monitor=counted(tmp_path, "*[02468]"),
        stabilization_seconds=1.0,
        start_seconds=1.5,
    )

    outcome = await agent.run("start", resource)

    assert (outcome.ok, outcome.code) == (False, "timeout")
    assert (await agent.run("monitor", resource)).code == "stopped"


@pytest.mark.parametrize("background", [False, True])
async def test_without_monitor_it_must_live_for_the_stabilization_time(
    agent: Agent,
    background: bool,
) -> None:
    short = "sleep 0.4 &" if background else "sleep 0.4"
    resource = msgspec.structs.replace(
        shell(short, background=background), stabilization_seconds=0.8
    )

    outcome = await agent.run("start", resource)

    assert not outcome.ok


async def test_the_startup_monitor_is_asked_while_it_starts_and_not_later(
    agent: Agent, tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    resource = msgspec.structs.replace(
        shell(f"sleep 0.3; touch {ready}; exec sleep 1000"),
        startup_monitor=("/bin/sh", "-c", f"test -e {ready}"),
        monitor=("/bin/true",),
    )

    assert (await agent.run("start", resource)).ok
    assert ready.exists()
    ready.unlink()
    assert (await agent.run("monitor", resource)).ok


async def test_a_monitor_that_complains_of_what_runs_has_a_code_of_its_own(agent: Agent) -> None:
    fine = msgspec.structs.replace(shell("exec sleep 1000"), monitor=("/bin/true",))
    await agent.run("start", fine)

    complaining = msgspec.structs.replace(fine, monitor=("/bin/false",))

    assert (await agent.run("monitor", complaining)).code == "unwell"


# --- output ---


async def test_hostile_output_is_clean(agent: Agent) -> None:
    hostile = (
        r"printf '\033]52;c;ZXZpbA\a\n\233[31m red \342\200\256 back\n\000\377 bytes\n'; exit 1"
    )
    outcome = await agent.run("start", shell(hostile))

    text = outcome.text + "".join(outcome.evidence)
    assert outcome.evidence
    assert all(line.isprintable() for line in outcome.evidence), outcome.evidence
    assert "\x1b" not in text
    assert "\u202e" not in text


async def test_only_the_last_lines_are_kept(agent: Agent) -> None:
    outcome = await agent.run("start", shell("seq 1 20000; exit 1"))

    assert len(outcome.evidence) <= TAIL_LINES
    assert outcome.evidence[-1] == "20000"


async def test_endless_output_takes_neither_memory_nor_the_loop(agent: Agent) -> None:
    resource = shell(FLOOD)
    await agent.run("start", resource)
    child = agent.drivers._applications._services["web", "thing"].child
    assert isinstance(child, Child)
    tail = child._tail
    pauses = 0

    def paused() -> bool:
        nonlocal pauses
        pauses += tail._pause is not None
        return pauses > 20

    await until(paused, "its pipe is left full for a while, again and again")
    assert len(tail._kept) <= TAIL_BYTES
    assert (await agent.run("stop", resource)).ok


async def test_a_line_without_end_is_bounded(agent: Agent) -> None:
    outcome = await agent.run("start", shell("head -c 10000000 /dev/zero | tr '\\0' x; exit 1"))

    assert sum(len(line) for line in outcome.evidence) < TAIL_BYTES


# --- ends ---


async def test_an_unasked_end_is_told_with_its_last_words(agent: Agent) -> None:
    resource = shell("sleep 0.5; echo last words; exit 9")
    assert (await agent.run("start", resource)).ok

    await until(lambda: agent.exits)

    assert agent.exits == [("web", "thing", "ended with exit code 9: last words")]
    outcome = await agent.run("monitor", resource)
    assert (outcome.code, outcome.evidence) == ("failed", ("last words",))
    assert (await agent.run("stop", resource)).ok
    assert len(agent.exits) == 1


async def test_an_end_that_was_asked_for_is_not_told(agent: Agent) -> None:
    resource = shell("exec sleep 1000")
    await agent.run("start", resource)
    await agent.run("stop", resource)

    await until(lambda: agent.records() == [])
    assert agent.exits == []


async def test_what_a_dead_service_leaves_is_ended_before_a_new_start(agent: Agent) -> None:
    mark = marker()
    resource = shell(f"setsid sleep {mark} & sleep 0.5; exit 1")
    await agent.run("start", resource)
    await until(lambda: agent.exits)
    assert len(sleeping(mark)) == 1

    assert (await agent.run("start", shell("exec sleep 1000"))).ok

    assert sleeping(mark) == []


async def test_a_background_service_that_died_is_seen(agent: Agent) -> None:
    mark = marker()
    resource = shell(f"setsid sleep {mark} &", background=True)
    await agent.run("start", resource)

    await until(lambda: sleeping(mark))

    for pid in sleeping(mark):
        os.kill(pid, signal.SIGKILL)
    await until(lambda: not sleeping(mark))

    assert (await agent.run("monitor", resource)).code == "failed"


async def test_a_drill_kills_the_applications_of_a_group(agent: Agent) -> None:
    resource = shell("exec sleep 1000")
    await agent.run("start", resource)

    assert agent.drivers.fail_applications("other") == 0
    assert agent.drivers.fail_applications("web") == 1

    await until(lambda: agent.exits)
    assert "SIGKILL" in agent.exits[0][2]


# --- environment and waiting for readiness ---


async def test_a_program_gets_a_small_fixed_environment(agent: Agent, tmp_path: Path) -> None:
    os.environ["SECRET_OF_THE_AGENT"] = "secret"
    resource = msgspec.structs.replace(
        shell(f"env > {tmp_path}/env; exec sleep 1000"),
        environment={"PORT": "80", "CLUSTERTUI_NODE": "liar"},
    )
    await agent.run("start", resource, slot=7)
    await until(lambda: "CLUSTERTUI_RUN" in (tmp_path / "env").read_text())

    variables = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    assert "SECRET_OF_THE_AGENT" not in variables
    assert variables["PORT"] == "80"
    assert variables["CLUSTERTUI_NODE"] == "alpha"
    assert variables["CLUSTERTUI_GROUP"] == "web"
    assert variables["CLUSTERTUI_RESOURCE"] == "thing"
    assert variables["CLUSTERTUI_TOKEN"] == "0.7.0.-.tentative"


@pytest.mark.parametrize("background", [False, True])
async def test_a_start_waits_until_the_monitor_is_content(
    agent: Agent, tmp_path: Path, background: bool
) -> None:
    up = tmp_path / "up"
    script = f"(sleep 0.3; touch {up}; exec sleep 1000)"
    resource = shell(
        f"{script} &" if background else script, background=background, monitor=f"test -e {up}"
    )

    outcome = await agent.run("start", resource)

    assert outcome.ok, outcome
    assert up.exists()


async def test_a_monitor_that_is_never_content_fails_the_start(agent: Agent) -> None:
    mark = marker()
    resource = shell(f"exec sleep {mark}", monitor="echo not yet; exit 1")

    outcome = await agent.run("start", resource, limit_s=1.0)

    assert (outcome.ok, outcome.code) == (False, "timeout")
    assert "not yet" in outcome.evidence
    await until(lambda: not sleeping(mark))


# --- the agent's death ---

AGENT = """
import asyncio, sys
from pathlib import Path
from tests.contract.agents import Agent, shell
from nodeagent.model.configuration import ServiceAddress

async def main():
    agent = Agent(Path(sys.argv[1]))
    for number, script in enumerate(sys.argv[3:]):
        background = number > 0
        outcome = await agent.run("start", shell(script, background=background), name=str(number))
        assert outcome.ok, outcome
    address = ServiceAddress(network="public", address=sys.argv[2])
    assert (await agent.run("start", address, name="address")).ok
    print("ready", flush=True)
    await asyncio.sleep(1000)

asyncio.run(main())
"""


@contextmanager
def another_agent(state: Path, *scripts: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run an agent as a process that has started all `scripts` and an address."""
    address = f"{subnet()}.1"
    with subprocess.Popen(
        [sys.executable, "-c", AGENT, str(state), address, *scripts],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        try:
            yield process
        finally:
            process.kill()


async def test_what_a_killed_agent_leaves_is_ended(agent: Agent) -> None:
    """Children end with it; what went away from it is ended by the next agent's recovery."""
    child, grandchild, daemon = marker(), marker(), marker()
    scripts = [f"sleep {grandchild} & exec sleep {child}", f"setsid sleep {daemon} &"]
    with another_agent(agent.context.state_directory, *scripts):
        await until(lambda: all(sleeping(mark) for mark in (child, grandchild, daemon)))
    await until(lambda: not sleeping(child), "the kernel ends the child with its agent")

    told = Leftovers(agent.context.state_directory).end_all()

    assert not sleeping(grandchild) + sleeping(daemon)
    assert agent.records() == []
    assert any("web.1: ended 1 processes" in line for line in told), told
    assert Leftovers(agent.context.state_directory).end_all() == []


async def test_what_cannot_be_killed_is_left_told_and_in_the_way(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that waits for a dead disk stays until the disk answers, whoever kills it."""
    service, lasts = marker(), marker()
    scripts = [f"exec sleep {service}", f"setsid sleep {lasts} &"]
    with another_agent(agent.context.state_directory, *scripts):
        await until(lambda: all(sleeping(mark) for mark in (service, lasts)))
    await until(lambda: not sleeping(service), "the kernel ends the child with its agent")
    end = procs.end

    def hangs(record: Record, seconds: float) -> list[int]:
        if record.name == "1":
            raise TimeoutError("processes 4711 do not end")
        return end(record, seconds)

    left = Leftovers(agent.context.state_directory)
    drivers = Drivers(agent.context, lambda *_: None, left)
    with monkeypatch.context() as disk:
        disk.setattr(procs, "end", hangs)
        told = left.end_all()
        orders: tuple[Action, ...] = ("stop", "start")
        tried = [
            await drivers.run(Job(1, "web", "1", shell("exit 0"), order, 5.0)) for order in orders
        ]

    assert list(left.keys) == [("web", "1")]
    assert "web.1: processes 4711 do not end; its group stays held" in told[0]
    assert [(outcome.ok, outcome.code) for outcome in tried] == [(False, "held")] * 2
    assert sleeping(lasts), "nobody could kill it"

    gone = await drivers.run(Job(2, "web", "1", shell("exit 0"), "stop", 5.0))
    assert gone.ok, gone
    assert not sleeping(lasts)
    assert list(left.keys) == []
    assert agent.records() == []
    drivers.close()


async def test_validation_tells_a_program_that_was_exchanged(agent: Agent, tmp_path: Path) -> None:
    script = tmp_path / "server.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    resource = Application(start=(str(script),))
    first, again = [(await agent.run("validate", resource)).fact for _ in range(2)]

    script.write_text("#!/bin/sh\nexec true\n")
    other = (await agent.run("validate", resource)).fact

    assert first == again
    assert first.startswith(f"{script} ")
    assert other != first
