"""What every test may count on, wherever the suite was started."""

import signal


def pytest_configure() -> None:
    """Let Ctrl+C be heard: a shell that starts the suite in the background turns it off.

    A program that is started inherits that, and tests that interrupt one would wait for ever.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
