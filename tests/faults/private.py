"""A place where a cell can do no harm: own network, mounts and process numbers.

Root makes it, or whoever may make user namespaces. Run by path it is the first process in there: it
starts a program, buries what is orphaned, and ends with it; then the kernel ends all the rest.
"""

import os
import shutil
import subprocess
import sys
from functools import cache

PLACE = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
NEEDED = ("unshare", "ip", "mount", "fallocate")
TRY = """
no() { echo "$1" >&2; exit 1; }
ip link set lo up || no "its loopback cannot be used"
test -c /dev/net/tun && test -r /dev/net/tun && test -w /dev/net/tun || no "no use of /dev/net/tun"
test -w /proc/sys/net/ipv4/conf/all/rp_filter || no "its sysctls cannot be written"
"""
LIMIT_S = 20.0


def entrance() -> tuple[str, ...]:
    """Return the words that run a program in a place of its own."""
    user = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    return ("unshare", *user, *PLACE, sys.executable, "-I", "-S", __file__)


@cache
def why_not() -> str:
    """Return why no such place can be made here, "" if it can."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        return f"{' and '.join(missing)} is not installed"
    made = subprocess.run(
        [*entrance(), "sh", "-c", TRY], capture_output=True, text=True, timeout=LIMIT_S
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
