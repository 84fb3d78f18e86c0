"""Files that the person asked for: reports, pictures, events, commands.

Nothing is ever overwritten, and nobody else may read them: an invitation may be in one.
"""

import os
import re
import tempfile
from pathlib import Path

_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")
TRIES = 100


def keep(name: str, suffix: str, text: str) -> str:
    """Write `text` to a new file in this folder, else in the temporary one; return its path.

    Raises OSError where neither can be written.
    """
    fit = _UNFIT.sub("-", name)[:80].strip("-.") or "clustertui"
    try:
        return _write(Path.cwd(), fit, suffix, text)
    except OSError:
        return _write(Path(tempfile.gettempdir()), fit, suffix, text)


def _write(folder: Path, name: str, suffix: str, text: str) -> str:
    for number in range(1, TRIES):
        path = folder / f"{name}{'' if number == 1 else f'-{number}'}{suffix}"
        try:
            with open(path, "x", encoding="utf-8", opener=_private) as file:
                file.write(text)
        except FileExistsError:
            continue
        return str(path)
    raise FileExistsError(f"{folder} holds {TRIES} files named {name}")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
