"""A terminal that is gone keeps nobody waiting."""

import os
import pty
from contextlib import suppress

from textual.drivers._writer_thread import WriterThread
from textual.drivers.headless_driver import HeadlessDriver
from textual.drivers.linux_driver import LinuxDriver

from tui.terminal import MayClose, TerminalDriver, lasting


def test_what_cannot_be_shown_any_more_is_dropped_and_the_writer_goes_on() -> None:
    master, slave = pty.openpty()
    terminal = MayClose(open(slave, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    writer = WriterThread(terminal)  # type: ignore[arg-type]
    writer.start()
    writer.write("seen")
    assert os.read(master, 4) == b"seen"
    os.close(master)

    for _ in range(1_000):  # more than its queue holds
        writer.write("not seen")
    writer.stop()

    assert terminal.closed_by
    with suppress(OSError):
        terminal.close()


def test_only_the_driver_of_a_terminal_is_replaced() -> None:
    assert lasting(LinuxDriver) is TerminalDriver
    assert lasting(HeadlessDriver) is HeadlessDriver
