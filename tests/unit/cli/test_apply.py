import codecs
import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from msgspec.structs import replace

from nodeagent.config.digest import file_digest
from nodeagent.model.plan import Plan
from nodeagent.model.reports import Place, Report
from nodeagent.model.run import (
    Cell,
    CellChanged,
    DareRun,
    Progress,
    RunChanged,
    RunStarted,
    StepChanged,
    StepRow,
)
from nodeagent.wire.console import Answer, Apply, Done, GetSnapshot, Refused, Request
from nodeagent.wire.live import ProgressMade
from tests.unit.cli.conftest import ACTIVE, DIGEST, KEY, Run, snapshot
from tests.unit.client.fake_agent import FakeAgent

Agents = tuple[FakeAgent, FakeAgent]
CHANGED = ACTIVE.replace("10.10.1.100", "10.10.1.101")
TX = "2.1.alpha"


def record(text: str = CHANGED, added: tuple[str, ...] = ()) -> DareRun:
    return DareRun(
        tx=TX,
        coordinator="alpha",
        base_epoch=1,
        base_digest=DIGEST,
        target_digest=file_digest(text.encode()),
        nodes=("alpha", "bravo"),
        plan=Plan(added_nodes=added),
        steps=(StepRow("verify"), StepRow("acquire")),
    )


def script(
    agent: FakeAgent,
    *progress: Progress,
    answer: Answer | None = None,
    added: tuple[str, ...] = (),
) -> None:
    """Let the agent carry out its next Apply by telling `progress`."""

    def handle(request: Request) -> Answer:
        if isinstance(request, GetSnapshot):
            return agent.snapshot
        for item in (RunStarted(record(added=added)), *progress):
            agent.publish(ProgressMade(item))
        return answer or Done(tx=TX)

    agent.handler = handle


def step(name: str, state: str, *, undo: bool = False, reason: str = "") -> tuple[Progress, ...]:
    cell = Cell(state, seconds=0.25, reason=reason, evidence=("said so",))  # type: ignore[arg-type]
    return (
        CellChanged(TX, name, undo, "bravo", cell),
        StepChanged(TX, name, undo, state, 0.25, reason),  # type: ignore[arg-type]
    )


def ended(state: str, text: str = "", restored: str = "", gap_ms: int = 0) -> Progress:
    node = "bravo" if gap_ms else ""
    return RunChanged(TX, state, restored, 1.5, text, gap_ms, node)  # type: ignore[arg-type]


@pytest.fixture
def file(new_file: Callable[[str], Path]) -> Path:
    return new_file(CHANGED)


def test_done_is_0_with_a_line_for_each_step_and_node(agents: Agents, run: Run, file: Path) -> None:
    script(agents[0], *step("verify", "done"), *step("acquire", "done"), ended("done", "epoch 2"))

    ran = run("apply", file, "--reason", "new address")

    assert ran.code == 0
    assert "verify        bravo      done       0.25 s" in ran.out
    assert ran.out.splitlines()[-1] == "done: epoch 2"
    assert "coordinator alpha, nodes alpha, bravo" in ran.err
    (apply,) = [request for request in agents[0].requests if isinstance(request, Apply)]
    assert (apply.text, apply.base, apply.reason) == (CHANGED, DIGEST, "new address")
    assert "@" in apply.author


def test_json_has_an_object_for_each_item_and_the_result_last(
    agents: Agents, run: Run, file: Path
) -> None:
    undone = step("undo-acquire", "done", undo=True)
    end = ended("aborted", "as before", "restored")
    script(agents[0], *step("acquire", "failed", reason="no address"), *undone, end)

    ran = run("apply", file, "--json")

    assert ran.code == 7
    assert ran.lines[-1]["result"] == "aborted"
    assert ran.lines[-1]["exit"] == 7
    assert ran.lines[-1]["restored"] == "restored"
    failed = next(line for line in ran.lines if line.get("state") == "failed")
    assert failed["step"] == "acquire"
    assert failed["node"] == "bravo"
    assert failed["evidence"] == ["said so"]
    assert any(line.get("undo") for line in ran.lines)


