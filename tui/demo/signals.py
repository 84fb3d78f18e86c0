"""Ending a demonstration by a signal: once, and then nothing disturbs the tidying up."""

import signal
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(KeyboardInterrupt):
    """The demonstration was told to end. A KeyboardInterrupt, so that asyncio lets it through."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    @property
    def exit_code(self) -> int:
        """Return 128 and the signal's number, as a shell would."""
        return 128 + self.number


def listen() -> None:
    """Raise Ended in the main thread at the first of the signals; ignore those that follow."""

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        ignore()
        raise Ended(number)

    for number in ENDING:
        signal.signal(number, end)


def ignore() -> None:
    """Let nothing disturb what is done now."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
