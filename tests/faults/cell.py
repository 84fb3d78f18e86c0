"""`python -m tests.faults.cell STEP FAULT`: try a cell in this private place, tell it as JSON.

It ends at once, and all that it started with it, when its standard input ends.
"""

import os
import sys
import threading

import msgspec

from tests.faults.grid import Cell
from tests.faults.links import run
from tests.faults.trial import try_cell

FOLDER = "/dev/shm"


def _end_with_who_started_us() -> None:
    os.read(0, 1)
    os._exit(1)


def main() -> int:
    """Try the cell; the result is one line on stdout."""
    step, fault = sys.argv[1:]
    threading.Thread(target=_end_with_who_started_us, daemon=True).start()
    # Files lie in memory and in this place only: whatever happens, nothing of them stays.
    run("mount", "-t", "tmpfs", "none", FOLDER)
    run("ip", "link", "set", "lo", "up")
    os.environ["TMPDIR"] = FOLDER
    result = try_cell(Cell(step, fault))
    sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
