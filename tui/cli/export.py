"""`clustertui export configuration [FILE]` and `export snapshot FILE`: what is in operation."""

import time
from pathlib import Path

import click

from nodeagent.config.digest import file_digest
from nodeagent.model.text import clean
from tui.cli.access import Way, author
from tui.cli.asking import ask_snapshot
from tui.cli.output import put_json, put_text, say
from tui.viewmodels.ledger import when_text


def configuration(way: Way, file: str | None, *, draft: bool, as_json: bool) -> int:
    """Write the active configuration, or the draft. Return the exit code."""
    found = ask_snapshot(way)
    text = found.draft if draft else found.active
    digest = file_digest(text.encode())
    if as_json:
        put_json({"epoch": found.cluster.epoch, "draft": draft, "digest": digest, "text": text})
        return 0
    what = "the draft" if draft else f"epoch {found.cluster.epoch}"
    if file in {None, "-"}:
        put_text(text)
        return 0
    _write_new(file, text)
    say(f"{what} is in {file}, digest {digest}")
    return 0


def snapshot(way: Way, file: str, *, as_json: bool) -> int:
    """Write what is in force now, with who owned what, so that it can be applied again."""
    found = ask_snapshot(way)
    cluster = found.cluster
    head = [
        f"Snapshot of {cluster.cluster}: epoch {cluster.epoch}, slot {cluster.slot}, digest",
        cluster.digest,
        f"taken {when_text(time.time())} by {author()} from {cluster.observer}",
        f"in: {', '.join(cluster.view)}; voters: {', '.join(cluster.voters)}",
        *(f"{group}: {node or 'on no node'}" for group, node in sorted(cluster.owners.items())),
        "`clustertui plan` shows what going back to it would do, `clustertui apply` does it.",
    ]
    _write_new(file, "".join(f"# {clean(line, 200)}\n" for line in head) + "\n" + found.active)
    if as_json:
        put_json({"file": file, "epoch": cluster.epoch, "digest": cluster.digest,
                  "owners": cluster.owners})  # fmt: skip
    else:
        say(f"epoch {cluster.epoch} is in {file}; clustertui apply {file} goes back to it")
    return 0


def _write_new(file: str, text: str) -> None:
    try:
        with Path(file).open("xb") as new:
            new.write(text.encode())
    except OSError as error:
        raise click.FileError(file, error.strerror or str(error)) from None
