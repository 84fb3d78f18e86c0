"""What every test may count on, wherever the suite was started."""

import gc
import importlib
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

BEHIND = 3
"""Niceness of tests that only compute: agents of a real cluster beside them must not miss beats."""


def pytest_configure() -> None:
    """Let Ctrl+C be heard: a shell that starts the suite in the background turns it off.

    A program that is started inherits that, and tests that interrupt one would wait for ever.
    """
    os.environ.pop("COLORFGBG", None)  # what this terminal looks like must not change a picture
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Let each worker load all tests from another one on: after a checkout they must be compiled,
    and so each compiles its part and finds the others', where else each would compile all.
    """
    worker = getattr(session.config, "workerinput", None)
    if worker is None or session.config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    files = sorted(TESTS.rglob("test_*.py"))
    first = len(files) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    for file in (*files[first:], *files[:first]):
        name = ".".join(file.relative_to(TESTS.parent).with_suffix("").parts)
        with suppress(Exception, pytest.skip.Exception):  # the collection tells it
            importlib.import_module(name)


def pytest_collection_finish() -> None:
    """Keep what was imported out of the collector's way, which costs a console's test a fifth."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


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
