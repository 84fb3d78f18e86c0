"""The tour on a real cluster, as scripts see it: each line is one promise kept."""

import json
import os
import subprocess
from typing import Any

import pytest

from tests.e2e.support import DEMO, folder_below

STEPS = (
    "stable",
    "add-group",
    "add-node",
    "both",
    "abort",
    "refuse-second",
    "coordinator-death",
    "takeover",
    "unaffected",
)
pytestmark = [pytest.mark.xdist_group("cluster-in-a-box"), pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("tour")
    run = subprocess.run(
        [*DEMO, "--headless", "--json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
        timeout=200,
        check=False,
    )
    assert run.returncode == 0, f"{run.stdout[-2000:]}\n{run.stderr}"
    assert folder_below(folder) is None, "the folder was left behind"
    return {line["step"]: line for line in map(json.loads, run.stdout.splitlines())}


def test_all_steps_are_told_in_their_order(tour: dict[str, Any]) -> None:
    assert tuple(tour) == (*STEPS, "tour")


@pytest.mark.parametrize("step", [*STEPS, "tour"])
def test_step_holds(tour: dict[str, Any], step: str) -> None:
    assert tour[step]["ok"] is True


@pytest.mark.parametrize("step", STEPS)
def test_step_says_what_it_showed(tour: dict[str, Any], step: str) -> None:
    assert tour[step]["detail"]


def test_every_node_has_the_same_configuration_after_each_step(tour: dict[str, Any]) -> None:
    for step in STEPS[:-1]:
        nodes = tour[step]["nodes"]
        assert len({(node["epoch"], node["digest"]) for node in nodes.values()}) == 1, step


def test_epochs_grow_only_with_changes_that_were_decided(tour: dict[str, Any]) -> None:
    epochs = [next(iter(tour[step]["nodes"].values()))["epoch"] for step in STEPS[:-1]]

    assert epochs == [1, 2, 3, 4, 4, 5, 6, 6]


def test_abort_shows_its_undo_steps(tour: dict[str, Any]) -> None:
    rows = [row["step"] for row in tour["abort"]["rows"]]

    assert rows[-4:] == ["undo-acquire", "undo-release", "undo-stage", "prove"]


def test_added_node_was_greeted(tour: dict[str, Any]) -> None:
    (greet,) = [row for row in tour["add-node"]["rows"] if row["step"] == "greet"]

    assert greet["cells"]["delta"] == "done"


def test_group_was_taken_over(tour: dict[str, Any]) -> None:
    nodes = tour["takeover"]["nodes"]

    assert "web" in nodes["bravo"]["online"]
    assert "web" not in nodes["alpha"]["online"]


def test_unaffected_service_never_failed(tour: dict[str, Any]) -> None:
    whole = tour["tour"]

    assert whole["failed"] == 0
    assert whole["requests"] > 100
    assert whole["longest_gap_ms"] > 0
