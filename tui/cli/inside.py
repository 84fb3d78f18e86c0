"""Subcommands called from inside the console: this very program, going the same way."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

import click
from click.shell_completion import ShellComplete

from tui.cli.access import Way
from tui.cli.prompts import BY_LINES, PIPED, QUESTION, TYPED
from tui.screens.command_line import lines_of

LINE_BYTES_MAX = 1 << 20
NOT_INSIDE = frozenset({"demo", "replay", "completion", "man"})
"""They need a terminal of their own, or are for the shell outside."""
LOOKING = frozenset(
    {
        "status",
        "events",
        "check",
        "diff",
        "plan",
        "history",
        "blame",
        "why",
        "export",
        "explain",
        "keys",
        "inventory",
        "agents",
        "support-bundle",
    }
)
"""What a console that only looks may run."""


class InnerShell:
    """Runs subcommands of `cli` for the console that was opened with `way`."""

    def __init__(self, cli: click.Group, way: Way) -> None:
        self._cli = cli
        self._way = way

    async def run(
        self, words: list[str], answers: "asyncio.Queue[str | None] | None" = None
    ) -> AsyncGenerator[str, None]:
        """Yield the lines that the subcommand writes, then its exit code.

        What it asks is answered by the next of `answers`; without them it asks nothing.
        """
        refusal = self._refusal(words)
        if refusal:
            yield refusal
            return
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tui.cli",
            *self._way.options(),
            *(["--help"] if words == ["help"] else words),
            stdin=asyncio.subprocess.DEVNULL if answers is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LINE_BYTES_MAX,
            env={**os.environ, "COLUMNS": "100", BY_LINES: "" if answers is None else _answered()},
        )
        async with aclosing(lines_of(process)) as lines:
            async for text in lines:
                yield text
                if answers is not None and text.startswith(QUESTION):
                    answer = await answers.get()
                    if answer is None:
                        answers.put_nowait(None)  # the end is for whoever reads next, too
                    await _answer(process, answer)

    def _refusal(self, words: list[str]) -> str:
        name = words[0]
        if name in NOT_INSIDE:
            return f"{name} is for the shell outside of the console"
        if self._way.read_only and name not in LOOKING and not self._asks_for_help(words):
            return f"{name}: this console was started read-only"
        return ""

    def _asks_for_help(self, words: list[str]) -> bool:
        """Return whether these are a command's name and --help, and nothing to be carried out."""
        command: click.Command | None = self._cli
        for word in words[:-1]:
            command = command.commands.get(word) if isinstance(command, click.Group) else None
        return command is not None and words[-1] == "--help"

    async def offers(self, words: list[str]) -> list[str]:
        """Return how the last word may go on; the cluster is asked for names, in a thread."""
        return await asyncio.to_thread(self._offers, words)

    def _offers(self, words: list[str]) -> list[str]:
        completer = ShellComplete(self._cli, {}, "clustertui", "_CLUSTERTUI_COMPLETE")
        before = [*self._way.options(), *words[:-1]]
        found = completer.get_completions(before, words[-1])
        return [item.value for item in found if item.type == "plain"]


def _answered() -> str:
    """Return where the answers come from, for what asks only a person."""
    return TYPED if sys.stdin.isatty() and sys.stdout.isatty() else PIPED


async def _answer(process: asyncio.subprocess.Process, line: str | None) -> None:
    """Hand a line to what waits for it; None tells that there is none."""
    assert process.stdin is not None, "it was started to be answered"
    if line is None:
        process.stdin.close()
        return
    process.stdin.write(f"{line}\n".encode())
    with suppress(ConnectionError):  # it has ended, which its exit code tells
        await process.stdin.drain()
