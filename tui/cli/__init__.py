"""The command `clustertui`: the console, and each of its actions for scripts.

Data goes to stdout, talk to stderr, and exit codes are an interface (`exits`). One module per
subcommand, loaded only when it is called, so that a script does not wait for what it does not
use. Leans on `nodeagent.client` and, for the console itself, on `tui.app`. Start with `command`.
"""

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `clustertui` with `arguments` (default: the process's own); return the exit code."""
    from tui.cli.command import run

    return run(arguments)
