"""The drill that kills the coordinator at each step, as scripts see it."""

import json
import os
import subprocess
from typing import Any

import pytest

from nodeagent.core import table
from tests.e2e.support import DEMO, folder_below
from tui.demo import deaths

DIED_AT = ("release", "decide", "activate")
pytestmark = [pytest.mark.xdist_group("cluster-in-a-box"), pytest.mark.timeout(240)]


def run_demo(folder: Any, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*DEMO, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
        timeout=200,
        check=False,
    )


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("drill")
    steps = [word for step in DIED_AT for word in ("--step", step)]
    run = run_demo(folder, "--headless", "--json", "--drill", "coordinator-death", *steps)
    assert run.returncode == 0, f"{run.stdout[-2000:]}\n{run.stderr}"
    assert folder_below(folder) is None, "the folder was left behind"
    return {line["step"]: line for line in map(json.loads, run.stdout.splitlines())}


def test_each_death_is_told_and_the_last_line_says_that_all_held(drill: dict[str, Any]) -> None:
    assert tuple(drill) == ("stable", "add-node", *DIED_AT, "unaffected", "drill")
    assert all(line["ok"] for line in drill.values())


@pytest.mark.parametrize("step", DIED_AT)
def test_death_names_who_died_what_came_of_it_and_the_bound(
    drill: dict[str, Any], step: str
) -> None:
    told = drill[step]["detail"]

    assert told.startswith(f"bravo died at {step}: ")
    assert "(bound 13 s:" in told
    assert len(drill[step]["nodes"]) == 4


def test_change_is_undone_before_the_decision_and_finished_after_it(drill: dict[str, Any]) -> None:
    assert "undone by the others" in drill["release"]["detail"]
    assert "finished by the others" in drill["activate"]["detail"]


def test_unaffected_service_never_failed(drill: dict[str, Any]) -> None:
    assert drill["drill"]["failed"] == 0
    assert drill["drill"]["requests"] > 100


def test_every_step_of_the_table_can_be_chosen() -> None:
    assert tuple(step.name for step in table.STEPS) == deaths.STEPS


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--drill", "flood"), "'flood' is not 'coordinator-death'"),
        (("--drill", "coordinator-death", "--step", "lunch"), "no step 'lunch'"),
        (("--step", "lock"), "--step goes with --drill"),
    ],
)
def test_what_is_not_there_is_a_usage_error(
    tmp_path: Any, arguments: tuple[str, ...], words: str
) -> None:
    run = run_demo(tmp_path, *arguments)

    assert run.returncode == 2
    assert words in run.stderr