def test_who_was_not_waited_for_is_called_skipped_and_not_lost(
    agents: Agents, run: Run, file: Path
) -> None:
    left = Cell("lost", reason="not waited for")
    failed = step("acquire", "failed", reason="no address")
    cells = (CellChanged(TX, "acquire", False, "alpha", left), *failed)
    script(agents[0], *cells, ended("aborted", "as before", "restored"))

    ran = run("apply", file)
    told = run("apply", file, "--json").lines

    assert "acquire       alpha      skipped" in ran.out
    assert " lost " not in ran.out
    assert next(line for line in told if line.get("node") == "alpha")["state"] == "lost"


def test_worst_detection_gap_is_told_with_the_result(agents: Agents, run: Run, file: Path) -> None:
    script(agents[0], *step("verify", "done"), ended("done", "epoch 2", gap_ms=420))

    lines = run("apply", file).out.splitlines()
    told = run("apply", file, "--json").lines[-1]

    assert lines[-2:] == ["longest gap in failure detection: 420 ms on bravo", "done: epoch 2"]
    assert (told["detection_gap_ms"], told["detection_gap_node"]) == (420, "bravo")


def test_heir_of_a_lost_coordinator_goes_on_in_the_same_run(
    agents: Agents, run: Run, file: Path
) -> None:
    heir = replace(record(), coordinator="bravo")
    undone = [*step("undo-stage", "done", undo=True), *step("prove", "done", undo=True)]
    end = ended("aborted", "alpha was lost", "restored")
    script(agents[0], *step("verify", "done"), RunStarted(heir), *undone, end)

    ran = run("apply", file)

    assert ran.code == 7
    assert f"DARE {TX}: alpha was lost; bravo goes on" in ran.err
    assert "undo-stage    bravo      done" in ran.out
    assert "prove         bravo      done" in ran.out
    assert ran.out.splitlines()[-1] == "aborted: alpha was lost"


@pytest.mark.parametrize(
    ("progress", "code"),
    [
        ((ended("aborted", restored="restored"),), 7),
        ((ended("aborted", restored="restored-except"),), 1),
        ((ended("aborted", restored="unknown"),), 7),  # the cluster itself shows it
        ((*step("verify", "failed", reason="no such device"), ended("refused")), 4),
        ((*step("lock", "failed", reason="busy: bravo holds it"), ended("refused")), 3),
        ((*step("lock", "failed", reason="stale: other base"), ended("refused")), 6),
    ],
)
def test_each_end_has_its_exit_code(
    agents: Agents, run: Run, file: Path, progress: tuple[Progress, ...], code: int
) -> None:
    script(agents[0], *progress)

    assert run("apply", file).code == code


def test_added_node_that_never_answered_is_told_with_what_to_do(
    agents: Agents, run: Run, file: Path
) -> None:
    silent = step("verify", "failed", reason="no answer in time")
    end = ended("refused", "bravo: no answer in time")
    script(agents[0], *silent, end, added=("bravo",))

    last = run("apply", file).out.splitlines()[-1]

    remedy = "start the agent on bravo (systemctl enable --now nodeagent)"
    assert last == f"refused: bravo: no answer in time; {remedy}"


@pytest.mark.parametrize("code", [1, 3, 4, 6])
def test_refusal_keeps_the_agents_exit_code(
    agents: Agents, run: Run, file: Path, code: int
) -> None:
    report = Report("E501", "error", "bravo is needed", Place("draft", 3, "node"))
    agents[0].handler = lambda request: (
        agents[0].snapshot
        if isinstance(request, GetSnapshot)
        else Refused("some", "not now", code, (report,))
    )

    ran = run("apply", file, "--json")

    assert ran.code == code
    told = ran.lines[-1]
    assert [one["text"] for one in told.pop("reports")] == ["bravo is needed"]
    assert told.pop("groups") == []
    assert told == {
        "result": "refused",
        "exit": code,
        "tx": "",
        "text": "not now",
        "restored": "",
        "seconds": 0.0,
        "rehearsed": "",
        "detection_gap_ms": 0,
        "detection_gap_node": "",
    }
    assert "bravo is needed" in ran.err


