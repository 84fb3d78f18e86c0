"""When the console was last left, for each cluster: a file in the user's state folder."""

import json
import os
import re
from pathlib import Path

from tui.viewmodels.ages import Moment

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}\Z")
SIZE_MAX = 256


class Left:
    """Remembers moments in `folder`. Whatever cannot be read or written is only not known."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, cluster: str) -> float:
        """Return when the console on `cluster` was last left, in Unix seconds; 0: not known."""
        try:
            with self._path(cluster).open("rb") as file:
                found = json.loads(file.read(SIZE_MAX))
            moment = float(found["left"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0.0
        return moment if 0 < moment < 1e11 else 0.0

    def write(self, cluster: str, now: Moment) -> None:
        """Remember that it is left now; a folder that takes nothing is not worth a message."""
        path = self._path(cluster)
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            aside.write_text(json.dumps({"left": now.wall}), "ascii")
            aside.replace(path)
        except OSError:
            aside.unlink(missing_ok=True)

    def _path(self, cluster: str) -> Path:
        name = cluster if _PLAIN.match(cluster) else "unnamed"
        return self._folder / f"left-{name}.json"


def state_folder() -> Path:
    """Return the user's folder for such things (XDG Base Directory Specification)."""
    home = os.environ.get("XDG_STATE_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".local" / "state"
    return base / "clustertui"
