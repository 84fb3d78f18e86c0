"""Asking a person: at a terminal, or line by line where the plain console runs the subcommand.

Nothing asks where nobody could answer: scripts have options for it.
"""

import os
import sys

import click

from tui.cli.output import say

BY_LINES = "CLUSTERTUI_ASK_BY_LINES"
"""Set by the plain console for what it runs: questions are lines, and the next line answers."""
QUESTION = "? "


def may_ask() -> bool:
    """Return whether somebody is there to answer."""
    return sys.stdin.isatty() or _by_lines()


def agreed(text: str) -> bool:
    """Return whether the person says yes; anything else is a no."""
    if _by_lines():
        return _answer(f"{text} y or n").casefold() in {"y", "yes"}
    return bool(click.confirm(text, default=False, err=True))


def typed(text: str) -> str:
    """Return what the person types, "" where that is nothing."""
    if _by_lines():
        return _answer(text)
    return str(click.prompt(text, default="", show_default=False, err=True))


def _by_lines() -> bool:
    return bool(os.environ.get(BY_LINES))


def _answer(text: str) -> str:
    say(f"{QUESTION}{text}")
    return sys.stdin.readline().strip()
