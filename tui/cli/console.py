"""Opening the console on a cluster that runs."""

import sys
from typing import TYPE_CHECKING

from tui.cli import exits
from tui.cli.access import Way, author
from tui.cli.keys import load
from tui.cli.output import complain

if TYPE_CHECKING:
    from nodeagent.client.client import Client
    from tui.cli.inside import InnerShell


def open_console(way: Way) -> int:
    """Run the console until it is left; return its exit code."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        complain("the console needs a terminal; for scripts there are subcommands (--help)")
        return exits.USAGE
    keymap = load(way.keys)
    access = way.access()
    from nodeagent.client.client import Client
    from tui.app import ClusterApp, run_console
    from tui.left import Left, state_folder

    app = ClusterApp(Client(access), read_only=way.read_only, author=author())
    app.left = Left(state_folder())
    app.command = way.command()
    app.use_keys(keymap)
    app.shell = inner_shell(way)
    return run_console(app)


def open_plain(way: Way) -> int:
    """Run the console line by line until its input ends; return the exit code."""
    access = way.access()
    from nodeagent.client.client import Client

    return talk(Client(access), way)


def talk(client: "Client", way: Way) -> int:
    """Run a console of lines that listens to `client`; its subcommands go `way`."""
    from tui.cli.plain import run_plain

    return run_plain(client, inner_shell(way), author=author(), read_only=way.read_only)


def inner_shell(way: Way) -> "InnerShell":
    """Return what runs the command line inside a console that goes `way`."""
    from tui.cli import inside
    from tui.cli.command import cli

    return inside.InnerShell(cli, way)
