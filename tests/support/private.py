"""A place where a program can do no harm: own network, mounts and process numbers.

Root makes it, or whoever may make user namespaces. Run by path it is the first process in there: it
starts a program, buries what is orphaned, and ends with it; then the kernel ends all the rest.
"""

import os
import shutil
import subprocess
import sys
from functools import cache

PLACE = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
LIMIT_S = 20.0


def entrance() -> tuple[str, ...]:
    """Return the words that run a program in a place of its own."""
    user = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    return ("unshare", *user, *PLACE, sys.executable, "-I", "-S", __file__)


@cache
def why_not(needed: tuple[str, ...], attempt: str) -> str:
    """Return why no such place can be made here, "" if it can.

    `needed` are programs, and `attempt` the words of a shell that must end with 0 in there.
    """
    missing = [name for name in needed if shutil.which(name) is None]
    if missing:
        return f"{' and '.join(missing)} is not installed"
    made = subprocess.run(
        [*entrance(), "sh", "-c", attempt], capture_output=True, text=True, timeout=LIMIT_S
    )
    words = " ".join(made.stderr.split()) or f"ended with {made.returncode}"
    return f"no namespaces for a private network: {words}" if made.returncode else ""


def main(arguments: list[str]) -> int:
    """Run the program named by the arguments, reaping what others leave; return its exit code."""
    first = os.fork()
    if first == 0:
        os.execvp(arguments[0], arguments)
    while True:
        pid, status = os.wait()
        if pid == first:
            return os.waitstatus_to_exitcode(status) & 0xFF


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
