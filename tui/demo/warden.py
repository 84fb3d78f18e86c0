"""The process that tidies up after a demonstration, however that one ends.

Started by path with `python -I -S`, in a session of its own. It waits for the end of its standard
input, which only the demonstration's process holds open; a crash, a KILL and a closed terminal
all close it. Then it ends every process that carries the demonstration's mark in its environment
and removes the demonstration's folder. Nothing else is touched: the mark is a random number.
"""

import os
import signal
import sys
import time

MARK = "CLUSTERTUI_BOX"
NODE = "CLUSTERTUI_BOX_NODE"
TIDY_S = 10.0


def environment_of(pid: int) -> list[bytes]:
    """Return the environment of a process, nothing when it is gone or another user's."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123 - pathlib starts slowly
            return file.read().split(b"\0")
    except OSError:
        return []


def marked(mark: str, node: str = "") -> list[int]:
    """Return the processes of the demonstration `mark`, of one `node` only where it is named."""
    wanted = {f"{MARK}={mark}".encode()} | ({f"{NODE}={node}".encode()} if node else set())
    pids = (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208
    own = os.getpid()
    return [pid for pid in pids if pid != own and wanted <= set(environment_of(pid))]


def with_descendants(pids: list[int]) -> list[int]:
    """Return `pids` and all processes below them, whatever session or environment these have."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit():
            children.setdefault(parent_of(int(name)), []).append(int(name))
    found: list[int] = []
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.append(pid)
            waiting += children.get(pid, [])
    return found


def parent_of(pid: int) -> int:
    """Return a process's parent, 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            return int(file.read().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


def end(pids: list[int], number: int = signal.SIGKILL) -> None:
    """Signal processes; those that are gone already are fine."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def end_all(mark: str, node: str = "") -> bool:
    """Kill until no marked process is left; return whether that succeeded.

    All are held first, so that nothing which they would still start escapes.
    """
    deadline = time.monotonic() + TIDY_S
    while pids := marked(mark, node):
        if time.monotonic() > deadline:
            return False
        end(pids, signal.SIGSTOP)
        end(with_descendants(pids))
        time.sleep(0.01)
    return True


def main(arguments: list[str]) -> int:
    """Wait for the end of standard input, then end processes of MARK and remove FOLDER ("")."""
    mark, folder = arguments
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 4096):
        pass
    tidy = end_all(mark)
    if folder:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
    return 0 if tidy else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
