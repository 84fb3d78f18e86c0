"""The manual pages and completion scripts that the programs hand out of themselves."""

import json
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from nodeagent.cli import main as nodeagent
from nodeagent.manual import SHELLS
from tui.cli import main as clustertui

PROGRAMS = {"nodeagent": nodeagent, "clustertui": clustertui}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("man")
    for main in PROGRAMS.values():
        assert main(["man", str(folder)]) == 0
    return {file.name: file.read_text("utf-8") for file in folder.iterdir()}


def _paths(group: click.Group, name: str) -> list[str]:
    found = [name]
    for word, command in group.commands.items():
        inner = f"{name}-{word}"
        found += _paths(command, inner) if isinstance(command, click.Group) else [inner]
    return found


def test_every_subcommand_has_a_page(pages: dict[str, str]) -> None:
    from nodeagent.cli import cli as agent_command
    from tui.cli.command import cli as console_command

    names = _paths(agent_command, "nodeagent") + _paths(console_command, "clustertui")
    assert {f"{name}.1" for name in names} == set(pages)


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_pages_are_set_without_a_complaint(pages: dict[str, str]) -> None:
    whole = "".join(pages.values())
    done = subprocess.run(
        ["groff", "-man", "-ww", "-z", "-Tutf8"],
        input=whole.replace("\u2026", "..."),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_a_page_says_what_the_command_does_and_how_it_ends(pages: dict[str, str]) -> None:
    page = pages["clustertui-apply.1"]

    assert r"clustertui\-apply \- Change the running cluster to FILE" in page
    assert ".SH EXIT STATUS" in page
    assert "130 interrupted" in page
    assert r"\fBclustertui\fP(1)" in page


def test_lists_of_commands_show_whole_sentences(pages: dict[str, str]) -> None:
    assert "..." not in pages["clustertui.1"].partition(".SH COMMANDS")[2]


def test_pages_are_told_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert nodeagent(["man", str(tmp_path / "man1"), "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert sorted(told["files"]) == sorted(p.name for p in (tmp_path / "man1").iterdir())


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")

    assert clustertui(["man", str(tmp_path / "file" / "man1")]) != 0
    assert str(tmp_path / "file") in capsys.readouterr().err


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_its_script(
    program: str, shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert PROGRAMS[program](["completion", shell]) == 0

    assert f"_{program.upper()}_COMPLETE={shell}_complete" in capsys.readouterr().out
