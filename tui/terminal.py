"""The terminal as Textual writes to it, which may be closed at any moment.

Textual writes from a thread of its own with a short queue before it. When the terminal is gone that
thread ends by its error, the queue fills, and the console would wait for ever for room in it, deaf
to the signal that tells it to end. So what can no longer be shown is taken and dropped.
"""

import select
from io import TextIOWrapper
from typing import IO, Any, cast

from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver


class MayClose:
    """A terminal's file that takes what is written also when nobody can read it any more."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.closed_by = ""
        """What the system said when the terminal was gone; empty while it is there."""

    def write(self, text: str) -> int:
        """Write `text`, or drop it when the terminal is gone."""
        if not self.closed_by:
            try:
                return self._file.write(text)
            except OSError as error:
                self.closed_by = str(error)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written, or drop it when the terminal is gone."""
        if not self.closed_by:
            try:
                self._file.flush()
            except OSError as error:
                self.closed_by = str(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class TerminalDriver(LinuxDriver):
    """Textual's driver on a terminal that may close."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        terminal = cast("IO[str]", self._file)
        self._file = cast("TextIOWrapper", MayClose(terminal))

    @property
    def is_gone(self) -> bool:
        """Return whether nobody is at the terminal any more.

        The signal that says so goes to the first process of the terminal only, which need not hand
        it on: `make` does not.
        """
        asked = select.poll()
        asked.register(self.fileno, 0)
        return any(told & (select.POLLHUP | select.POLLERR) for _, told in asked.poll(0))


def lasting(driver: type[Driver]) -> type[Driver]:
    """Return the driver to use where Textual would use `driver`."""
    return TerminalDriver if driver is LinuxDriver else driver
