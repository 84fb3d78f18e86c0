"""The top of the repository stays short enough to be read at one glance."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
ALLOWED = {
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "configs",
    "nodeagent",
    "pyproject.toml",
    "requirements.lock",
    "screenshots",
    "tests",
    "tui",
}
MADE_BY_TOOLS = {"__pycache__", "dist", "snapshot_report.html"}


def test_only_what_the_design_allows() -> None:
    present = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}

    assert present - MADE_BY_TOOLS <= ALLOWED
