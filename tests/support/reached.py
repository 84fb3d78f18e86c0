"""Every action and every subcommand, and where each can be had, from the code that offers them."""

from collections.abc import Iterator

import click

from tests.support.tables import table
from tui import actions
from tui.cli.command import cli
from tui.cli.inside import NOT_INSIDE
from tui.palette import listed
from tui.screens.help import entries
from tui.viewmodels.reach import REACH, SHELL_ONLY, Command, Only

Cells = tuple[str, ...]
HEAD = ("Action", "Screen", "Palette", "Command line", "Subcommand", "Help")


def action_rows() -> list[Cells]:
    """Return a row of cells for each action; an empty cell is a gap."""
    return [_row(action) for action in actions.ACTIONS]


def _row(action: actions.Action) -> Cells:
    scope = action.scope
    only = (*actions.of("replay"), *actions.offered(scope))
    helped = [label for _, label, _ in entries(scope, only=only)]
    words = _subcommand(action.id)
    return (
        f"`{action.id}`: {action.label}",
        _on_screen(action),
        action.label if action in listed(only) else _why_not_in_palette(action),
        _inside(action.id, words),
        f"`{words}`" if words else _reason(action.id),
        action.help if action.label in helped else "",
    )


def _on_screen(action: actions.Action) -> str:
    keys = " ".join(f"`{actions.shown(key)}`" for key in action.keys)
    return f"{keys}, footer" if action.priority and keys else keys


def _why_not_in_palette(action: actions.Action) -> str:
    return "it is the palette" if action.name == "palette" else ""


def _subcommand(key: str) -> str:
    found = REACH.get(key)
    return found.words if isinstance(found, Command) and _known(found.words) else ""


def _reason(key: str) -> str:
    found = REACH.get(key)
    return f"none: {found.reason}" if isinstance(found, Only) else ""


def _inside(key: str, words: str) -> str:
    if not words:
        return _reason(key)
    name = words.split(maxsplit=1)[0]
    return f"none: {SHELL_ONLY.get(name, '')}" if name in NOT_INSIDE else f"`:{words}`"


def _known(words: str) -> bool:
    """Return whether a subcommand is there, with the options that are named."""
    found: click.Command = cli
    options: set[str] = set()
    for word in words.split():
        if isinstance(found, click.Group) and word in found.commands:
            found = found.commands[word]
            options = {option for param in found.params for option in param.opts}
        elif word.startswith("--") and word not in options:
            return False
    return not isinstance(found, click.Group)


def commands(group: click.Group = cli, before: str = "") -> Iterator[str]:
    """Yield all subcommands, as ``node standby``."""
    for name, command in group.commands.items():
        whole = f"{before} {name}".strip()
        if isinstance(command, click.Group):
            yield from commands(command, whole)
        else:
            yield whole


def command_rows() -> list[Cells]:
    """Return for each subcommand the actions that do the same, or why there is none."""
    return [(f"`{name}`", _actions_of(name) or SHELL_ONLY.get(name, "")) for name in commands()]


def _actions_of(name: str) -> str:
    found = [
        f"`{key}`"
        for key, reach in REACH.items()
        if isinstance(reach, Command) and f"{reach.words} ".startswith(f"{name} ")
    ]
    return ", ".join(found)


def actions_table() -> str:
    """Return the table of all actions."""
    return table(HEAD, action_rows())


def commands_table() -> str:
    """Return the table of all subcommands."""
    return table(("Subcommand", "Actions that do it"), command_rows())
