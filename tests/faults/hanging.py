"""The service of a group whose start, stop and monitor can be made to hang.

`hanging.py ACTION FOLDER [PROGRAM ...]`, run by path with `python -I -S`. While a file
FOLDER/ACTION-NODE exists, the action never returns, and TERM does not end it.
"""

import os
import signal
import sys
import time
from pathlib import Path

PAUSE_S = 0.05


def main(arguments: list[str]) -> int:
    """Carry out the action, unless it is to hang."""
    action, folder, *program = arguments
    node, group = os.environ["CLUSTERTUI_NODE"], os.environ["CLUSTERTUI_GROUP"]
    while Path(folder, f"{action}-{node}").exists():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(PAUSE_S)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    number = Path(folder, f"{group}-{node}.pid")
    if action == "start":
        number.write_text(str(os.getpid()))
        os.execv(program[0], program)
    if action == "stop":
        os.kill(int(number.read_text()), signal.SIGTERM)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
