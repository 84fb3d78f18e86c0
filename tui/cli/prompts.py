"""Asking a person: at a terminal, or line by line where the plain console runs the subcommand.

Nothing asks where nobody could answer: scripts have options for it.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from tui.cli.output import say

BY_LINES = "CLUSTERTUI_ASK_BY_LINES"
"""Set by the plain console for what it runs: questions are lines, and the next line answers."""
TYPED = "typed"
"""The value of it where these lines come from a terminal; "piped" where they do not."""
PIPED = "piped"
QUESTION = "? "


def may_ask() -> bool:
    """Return whether somebody is there to answer."""
    return sys.stdin.isatty() or _by_lines()


def at_terminal() -> bool:
    """Return whether a person types and reads; what scripts do without is asked only then."""
    if _by_lines():
        return os.environ[BY_LINES] == TYPED
    return sys.stdin.isatty() and sys.stdout.isatty()


def agreed(text: str) -> bool:
    """Return whether the person says yes; anything else is a no."""
    if _by_lines():
        return _answer(f"{text} y or n").casefold() in {"y", "yes"}
    with _interruptible():
        return bool(click.confirm(text, default=False, err=True))


def typed(text: str) -> str:
    """Return what the person types, "" where that is nothing."""
    if _by_lines():
        return _answer(text)
    with _interruptible():
        return str(click.prompt(text, default="", show_default=False, err=True))


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl+C end the question: the loop that has it waits until the question is over."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        signal.siginterrupt(signal.SIGINT, False)  # as the loop had it


def _by_lines() -> bool:
    return bool(os.environ.get(BY_LINES))


def _answer(text: str) -> str:
    say(f"{QUESTION}{text}")
    return sys.stdin.readline().strip()
