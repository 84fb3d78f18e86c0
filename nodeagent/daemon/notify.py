"""Telling systemd how the agent is (sd_notify): ready, still alive, stopping.

A datagram with a few words to the socket that systemd named, so no library is needed. "Alive" is
said only when the core has stepped: a libzmq whose threads still run, or a process whose loop
hangs, must not pass for an agent that lives. Without systemd all of it is silence.
"""

import os
import socket
import time
from collections.abc import Callable, MutableMapping

_SHARE = 4
"""Signs of life within the time that systemd waits for one."""


class Notifier:
    """Says it to whom `environment` names; what cannot be said is told to `on_trouble`, once.

    The names are taken out of `environment`, so that no application speaks for the agent.
    """

    def __init__(
        self,
        environment: MutableMapping[str, str],
        on_trouble: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_trouble = on_trouble
        self._clock = clock
        self._address = environment.pop("NOTIFY_SOCKET", "")
        self._every_s = _interval(environment) / _SHARE
        self._said_s = -self._every_s
        self._told = False
        self._socket: socket.socket | None = None
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)

    def ready(self) -> None:
        """Say that the agent runs. It need not have found its cluster for that."""
        self._say(b"READY=1")

    def alive(self) -> None:
        """Say that the core has just stepped, as often as systemd wants to hear it."""
        now = self._clock()
        if self._every_s > 0 and now - self._said_s >= self._every_s:
            self._said_s = now
            self._say(b"WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the agent ends, and may need some time for it."""
        self._say(b"STOPPING=1")

    def close(self) -> None:
        """Say no more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _say(self, words: bytes) -> None:
        if self._socket is None:
            return
        name = self._address
        try:
            self._socket.sendto(words, "\0" + name[1:] if name.startswith("@") else name)
        except BlockingIOError:
            return  # systemd is slow; the next sign of life is soon
        except OSError as error:
            if not self._told:
                self._told = True
                self._on_trouble(f"{name}: {error.strerror}")


def _interval(environment: MutableMapping[str, str]) -> float:
    """Return for how long systemd waits for a sign of life, in seconds (0: it does not)."""
    micros = environment.pop("WATCHDOG_USEC", "")
    whom = environment.pop("WATCHDOG_PID", "")
    if not micros.isdecimal() or whom not in {"", str(os.getpid())}:
        return 0.0
    return int(micros) / 1e6
