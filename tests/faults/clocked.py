"""An agent whose wall clock can be set from outside: `clocked.py FOLDER`, then its own arguments.

The file FOLDER/NODE holds the seconds by which its clock is wrong. Only `time.time` is shifted; the
clock of the machine, and the one that agents measure intervals with, stay as they are.
"""

import os
import sys
import time
from pathlib import Path

from nodeagent.cli import main
from tui.demo import warden

_true_time = time.time


def _shifted(file: Path) -> float:
    try:
        return _true_time() + float(file.read_text())
    except (FileNotFoundError, ValueError):
        return _true_time()


if __name__ == "__main__":
    shift = Path(sys.argv.pop(1), os.environ[warden.NODE])
    time.time = lambda: _shifted(shift)
    sys.exit(main())
