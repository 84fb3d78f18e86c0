"""What every test may count on, wherever the suite was started."""

import os
import signal
from collections.abc import Iterator

import pytest

BEHIND = 3
"""Niceness of tests that only compute: agents of a real cluster beside them must not miss beats."""


def pytest_configure() -> None:
    """Let Ctrl+C be heard: a shell that starts the suite in the background turns it off.

    A program that is started inherits that, and tests that interrupt one would wait for ever.
    """
    os.environ.pop("COLORFGBG", None)  # what this terminal looks like must not change a picture
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let real clusters go first where workers share cores; only root can take niceness back."""
    shared = "PYTEST_XDIST_WORKER" in os.environ and os.geteuid() == 0
    if shared and item.get_closest_marker("xdist_group") is None:
        before = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, 0, before + BEHIND)
        try:
            return (yield)
        finally:
            os.setpriority(os.PRIO_PROCESS, 0, before)
    return (yield)
