"""What is declared, what is locked and what is installed say the same."""

import re
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
DECLARED = [
    *PROJECT["project"]["dependencies"],
    *PROJECT["dependency-groups"]["build"],
    *PROJECT["dependency-groups"]["dev"],
]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
LOCKED = dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", LOCK, re.MULTILINE))


@pytest.mark.parametrize("declared", DECLARED)
def test_lock_satisfies_what_is_declared(declared: str) -> None:
    requirement = Requirement(declared)

    assert requirement.specifier.contains(LOCKED[requirement.name]), "run `make lock`"


def test_lock_names_no_place() -> None:
    options = {line for line in LOCK.splitlines() if line.startswith("--")}

    assert not options, "an index or a folder of one machine would bind everybody"
    assert "://" not in LOCK


@pytest.mark.parametrize("name", PROJECT["project"]["scripts"])
def test_command_can_be_called(name: str) -> None:
    (command,) = entry_points(group="console_scripts", name=name)

    assert callable(command.load())
