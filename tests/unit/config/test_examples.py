"""Every shipped configuration says what it is for and loads without a finding."""

import re
from pathlib import Path

import pytest

from nodeagent.config.load import load
from tests.unit.config.samples import EXAMPLES


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_loads_without_a_finding(path: Path) -> None:
    loaded = load(path.read_bytes(), path.name)

    assert loaded.ok
    assert [str(report) for report in loaded.reports] == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_opens_with_what_it_is_for(path: Path) -> None:
    opening = path.read_text("utf-8").split("\n\n")[0]

    assert all(line.startswith("# ") for line in opening.splitlines())
    assert re.match(r"# [A-Z].*\.$", opening.replace("\n# ", " "))


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 9
