"""`nodeagent unit`: the systemd unit that keeps the agent running."""

import secrets
import sys
from importlib import resources
from pathlib import Path

import click

NAME = "nodeagent.service"
FOLDER = Path("/etc/systemd/system")
_PROGRAM = "@PROGRAM@"


def unit_text(program: list[str]) -> str:
    """Return the unit that runs `program` (a program and its first arguments)."""
    template = resources.files("nodeagent.cli").joinpath(NAME).read_text("utf-8")
    return template.replace(_PROGRAM, " ".join(_word(word) for word in program))


def this_program() -> list[str]:
    """Return how this very program is called again, from any folder."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return [sys.executable, "-m", "nodeagent"]
    return [str(called.absolute())]


def unit(*, install: bool, folder: Path = FOLDER) -> int:
    """Print the unit, or write it to `folder`; returns the exit code. OSError if it cannot be."""
    text = unit_text(this_program())
    if not install:
        click.echo(text, nl=False)
        return 0
    target = folder / NAME
    aside = folder / f".{NAME}.{secrets.token_hex(6)}"
    try:
        aside.write_text(text, "utf-8")
        aside.chmod(0o644)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    click.echo(str(target))
    click.echo("nodeagent: systemctl daemon-reload && systemctl enable --now nodeagent", err=True)
    return 0


def _word(text: str) -> str:
    """Return a word as systemd reads it back (systemd.service, command lines)."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{plain}"' if plain != text or " " in text else text
