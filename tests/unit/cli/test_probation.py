"""`confirm`, `return`, `apply --probation` and `rehearse`: what is asked, how each ends."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from nodeagent.model.rehearsal import DRIFTED
from nodeagent.model.run import RunChanged, RunStarted
from nodeagent.wire.console import (
    Answer,
    Apply,
    Done,
    EndProbation,
    GetSnapshot,
    Refused,
    Rehearse,
    Request,
)
from nodeagent.wire.live import ProbationLive, ProgressMade
from tests.unit.cli.conftest import DIGEST, Run, snapshot
from tests.unit.cli.test_apply import CHANGED, TX, ended, record, script, step
from tests.unit.client.fake_agent import FakeAgent

Agents = tuple[FakeAgent, FakeAgent]
NewFile = Callable[[str], Path]
REHEARSAL = "rehearsal.1.alpha.1"
OPEN = ProbationLive(TX, 1, 600, 483_000, "anna")


def on_probation(agents: Agents, probation: ProbationLive = OPEN) -> None:
    """Let the cluster be on probation, and let a wish for its end be taken."""
    for agent in agents:
        plain = snapshot(agent.name)
        live = replace(plain.cluster, epoch=2, made_by=TX, probation=probation)
        agent.snapshot = replace(plain, cluster=live)


def ends(agent: FakeAgent, **cluster: object) -> None:
    """Let the probation end so, once anybody asks for an end."""

    def handle(request: Request) -> Answer:
        if isinstance(request, EndProbation):
            live = replace(agent.snapshot.cluster, probation=None, **cluster)
            agent.snapshot = replace(agent.snapshot, cluster=live)
            return Done("asked for", TX)
        return agent.snapshot

    agent.handler = handle


def test_confirm_waits_until_it_is_decided(agents: Agents, run: Run) -> None:
    on_probation(agents)
    ends(agents[0])

    ran = run("confirm")

    assert (ran.code, ran.out) == (0, "confirmed: epoch 2 stays\n")
    (asked,) = [r for r in agents[0].requests if isinstance(r, EndProbation)]
    assert (asked.tx, asked.end) == (TX, "confirm")


def test_confirm_that_came_too_late_says_so(agents: Agents, run: Run) -> None:
    on_probation(agents)
    ends(agents[0], epoch=3, made_by="3.1.bravo")

    ran = run("confirm", "--json")

    assert ran.code == 7
    assert ran.json["result"] == "returned"
    assert ran.json["text"] == "epoch 3 has the configuration of epoch 1 again"


def test_return_ends_it_the_other_way(agents: Agents, run: Run) -> None:
    on_probation(agents)
    ends(agents[0], epoch=3, made_by="3.1.bravo")

    ran = run("return")

    assert ran.code == 0
    assert ran.out.startswith("returned: epoch 3")


def test_there_must_be_a_probation(agents: Agents, run: Run) -> None:
    ran = run("confirm")

    assert (ran.code, ran.out) == (1, "nothing: nothing is on probation; epoch 1 is active\n")


def test_status_counts_what_is_left(agents: Agents, run: Run) -> None:
    on_probation(agents)

    ran = run("status", "--json")

    assert 470 < ran.json["probation_seconds_left"] <= 483
    assert any("epoch 2 is on probation: epoch 1 returns" in p for p in ran.json["problems"])
    on_probation(agents, replace(OPEN, returning="web is error on alpha", problem="no quorum"))
    assert (
        "epoch 1 is being brought back: web is error on alpha; the last attempt: no quorum"
        in run("status").out
    )


def test_apply_asks_for_it(agents: Agents, run: Run, new_file: NewFile) -> None:
    script(agents[0], ended("done", "epoch 2 is active"))

    ran = run("apply", new_file(CHANGED), "--probation", "1h30m", "--rehearsed", "d" * 64,
              "--health", "/bin/ask 'the web'")  # fmt: skip

    assert ran.code == 0, ran
    (apply,) = [r for r in agents[0].requests if isinstance(r, Apply)]
    assert (apply.probation_seconds, apply.rehearsed) == (5_400, "d" * 64)
    assert apply.check == ("/bin/ask", "the web")


@pytest.mark.parametrize(
    "words", [["--health", "/bin/true"], ["--probation", "1m", "--health", "true"]]
)
def test_check_is_a_program_with_its_path_and_goes_with_a_probation(
    run: Run, new_file: NewFile, words: list[str]
) -> None:
    ran = run("apply", new_file(CHANGED), *words)

    assert ran.code == 2
    assert "--health" in ran.err


@pytest.mark.parametrize("length", ["0s", "10", "2d", "-5m", "\x1b[2J"])
def test_what_is_no_length_is_refused_before_anything_is_asked(
    agents: Agents, run: Run, new_file: NewFile, length: str
) -> None:
    ran = run("apply", new_file(CHANGED), f"--probation={length}")

    assert ran.code == 2
    assert "write 90s, 10m or 1h30m" in ran.err
    assert "\x1b" not in ran.err
    assert not agents[0].requests


def test_drift_has_the_exit_code_of_what_is_stale(
    agents: Agents, run: Run, new_file: NewFile
) -> None:
    why = f"{DRIFTED}: group web moved to bravo"
    script(agents[0], *step("verify", "failed", reason=why), ended("refused", why))

    ran = run("apply", new_file(CHANGED), "--rehearsed", "d" * 64)

    assert ran.code == 6
    assert ran.out.splitlines()[-1] == f"refused: {why}"


def rehearses(agent: FakeAgent, end: RunChanged) -> None:
    """Let the agent rehearse what it is asked for."""
    begun = replace(record(), tx=REHEARSAL)

    def handle(request: Request) -> Answer:
        if isinstance(request, GetSnapshot):
            return agent.snapshot
        assert isinstance(request, Rehearse)
        for progress in (RunStarted(begun), end):
            agent.publish(ProgressMade(progress))
        return Done("started", REHEARSAL)

    agent.handler = handle


def test_rehearsal_prints_its_digest_last(agents: Agents, run: Run, new_file: NewFile) -> None:
    rehearses(agents[0], RunChanged(REHEARSAL, "done", text="fine", rehearsed="d" * 64))

    ran = run("rehearse", new_file(CHANGED))

    assert ran.code == 0, ran
    assert ran.out.splitlines()[-1] == f"rehearsed: {'d' * 64}"
    assert f"--rehearsed {'d' * 64}" in ran.err
    (asked,) = [r for r in agents[0].requests if isinstance(r, Rehearse)]
    assert (asked.text, asked.base) == (CHANGED, DIGEST)
    assert run("rehearse", new_file(CHANGED), "--json").lines[-1]["rehearsed"] == "d" * 64


def test_rehearsal_that_a_node_refuses_is_a_finding(
    agents: Agents, run: Run, new_file: NewFile
) -> None:
    rehearses(agents[0], RunChanged(REHEARSAL, "refused", text="bravo: no such program"))

    ran = run("rehearse", new_file(CHANGED))

    assert (ran.code, ran.out.splitlines()[-1]) == (4, "refused: bravo: no such program")


def test_rehearsal_of_an_old_base_is_refused(agents: Agents, run: Run, new_file: NewFile) -> None:
    def handle(request: Request) -> Answer:
        if isinstance(request, GetSnapshot):
            return agents[0].snapshot
        return Refused("stale", "made from another", 6)

    agents[0].handler = handle

    assert run("rehearse", new_file(CHANGED)).code == 6
