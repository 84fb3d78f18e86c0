"""`python -m tests.faults.cell STEP FAULT FOLDER`: try a cell in this private place."""

import sys

import msgspec

from tests.faults.grid import Cell
from tests.faults.links import run
from tests.faults.trial import try_cell


def main() -> int:
    """Try the cell; the result is one line on stdout."""
    step, fault, folder = sys.argv[1:]
    # Files lie in memory and in this place only: whatever happens, nothing of them stays.
    run("mount", "-t", "tmpfs", "none", folder)
    run("ip", "link", "set", "lo", "up")
    result = try_cell(Cell(step, fault))
    sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
