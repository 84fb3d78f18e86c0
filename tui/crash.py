"""A report of a crash: where and what, without local variables, in a file of the person's own."""

import os
import tempfile
import traceback
from pathlib import Path

from nodeagent.model.text import clean


def write_report(error: BaseException | None) -> str:
    """Write the traceback of `error` to a new file only this user can read; return its path."""
    lines = ["no exception"] if error is None else traceback.format_exception(error)
    text = "\n".join(clean(part, 1000) for line in lines for part in line.splitlines())
    try:
        handle, name = tempfile.mkstemp(prefix="clustertui-crash-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as failure:
        return f"(not written: {failure.strerror})"
    return str(Path(name))
