"""The agent's side of the deadman: start it, feed it, say goodbye."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

from nodeagent.drivers import deadman, handover

_ROOT = str(Path(__file__).parents[2])
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from nodeagent.drivers.deadman import main; sys.exit(main(sys.argv[2:]))"
)


class Watchdog:
    """A running deadman. Make one with `start`; feed it often with `pet`; end it with `stop`."""

    def __init__(self, process: "subprocess.Popen[bytes]", feed: int, state: str) -> None:
        self._process = process
        self._state = state
        self._feed = feed

    @classmethod
    def start(
        cls,
        state_directory: Path | str,
        timeout_s: float,
        hardware: int = -1,
        inherited: tuple[int, ...] = (),
        until_ms: int = 0,
    ) -> "Watchdog":
        """Start the deadman; it kills what is recorded if it is not fed for `timeout_s` seconds.

        `hardware` is the descriptor of a hardware watchdog that it pets whenever it is fed. It
        answers for the `inherited` agents, too, and must be fed for the first time before
        `until_ms` (of CLOCK_BOOTTIME) where that is given.

        OSError when it cannot be started. The time runs from now on.
        """
        reading, writing = os.pipe2(os.O_CLOEXEC)
        try:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", "-c", _PROGRAM, _ROOT),
                    *(str(Path(state_directory).absolute()), repr(float(timeout_s))),
                    *(str(hardware), str(until_ms), str(os.getpid())),
                    *(str(agent) for agent in inherited),
                ],
                stdin=reading,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
                pass_fds=(hardware,) if hardware >= 0 else (),
            )
        except OSError:
            os.close(writing)
            raise
        finally:
            os.close(reading)
        os.set_blocking(writing, False)
        return cls(process, writing, str(state_directory))

    @property
    def pid(self) -> int:
        """Return its process number."""
        return self._process.pid

    def at_its_post(self, seconds: float) -> bool:
        """Wait until it watches, at most so long; False when it does not."""
        until = time.monotonic() + seconds
        while self._process.poll() is None and time.monotonic() < until:
            if handover.stands(self._state, self.pid):
                return True
            time.sleep(0.01)
        return False

    def pet(self, lease_until_ms: int = 0, adopt_ms: int = 0) -> bool:
        """Feed it. False when it is gone: it has fired, or somebody killed it.

        If this agent dies, what it started may go on for `adopt_ms`, and not beyond its lease
        (`lease_until_ms`, of CLOCK_BOOTTIME) and the time-out.
        """
        try:
            os.write(self._feed, b"%s %d %d\n" % (deadman.FED, lease_until_ms, adopt_ms))
        except BlockingIOError:  # it has food for a long time
            return True
        except OSError:
            return False
        return self._process.poll() is None

    def stop(self) -> None:
        """Say goodbye and wait for its end; nothing is killed. Fine when it is gone already."""
        if self._feed < 0:
            return
        with contextlib.suppress(OSError):
            os.write(self._feed, deadman.GOODBYE)
        os.close(self._feed)
        self._feed = -1
        try:
            self._process.wait(timeout=2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
