"""Would a program take these words? Asked of its own parser.

Nothing is run but `make -n`, and `pytest --version` behind the words.
"""

import argparse
import importlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import click

from nodeagent.cli import cli as agent_command
from tui.cli.command import cli as console_command

ROOT = Path(__file__).parents[2]
PROGRAMS: dict[str, click.Group] = {"clustertui": console_command, "nodeagent": agent_command}
PYTHON = (".venv/bin/python", "-m")
TESTS = ".ci/test"
"""Hands its words to pytest, with `make check` beside it."""
LIMIT_S = 60.0
_PLACEHOLDER = re.compile(r"[A-Z][A-Z_-]*(?:…)?|[\[{…].*")


def is_ours(command: str) -> bool:
    """Return whether a text begins with one of this project's programs and says more than that."""
    words = command.split()
    return len(words) > 1 and (
        words[0].removeprefix(".venv/bin/") in PROGRAMS
        or words[0] == "make"
        or tuple(words[:2]) == PYTHON
    )


def refusal(command: str, *, whole: bool) -> str:
    """Return why the program would refuse a command, "" if it takes it.

    With `whole` nothing that it needs may be missing; else the command may be only begun, as in a
    sentence, and words in capitals stand for any value.
    """
    words = shlex.split(command.replace("\\\n", " "), comments=True)
    program = words[0].removeprefix(".venv/bin/")
    if program in PROGRAMS:
        return _click(PROGRAMS[program], program, words[1:], whole=whole)
    if program == "make":
        return _make(words[1:])
    if tuple(words[:2]) == PYTHON:
        return _module(words[2], words[3:])
    if program == TESTS:
        return _module("pytest", words[1:])
    return f"nobody knows how to ask {program!r}"


def options(command: str) -> set[str]:
    """Return every long option that the program of a command has, subcommands included."""
    words = shlex.split(command.replace("\\\n", " "), comments=True)
    program = words[0].removeprefix(".venv/bin/")
    if program in PROGRAMS:
        return _options(PROGRAMS[program])
    if program == "make":
        return set().union(*map(options, _started(recipe(words[1:2]))))
    parser = parser_of(words[2]) if tuple(words[:2]) == PYTHON else None
    return set(re.findall(r"--[a-z-]+", parser.format_help())) if parser else set()


# -- clustertui and nodeagent


def _options(command: click.Command) -> set[str]:
    below = command.commands.values() if isinstance(command, click.Group) else ()
    own = {option for param in command.params for option in param.opts}
    return own.union(*map(_options, below))


def _click(command: click.Command, name: str, words: list[str], *, whole: bool) -> str:
    context = click.Context(command, info_name=name)
    try:
        values, rest, _ = command.make_parser(context).parse_args(words)
        for param in command.params:
            _judge(context, param, values.get(param.name or ""), whole=whole)
    except click.ClickException as error:
        return f"{name}: {error.format_message()}"
    if isinstance(command, click.Group):
        return _subcommand(command, name, rest, whole=whole)
    return f"{name}: {rest} is too much" if rest else ""


def _judge(context: click.Context, param: click.Parameter, value: object, *, whole: bool) -> None:
    given = value if isinstance(value, list | tuple) else (value,)
    texts = [one for one in given if isinstance(one, str)]
    if not texts:
        if whole and param.required:
            raise click.MissingParameter(ctx=context, param=param)
        return
    is_path = isinstance(param.type, click.Path)  # the page's files are not here
    for text in texts:
        if not (is_path or _PLACEHOLDER.fullmatch(text)):
            param.type(text, param, context)


def _subcommand(group: click.Group, name: str, words: list[str], *, whole: bool) -> str:
    if not words:
        return "" if group.invoke_without_command or not whole else f"{name}: what of it?"
    if words[0] not in group.commands:
        return f"{name}: there is no {words[0]!r}"
    return _click(group.commands[words[0]], f"{name} {words[0]}", words[1:], whole=whole)


# -- make and what it starts


def recipe(words: Sequence[str]) -> list[str]:
    """Return the lines that `make` would run for these words; ValueError if it knows them not."""
    done = subprocess.run(
        ["make", "--no-print-directory", "-n", *words],
        cwd=ROOT,
        # As from a shell: a suite that make itself has started is no level of it.
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    if done.returncode:
        raise ValueError(done.stderr.strip())
    lines = done.stdout.splitlines()
    if all(line.startswith("make: ") for line in lines):  # a folder of that name, but no target
        raise ValueError(done.stdout.strip())
    return lines


def _make(words: Sequence[str]) -> str:
    try:
        lines = recipe(words)
    except ValueError as error:
        return str(error)
    return next((why for line in _started(lines) if (why := refusal(line, whole=True))), "")


def _started(lines: Sequence[str]) -> list[str]:
    return [line.removeprefix("exec ") for line in lines if line.startswith("exec ")]


def parser_of(module: str) -> argparse.ArgumentParser | None:
    """Return what understands the words behind `python -m MODULE`, None where it has no such."""
    found = find_spec(module)
    if found is not None and found.submodule_search_locations:
        module += ".__main__"
    made = getattr(importlib.import_module(module), "parser", lambda: None)()
    return made if isinstance(made, argparse.ArgumentParser) else None


def _module(module: str, words: Sequence[str]) -> str:
    if find_spec(module) is None:
        return f"there is no module {module}"
    if module == "pytest":
        return _pytest(tuple(words))
    if not words:
        return ""
    parser, said = parser_of(module), io.StringIO()
    if parser is None:
        return f"{module} takes no words that could be checked: {shlex.join(words)}"
    try:
        with redirect_stderr(said):
            parser.parse_args(words)
    except SystemExit:
        return said.getvalue().strip()
    return ""


@cache
def _pytest(words: tuple[str, ...]) -> str:
    """Its options are those of its plugins and of the folders named: only itself knows them."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "--version"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    return done.stderr.strip() if done.returncode else ""
