"""Starting the lab's own program in a private place, and reading what it tells."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.lab.result import Result
from tests.support import private

LEAVE_S = 15.0


@contextmanager
def running(
    *arguments: str, tells: bool, program: str = "tests.lab.inside"
) -> "Iterator[subprocess.Popen[bytes]]":
    """Run the lab's program; the lab ends with this block, and with this process.

    `tells`: its stdout is read here; else terminal and all are handed on.
    """
    theirs, ours = os.pipe()
    command = [*private.entrance(), sys.executable, "-m", program]
    try:
        process = subprocess.Popen(
            [*command, "--pipe", str(theirs), *arguments],
            stdin=subprocess.DEVNULL if tells else None,
            stdout=subprocess.PIPE if tells else None,
            pass_fds=(theirs,),
        )
    finally:
        os.close(theirs)
    try:
        yield process
    finally:
        os.close(ours)
        try:
            process.wait(LEAVE_S)
        except subprocess.TimeoutExpired:
            process.kill()  # and the kernel all that is below it
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def results(process: "subprocess.Popen[bytes]") -> Iterator[Result]:
    """Yield each result as it is told."""
    assert process.stdout is not None
    for line in process.stdout:
        yield msgspec.json.decode(line, type=Result)


def told(story: str, steps: Sequence[str] = ()) -> dict[str, Result]:
    """Tell a story, or some steps of it, and return the results by their steps."""
    chosen = [word for step in steps for word in ("--step", step)]
    with running("--story", story, *chosen, tells=True) as process:
        return {result.step: result for result in results(process)}


def first_process(process: "subprocess.Popen[bytes]") -> int:
    """Return the number of the place's first process on this machine, 0 while it has none."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    try:
        return int(children.read_text().split()[0])
    except (OSError, IndexError):
        return 0
