"""How commands print: data to stdout, talk to stderr, nothing that a terminal would obey.

Every text passes `clean` here, whoever wrote it; JSON is pure ASCII for the same reason.
"""

import json
import sys
from collections.abc import Iterable, Sequence

import msgspec

from nodeagent.model.text import clean

LINE_MAX = 4_000


def put(text: str = "") -> None:
    """Write one line of data."""
    sys.stdout.write(clean(text, LINE_MAX) + "\n")
    sys.stdout.flush()


def put_text(text: str) -> None:
    """Write a whole file's text: line by line on a terminal, else as it is, for it is a file."""
    if not sys.stdout.isatty():
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    for line in text.splitlines():
        put(line)


def put_json(value: object) -> None:
    """Write `value` (plain data or structs) as one JSON object on one line."""
    sys.stdout.write(json.dumps(msgspec.to_builtins(value), ensure_ascii=True) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """Write one line of talk."""
    sys.stderr.write(clean(text, LINE_MAX) + "\n")
    sys.stderr.flush()


def complain(text: str) -> None:
    """Say what went wrong."""
    say(f"clustertui: {text}")


def refuse(text: str, code: int, *, as_json: bool) -> int:
    """Say why something was not done, to scripts on stdout as well; return its exit code."""
    complain(text)
    if as_json:
        put_json({"result": "refused", "exit": code, "text": text})
    return code


def count(number: int, thing: str) -> str:
    """Return ``1 error`` or ``2 errors``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def put_table(rows: Iterable[Sequence[str]], indent: str = "  ") -> None:
    """Write `rows` with their columns aligned, two blanks between."""
    for line in table_lines(rows, indent):
        put(line)


def table_lines(rows: Iterable[Sequence[str]], indent: str = "  ") -> list[str]:
    """Return `rows` as lines with their columns aligned, two blanks between."""
    cells = [[clean(cell, 200) for cell in row] for row in rows]
    widths = [max(map(len, column), default=0) for column in zip(*cells, strict=True)]
    padded = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in cells
    ]
    return [indent + line.rstrip() for line in padded]
