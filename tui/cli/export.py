"""`clustertui export configuration [FILE]`: the text of the configuration in operation."""

from pathlib import Path

import click

from nodeagent.config.digest import file_digest
from tui.cli.access import Way
from tui.cli.asking import ask_snapshot
from tui.cli.output import put_json, put_text, say


def configuration(way: Way, file: str | None, *, draft: bool, as_json: bool) -> int:
    """Write the active configuration, or the draft. Return the exit code."""
    snapshot = ask_snapshot(way)
    text = snapshot.draft if draft else snapshot.active
    digest = file_digest(text.encode())
    if as_json:
        put_json({"epoch": snapshot.cluster.epoch, "draft": draft, "digest": digest, "text": text})
        return 0
    what = "the draft" if draft else f"epoch {snapshot.cluster.epoch}"
    if file is None:
        put_text(text)
        return 0
    try:
        with Path(file).open("xb") as new:
            new.write(text.encode())
    except OSError as error:
        raise click.FileError(file, error.strerror or str(error)) from None
    say(f"{what} is in {file}, digest {digest}")
    return 0
