"""`nodeagent check`: examine a state directory and say what is wrong with it and what to do."""

import json
from pathlib import Path

import click
import msgspec

from nodeagent.cli.examine.codes import Finding
from nodeagent.cli.examine.reading import look_at
from nodeagent.cli.examine.whole import Examination, examine
from nodeagent.model.text import clean

LINE_MAX = 2_000
_SIGNS = {"error": "WRONG", "warning": "wrong", "note": "ok"}
_RANKS = ("error", "warning", "note")


def check(state: Path, *, as_json: bool) -> int:
    """Examine the state directory `state` and print what was found; returns the exit code.

    0: nothing needs anybody. 1: something is wrong. Raises StoreError if it cannot be looked at.
    Nothing in the directory is changed, locked or waited for.
    """
    found = look_at(state)
    examination = examine(found, found.owner)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(examination), ensure_ascii=True))
    else:
        for line in lines(examination):
            click.echo(clean(line, LINE_MAX))
    return 0 if examination.ok else 1


def lines(examination: Examination) -> list[str]:
    """Return an examination for people: every thing in a line, its findings under it."""
    told = [f"state directory {examination.state}"]
    for thing in examination.things:
        worst = min((_RANKS.index(f.severity) for f in thing.findings), default=2)
        told.append(f"  {thing.name:<10} {_SIGNS[_RANKS[worst]]:<6} {thing.about}")
        for item in thing.findings:
            told += _finding(item)
    return [*told, _sum(examination)]


def _finding(item: Finding) -> list[str]:
    return [
        f"    {item.severity} {item.code} {item.file}: {item.text}",
        f"      do: {item.remedy}",
    ]


def _sum(examination: Examination) -> str:
    severities = [f.severity for thing in examination.things for f in thing.findings]
    errors, warnings = severities.count("error"), severities.count("warning")
    if not errors and not warnings:
        return "nothing is wrong"
    return f"{errors} errors, {warnings} warnings"
