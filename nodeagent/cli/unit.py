"""`nodeagent unit`: the systemd unit that keeps the agent running."""

import secrets
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import click

NAME = "nodeagent.service"
FOLDER = Path("/etc/systemd/system")
STATE = Path("/var/lib/nodeagent")
"""The state directory that systemd makes by StateDirectory=; another one is there already."""
_OWN_FOLDER = "StateDirectory=nodeagent\nStateDirectoryMode=0700\n"


@dataclass(frozen=True, slots=True)
class Run:
    """With which options of `nodeagent run` the unit runs the agent."""

    state: Path = STATE
    metrics: str = ""
    watchdog: Path | None = None

    def words(self) -> list[str]:
        """Return them as words of a command line."""
        metrics = ["--metrics", self.metrics] if self.metrics else []
        watchdog = ["--watchdog", str(self.watchdog)] if self.watchdog else []
        return ["run", "--state", str(self.state), *metrics, *watchdog]


def unit_text(program: list[str], options: Run = Run()) -> str:
    """Return the unit that runs `program` (a program and its first arguments)."""
    text = resources.files("nodeagent.cli").joinpath(NAME).read_text("utf-8")
    if options.state != STATE:
        text = text.replace(_OWN_FOLDER, "")
    node_file = str(options.state / "node.toml").replace("%", "%%")
    command = " ".join(_word(word) for word in (*program, *options.words()))
    return text.replace("@NODE_FILE@", node_file).replace("@RUN@", command)


def this_program() -> list[str]:
    """Return how this very program is called again, from any folder."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return [sys.executable, "-m", "nodeagent"]
    return [str(called.absolute())]


def unit(options: Run = Run(), *, install: bool, folder: Path = FOLDER) -> int:
    """Print the unit, or write it to `folder`; returns the exit code. OSError if it cannot be."""
    text = unit_text(this_program(), options)
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
