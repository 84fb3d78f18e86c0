"""A newcomer opens a folder or a file and reads at once what it is for."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path.relative_to(ROOT)
    for package in ("nodeagent", "tui")
    for path in (ROOT / package).rglob("*.py")
)
SUITES = sorted(path.relative_to(ROOT) for path in (ROOT / "tests").glob("*/__init__.py"))


@pytest.mark.parametrize("path", [*MODULES, *SUITES], ids=str)
def test_opens_with_its_reason(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse((ROOT / path).read_text("utf-8")))

    assert docstring, f"{path} should open with a docstring: what it is for and why it exists"


def test_every_room_is_a_package() -> None:
    rooms = {path.parent for path in MODULES}

    bare = sorted(str(room) for room in rooms if not (ROOT / room / "__init__.py").exists())

    assert not bare, "a folder without __init__.py is invisible to the import contracts"