def test_earlier_end_of_the_same_change_is_not_told(agents: Agents, run: Run, file: Path) -> None:
    earlier = replace(
        record(), tx="1.1.alpha", state="aborted", restored="restored", text="no address"
    )
    agents[0].snapshot = snapshot("alpha", runs=(earlier,))
    script(agents[0], *step("verify", "done"), ended("done", "epoch 2"))

    ran = run("apply", file)

    assert (ran.code, ran.out.splitlines()[-1]) == (0, "done: epoch 2")
    assert "no address" not in ran.out + ran.err


def test_refused_one_tells_no_steps_of_another_ones_dare(
    agents: Agents, run: Run, file: Path
) -> None:
    others = replace(record(), tx="2.1.bravo", coordinator="bravo", state="running")
    agents[0].snapshot = snapshot("alpha", run=others)
    refusal = Refused("busy", "another DARE is open", 3)
    script(agents[0], *step("verify", "running"), answer=refusal)

    ran = run("apply", file)

    assert (ran.code, ran.out) == (3, "refused: another DARE is open\n")


def test_nothing_to_change_is_done(
    agents: Agents, run: Run, new_file: Callable[[str], Path]
) -> None:
    script(agents[0], answer=Done(text="nothing to change"))

    ran = run("apply", new_file(ACTIVE))

    assert (ran.code, ran.out) == (0, "done: nothing to change\n")


def test_base_can_be_named(agents: Agents, run: Run, file: Path) -> None:
    script(agents[0], ended("done"))

    run("apply", file, "--base", "a" * 64)

    assert [r.base for r in agents[0].requests if isinstance(r, Apply)] == ["a" * 64]


def test_base_can_be_a_file(agents: Agents, run: Run, file: Path, tmp_path: Path) -> None:
    script(agents[0], ended("done"))
    old = tmp_path / "old.toml"
    old.write_text(ACTIVE)

    run("apply", file, "--base", old)

    assert [r.base for r in agents[0].requests if isinstance(r, Apply)] == [DIGEST]


def test_base_that_is_neither_digest_nor_file_is_wrong_usage(
    agents: Agents, run: Run, file: Path
) -> None:
    ran = run("apply", file, "--base", "abc")

    assert (ran.code, "abc: No such file" in ran.err) == (2, True)
    assert not any(isinstance(request, Apply) for request in agents[0].requests)


@pytest.mark.parametrize(
    ("text", "code"), [(ACTIVE.replace('nodes = ["alpha"', 'nodes = ["alfa"'), 4), ("a = [", 2)]
)
def test_wrong_file_is_told_as_json_too(
    agents: Agents, run: Run, new_file: Callable[[str], Path], text: str, code: int
) -> None:
    ran = run("apply", new_file(text), "--json")

    assert ran.code == code
    assert (ran.json["result"], ran.json["exit"]) == ("refused", code)
    assert any(report["severity"] == "error" for report in ran.json["reports"])


def test_missing_file_is_told_as_json_too(agents: Agents, run: Run) -> None:
    ran = run("apply", "/none", "--json")

    assert (ran.code, ran.json["exit"], ran.json["reports"]) == (2, 2, [])


def test_wrong_file_is_never_sent(
    agents: Agents, run: Run, new_file: Callable[[str], Path]
) -> None:
    ran = run("apply", new_file(ACTIVE.replace('nodes = ["alpha"', 'nodes = ["alfa"')))

    assert ran.code == 4
    assert not any(isinstance(request, Apply) for request in agents[0].requests)


