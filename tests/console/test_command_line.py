"""The command line inside the console."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.screens import LARGE, SMALL, console, running, shows, until
from tests.support.story import StoryClient
from tests.unit.cli.conftest import agents, key_file  # noqa: F401 - fixtures
from tui.app import ClusterApp
from tui.cli.access import Way
from tui.cli.console import inner_shell
from tui.screens.command_line import CommandLine, Shell


@dataclass
class Script(Shell):
    """A shell that writes what the test says."""

    lines: tuple[str, ...] = ("cluster orders: stable", "exit 0")
    ran: list[list[str]] = field(default_factory=list)
    ended: bool = False

    async def run(self, words: list[str]) -> AsyncGenerator[str, None]:
        self.ran.append(words)
        for line in self.lines:
            yield line

    async def offers(self, words: list[str]) -> list[str]:
        known = {"": ["move", "status", "standby"], "st": ["standby", "status"], "sta": ["status"]}
        return known.get(words[-1], [])


def typed(text: str) -> list[str]:
    """The keys of a text."""
    names = {" ": "space", "-": "minus", "'": "apostrophe"}
    return [names.get(letter, letter) for letter in text]


def on_script(shell: Script) -> ClusterApp:
    client = StoryClient()
    client.begin()
    app = console(client)
    app.shell = shell
    return app


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_words_are_run_and_their_output_is_shown(size: tuple[int, int]) -> None:
    shell = Script(("cluster orders: \x1b[31mstable[/]", "exit 0"))
    app = on_script(shell)
    async with running(app, size) as pilot:
        await shows(pilot, "web")
        await pilot.press("colon", *typed("status --json"), "enter")
        text = await shows(pilot, "$ status --json", "stable[/]", "exit 0")
        assert "\x1b" not in text
        assert shell.ran == [["status", "--json"]]
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, CommandLine), "back")


async def test_what_was_typed_comes_back_and_words_are_completed() -> None:
    shell = Script()
    app = on_script(shell)
    async with running(app, SMALL) as pilot:
        await shows(pilot, "web")
        await pilot.press("colon", *typed("move web bravo"), "enter")
        await shows(pilot, "exit 0")
        await pilot.press("up", "enter")
        await until(pilot, lambda: len(shell.ran) == 2, "run again")
        assert shell.ran[0] == shell.ran[1] == ["move", "web", "bravo"]
        await pilot.press(*typed("st"), "tab")
        await shows(pilot, "standby status")
        await pilot.press("t", "u", "s", "enter")
        await until(pilot, lambda: shell.ran[-1] == ["status"], "the completed word")


async def test_what_a_key_put_on_the_line_is_gone_on_with() -> None:
    shell = Script()
    app = on_script(shell)
    async with running(app, SMALL) as pilot:
        await shows(pilot, "web")
        await pilot.press("f12")
        await shows(pilot, "support-bundle")
        await pilot.press(*typed("bundle.tgz"), "enter")
        await until(pilot, lambda: shell.ran == [["support-bundle", "bundle.tgz"]], "all of it")


async def test_what_no_shell_could_read_is_told() -> None:
    shell = Script()
    app = on_script(shell)
    async with running(app, SMALL) as pilot:
        await shows(pilot, "web")
        await pilot.press("colon", *typed("why 'web"), "enter")
        await shows(pilot, "No closing quotation")
        await pilot.press("f1")
        await shows(pilot, "Keys of this dialog", "complete the word")
        await pilot.press("f1")
        await shows(pilot, "why 'web")
        assert shell.ran == []


async def told(words: list[str], way: Way) -> list[str]:
    return [line async for line in inner_shell(way).run(words)]


async def test_the_same_program_answers_as_outside(key_file: object) -> None:  # noqa: F811
    way = Way(key=str(key_file))
    lines = await told(["status"], way)
    assert lines[0].startswith("cluster orders: stable")
    assert lines[-1] == "exit 0"
    assert (await told(["move", "nothing"], way))[-1] == "exit 2"
    assert await inner_shell(way).offers(["move", "w"]) == ["web"]
    assert await inner_shell(way).offers(["node", "st"]) == ["standby"]


async def test_who_only_looks_runs_only_what_looks(
    key_file: object,  # noqa: F811
    tmp_path: Path,
) -> None:
    way = Way(key=str(key_file), read_only=True)
    assert "read-only" in (await told(["move", "web", "bravo"], way))[0]
    value = ["node", "standby", "charlie", "--reason", "--help"]  # a reason, and no question
    assert "read-only" in (await told(value, way))[0]
    assert (await told(["why", "--help"], way))[-1] == "exit 0"
    assert (await told(["node", "standby", "--help"], way))[-1] == "exit 0"
    archive = tmp_path / "bundle.tar.gz"
    assert (await told(["support-bundle", str(archive)], way))[-1] == "exit 0"
    assert archive.exists()
    assert "shell outside" in (await told(["demo"], way))[0]
