"""The run-time twin of the import contracts in pyproject.toml.

The contracts read the import statements of our own modules. Here the rooms are really imported, in
a process of their own, so that an import hidden behind a function call or a library shows as well.
"""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PURE_ROOMS = ("nodeagent.model", "nodeagent.config", "nodeagent.wire", "nodeagent.core")
IMPURE_BUILTINS = {"breakpoint", "eval", "exec", "input", "open", "print"}

# The libraries that the pure rooms lean on load a little of the standard library themselves.
LIBRARIES = ("msgspec", "tomllib", "ipaddress", "hashlib", "zlib")


def modules_loaded_by(*names: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after importing `names`."""
    code = f"import {', '.join(names)}, sys; print(*{{n.partition('.')[0] for n in sys.modules}})"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


def modules_below(*rooms: str) -> list[str]:
    """Every module of the rooms, so that a room whose face imports nothing is still examined."""
    return sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for room in rooms
        for path in (ROOT / room.replace(".", "/")).rglob("*.py")
        if path.stem != "__main__"
    )


def forbidden_in_pure_rooms() -> set[str]:
    """The list that the static contract uses, so that both say the same."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (pure,) = (contract for contract in contracts if contract["id"] == "pure-rooms")
    return set(pure["forbidden_modules"])


@pytest.mark.parametrize("room", PURE_ROOMS)
def test_pure_room_brings_nothing_of_the_world(room: str) -> None:
    loaded = modules_loaded_by(*modules_below(room))

    added = (loaded - modules_loaded_by(*LIBRARIES)) & forbidden_in_pure_rooms()

    assert not added
    assert not loaded & {"asyncio", "subprocess", "textual", "zmq"}


def test_viewmodels_know_nothing_of_the_screen() -> None:
    loaded = modules_loaded_by(*modules_below("tui.viewmodels"))

    assert not loaded & {"textual", "zmq", "asyncio"}


def test_agent_runs_without_a_screen() -> None:
    loaded = modules_loaded_by(*modules_below("nodeagent"))

    assert not loaded & {"textual", "tui"}


def test_subcommands_start_without_the_screen() -> None:
    assert "textual" not in modules_loaded_by("tui.cli")


@pytest.mark.parametrize("module", modules_below(*PURE_ROOMS, "tui.viewmodels"))
def test_pure_module_calls_nothing_impure(module: str) -> None:
    path = ROOT / module.replace(".", "/")
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    tree = ast.parse(source.read_text("utf-8"))

    calls = {
        f"{source.relative_to(ROOT)}:{node.lineno} {node.func.id}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in IMPURE_BUILTINS
    }

    assert not calls, "hand it in, or ask for it with an effect"
