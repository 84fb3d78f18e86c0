"""`clustertui demo` in a terminal that goes away, or when it is told to end: it leaves nothing.

That the console opens and ends as a person ends it is seen where README is played.
"""

import os
import signal
from pathlib import Path

import pytest

from tests.e2e.support import processes_of, until
from tests.e2e.terminal import GONE_S, demonstration

pytestmark = [pytest.mark.xdist_group("another-cluster-in-a-box"), pytest.mark.timeout(120)]


def test_signal_ends_the_console_and_all_agents(tmp_path: Path) -> None:
    with demonstration(tmp_path) as screen:
        screen.until(b"charlie", b"orders")
        box = screen.box()
        screen.process.send_signal(signal.SIGTERM)
        screen.gone(box)

        assert screen.process.returncode == 128 + signal.SIGTERM
        assert b"Traceback" not in screen.written


def test_closed_terminal_ends_all(tmp_path: Path) -> None:
    with demonstration(tmp_path) as screen:
        screen.until(b"charlie", b"orders")
        box = screen.box()
        os.close(screen.master)
        until(lambda: screen.process.poll() is not None, GONE_S, "end of the program")
        until(lambda: not processes_of(screen.mark, box), GONE_S, "end of all processes")
        until(lambda: not box.exists(), GONE_S, "removal of the folder")
