"""What a shell is offered where a name of the cluster is due."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.client.fake_agent import FakeAgent
from tui.cli import main

Agents = tuple[FakeAgent, FakeAgent]
Offers = Callable[..., list[str]]


@pytest.fixture
def offers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], key_file: Path
) -> Offers:
    def complete(*words: str, key: Path = key_file) -> list[str]:
        line = ["clustertui", "--key", str(key), *words]
        monkeypatch.setenv("_CLUSTERTUI_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", " ".join(line))
        monkeypatch.setenv("COMP_CWORD", str(len(line) - 1))
        with pytest.raises(SystemExit):
            main([])
        told = capsys.readouterr()
        assert not told.err
        kinds = [line.partition(",") for line in told.out.splitlines() if line]
        return [word if kind == "plain" else kind for kind, _, word in kinds]

    return complete


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["move", ""], ["web"]),
        (["move", "web", "b"], ["bravo"]),
        (["node", "standby", ""], ["alpha", "bravo"]),
        (["group", "offline", "w"], ["web"]),
        (["fence", "c"], ["confirm"]),
        (["group", "h"], ["hold"]),
    ],
)
def test_names_of_the_cluster_are_offered(
    offers: Offers, words: list[str], offered: list[str]
) -> None:
    assert offers(*words) == offered


def test_a_cluster_that_does_not_answer_offers_nothing_and_says_nothing(
    offers: Offers, agents: Agents, tmp_path: Path
) -> None:
    assert offers("move", "", key=tmp_path / "none.toml") == []
    for agent in agents:
        agent.silent.set()
    assert offers("move", "") == []


def test_a_file_is_completed_as_a_file(offers: Offers) -> None:
    assert offers("apply", "") == ["file"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_with_the_printed_script(run: Run, key_file: Path, tmp_path: Path) -> None:
    script = run("completion", "bash").out
    program = tmp_path / "clustertui"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tui.cli "$@"\n')
    program.chmod(0o755)
    asking = f"""{script}
COMP_WORDS=({program} --key {key_file} move web a); COMP_CWORD=5
_clustertui_completion {program}; echo "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(
        ["bash", "-c", asking], capture_output=True, text=True, timeout=60, env=dict(os.environ)
    )

    assert (done.stdout.strip(), done.stderr) == ("alpha", "")