def test_agent_dies_and_the_next_tells_the_end(agents: Agents, run: Run, file: Path) -> None:
    alpha, bravo = agents
    finished = DareRun(tx=TX, coordinator="alpha", state="done", text="epoch 2", nodes=("alpha",))
    bravo.snapshot = snapshot("bravo", runs=(finished,))

    def handle(request: Request) -> Answer:
        if isinstance(request, GetSnapshot):
            return alpha.snapshot
        alpha.publish(ProgressMade(RunStarted(record())))
        alpha.silent.set()
        return Done(tx=TX)

    alpha.handler = handle
    ran = run("apply", file)

    assert ran.code == 0
    assert ran.out.splitlines()[-1] == "done: epoch 2"


def test_agent_dies_with_the_answer_and_the_run_is_found(
    agents: Agents, run: Run, file: Path
) -> None:
    alpha, bravo = agents
    earlier = replace(record(), tx="1.1.alpha", state="aborted", restored="restored")
    done = replace(record(), state="done", text="epoch 2")

    def handle(request: Request) -> Answer | None:
        if isinstance(request, GetSnapshot):
            return alpha.snapshot
        assert isinstance(request, Apply)
        ours = replace(done, mark=request.mark)
        bravo.snapshot = snapshot("bravo", runs=(earlier, ours))
        alpha.stop_soon()
        return None

    alpha.handler = handle
    ran = run("apply", file)

    assert ran.code == 0
    assert "looking at the cluster" in ran.err
    assert not any(isinstance(request, Apply) for request in bravo.requests)


def test_move_asks_for_the_owner_only(agents: Agents, run: Run) -> None:
    script(agents[0], ended("done", "epoch 2"))

    assert run("move", "web", "bravo").code == 0
    (apply,) = [request for request in agents[0].requests if isinstance(request, Apply)]
    assert (apply.text, apply.base, apply.owners) == (ACTIVE, DIGEST, {"web": "bravo"})


@pytest.mark.parametrize(("group", "node", "code"), [("mail", "bravo", 2), ("web", "delta", 2),
                                                      ("web", "alpha", 0)])  # fmt: skip
def test_move_that_cannot_be_or_need_not_be(
    agents: Agents, run: Run, group: str, node: str, code: int
) -> None:
    assert run("move", group, node).code == code
    assert not any(isinstance(request, Apply) for request in agents[0].requests)


def test_interrupt_leaves_the_run_alone(agents: Agents, key_file: Path, file: Path) -> None:
    script(agents[0], *step("verify", "running"))
    command = [sys.executable, "-m", "tui.cli", "--key", str(key_file), "apply", str(file)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "verify" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)

    assert process.returncode == 130
    assert "goes on without this command" in err
    assert "clustertui status" in err


