"""`clustertui demo`: with a screen where there is one, else as a tour that proves itself."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from tui.cli.access import Way
from tui.cli.console import inner_shell, talk
from tui.cli.keys import load
from tui.demo.deaths import STEPS
from tui.demo.run import Wanted, demo


def run(
    way: Way,
    nodes: int,
    *,
    headless: bool,
    as_json: bool,
    keep: str | None,
    drill: str | None = None,
    steps: Sequence[str] = (),
) -> int:
    """Run the demonstration. Return the exit code."""
    if steps and not drill:
        raise click.UsageError("--step goes with --drill")
    unknown = [step for step in steps if step not in STEPS]
    if unknown:
        raise click.UsageError(f"there is no step {unknown[0]!r}; steps are {', '.join(STEPS)}")
    told = headless or as_json or bool(drill)
    screen = (way.plain or (sys.stdin.isatty() and sys.stdout.isatty())) and not told
    return demo(
        Wanted(
            nodes=nodes,
            headless=not screen,
            as_json=as_json,
            keep=Path(keep) if keep is not None else None,
            deaths=(tuple(steps) or STEPS) if drill else (),
            keymap=load(way.keys) if screen else {},
            shell_of=lambda key: inner_shell(Way(key=str(key))),
            talk=(lambda client, key: talk(client, Way(key=str(key)))) if way.plain else None,
        )
    )
