"""Every command that a page shows is one that its program takes: subcommand, options, values.

README, `configs/README.md` and the operator's guide are played besides, by `tests/e2e`.
"""

import itertools
import re

import pytest

from tests.faults.test_faults import PART
from tests.lab import test_stories
from tests.simulation.survival import EXAMPLES
from tests.support.accepted import PROGRAMS, ROOT, is_ours, options, recipe, refusal
from tests.support.shown import Shown, blocks, spans

PAGES = sorted(
    str(path.relative_to(ROOT))
    for folder in (".", "configs", "nodeagent/**", "tests/**", "tui/**")
    for path in ROOT.glob(f"{folder}/*.md")
)


@pytest.mark.parametrize("name", PAGES)
def test_commands_of_a_page_are_taken_by_their_programs(name: str) -> None:
    page = (ROOT / name).read_text("utf-8")
    in_blocks = [shown for block in blocks(page) for shown in block if is_ours(shown.text)]
    in_text = [shown for shown in spans(page) if is_ours(shown.text)]

    refused = [*wrong(in_blocks, whole=True), *wrong(in_text, whole=False)]

    assert refused == []


def wrong(commands: list[Shown], *, whole: bool) -> list[str]:
    return [
        f"line {shown.line}: {shown.text}: {why}"
        for shown in commands
        if (why := refusal(shown.text, whole=whole))
    ]


@pytest.mark.parametrize("name", PAGES)
def test_options_that_a_page_names_alone_are_those_of_its_programs(name: str) -> None:
    """As `--repeat N` or `ARGS="--rounds 1"` in a sentence about a command named before."""
    page = (ROOT / name).read_text("utf-8")
    shown = spans(page)
    all_shown = itertools.chain(shown, *blocks(page))
    commands = {one.text for one in all_shown if is_ours(one.text)}
    alone = {
        option
        for one in shown
        if one.text.startswith(("--", "ARGS="))
        for option in re.findall(r"--[a-z-]+", one.text)
    }

    known = set().union(*map(options, (*PROGRAMS, *commands))) if alone else set()

    assert alone <= known


@pytest.mark.parametrize(
    "command",
    [
        "clustertui stattus",
        "clustertui status --follow",
        "clustertui merge mine.toml --take yours",
        "clustertui diff --from first",
        ".venv/bin/clustertui apply",
        "nodeagent check",
        "make tests",
        'make lab ARGS="--story four"',
        'make demo ARGS="--node 4"',
        ".venv/bin/python -m tests.simulation --sed 17",
        ".venv/bin/python -m tests.simulations",
        ".venv/bin/python -m pytest tests/simulation --sed whole:17",
        "systemctl restart nodeagent",
    ],
)
def test_command_that_would_end_with_a_complaint_is_refused(command: str) -> None:
    assert refusal(command, whole=True)


def test_counts_in_the_pages_are_those_of_the_code() -> None:
    words = "no one two three four five six seven eight nine ten eleven twelve"
    numbers = words.split()
    architecture = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    simulation = (ROOT / "tests/simulation/README.md").read_text("utf-8")
    (played,) = (line for line in recipe(["simulate"]) if "--schedules" in line)
    core = int(played.split("--schedules ")[1].split()[0])

    assert f"{numbers[len(PART)].capitalize()} cells of it" in architecture
    assert f"{numbers[len(test_stories.STEPS)].capitalize()} stories are in" in architecture
    assert f"every pair happen to {numbers[len(EXAMPLES)]} of" in architecture
    assert f"# {core:,} core and {core // 20:,} whole schedules" in simulation