class AtTerminal:
    """A command on a terminal of its own, and what a person reads and types there."""

    def __init__(self, key_file: Path, *words: object) -> None:
        self._master, slave = pty.openpty()
        # The controlling terminal, so that Ctrl+C reaches the command as it does a person's.
        command = [sys.executable, "-m", "tui.cli", "--key", str(key_file), *map(str, words)]
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        os.close(slave)
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.read = ""

    def until(self, words: str) -> None:
        deadline = time.monotonic() + 20
        while words not in self.read:
            assert time.monotonic() < deadline, self.read
            assert self._take(), self.read

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def ended(self) -> int:
        """Read to the end; return the exit code."""
        while self._take():
            pass
        return self.process.wait(20)

    def interrupted(self) -> int:
        """Press Ctrl+C until it ends; return the exit code.

        One that comes just before Python waits for the line is noticed with the next key only.
        """
        for _ in range(40):
            self.type("\x03")
            if not self._goes_on(0.5):
                break
        return self.process.wait(20)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def _goes_on(self, seconds: float) -> bool:
        """Read for so long; return whether there may be more."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._waits(left) and not self._take():
                return False
        return True

    def _waits(self, seconds: float) -> bool:
        return bool(select.select([self._master], [], [], seconds)[0])

    def _take(self) -> bool:
        assert self._waits(20), self.read
        with suppress(OSError):
            data = os.read(self._master, 65_536)
            self.read += self._decoder.decode(data)
            return bool(data)
        return False


Terminal = Callable[..., AtTerminal]


@pytest.fixture
def terminal(key_file: Path) -> Iterator[Terminal]:
    opened: list[AtTerminal] = []

    def call(*words: object) -> AtTerminal:
        opened.append(AtTerminal(key_file, *words))
        return opened[-1]

    yield call
    for one in opened:
        one.close()


def test_person_sees_what_is_interrupted_and_is_asked_first(
    agents: Agents, terminal: Terminal, file: Path
) -> None:
    script(agents[0], ended("done", "epoch 2"))

    no = terminal("apply", file)
    no.until("Apply it?")
    assert "web  restarted" in no.read
    assert "~ group.web.resource.address" in no.read
    no.type("n\n")
    assert no.ended() == 2
    assert not any(isinstance(request, Apply) for request in agents[0].requests)

    yes = terminal("apply", file)
    yes.until("Apply it?")
    yes.type("y\n")
    assert yes.ended() == 0
    assert "done: epoch 2" in yes.read


def test_person_is_asked_also_where_a_hold_seems_to_forbid_it(
    agents: Agents, terminal: Terminal, new_file: Callable[[str], Path]
) -> None:
    """By the clock here the group is held; by those of the agents the hold may be over."""
    held = ACTIVE.replace("[group.web]\n", "[group.web]\nhold-until = 2099-01-01T00:00:00Z\n")
    agents[0].snapshot = snapshot("alpha", active=held)

    screen = terminal("apply", new_file(held.replace("10.10.1.100", "10.10.1.101")))

    screen.until("Apply it?")
    screen.type("n\n")
    assert screen.ended() == 2
    assert not any(isinstance(request, Apply) for request in agents[0].requests)


def test_ctrl_c_at_the_question_ends_the_command(
    agents: Agents, terminal: Terminal, file: Path
) -> None:
    screen = terminal("apply", file)
    screen.until("Apply it?")

    assert screen.interrupted() == 130
    assert not any(isinstance(request, Apply) for request in agents[0].requests)


@pytest.mark.parametrize("options", [("--yes",), ("--json",)])
def test_person_can_go_without_the_question(
    agents: Agents, terminal: Terminal, file: Path, options: tuple[str, ...]
) -> None:
    script(agents[0], ended("done", "epoch 2"))
    screen = terminal("apply", file, *options)

    assert screen.ended() == 0
    assert ("web  restarted" in screen.read) == (options == ("--yes",))


def test_person_is_not_asked_where_nothing_is_taken_away(
    agents: Agents, terminal: Terminal, new_file: Callable[[str], Path]
) -> None:
    script(agents[0], ended("done", "epoch 2"))
    more = ACTIVE.replace(
        'nodes = ["alpha", "bravo"]\n', 'nodes = ["alpha", "bravo"]\npriority = 3\n'
    )
    screen = terminal("apply", new_file(more))

    assert screen.ended() == 0
    assert "web  untouched" in screen.read


def test_person_is_asked_before_anything_is_removed(
    agents: Agents, terminal: Terminal, new_file: Callable[[str], Path]
) -> None:
    extra = ACTIVE + '[admin.ann]\nkey = "' + KEY[:-1] + '9"\nrole = "observer"\n'
    agents[0].snapshot = snapshot("alpha", active=extra)
    screen = terminal("apply", new_file(ACTIVE))
    screen.until("Apply it?")

    assert "- admin.ann" in screen.read
    screen.type("\n")
    assert screen.ended() == 2
