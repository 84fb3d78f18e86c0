"""A hardware watchdog: the machine is reset unless it is petted in time, whatever hangs.

The interface is the kernel's (Documentation/watchdog/watchdog-api): to open the device arms it, any
write pets it, and a "V" before the last close disarms it ("magic close"), unless the driver was
loaded with nowayout. The agent opens it and the deadman pets it, each time it is fed itself: so an
agent that hangs is caught as well as a kernel that does. The agent keeps the device open, so that a
deadman that is replaced disarms nothing.
"""

import asyncio
import fcntl
import os
import stat
import struct
from collections.abc import Callable
from pathlib import Path

_SET_TIMEOUT = 0xC0045706
"""WDIOC_SETTIMEOUT: _IOWR('W', 6, int), in seconds; returns what the device made of it."""
MAGIC_CLOSE = b"V"
PETS_WITHIN = 5
"""So often within its time it is petted from here."""


class HardwareError(Exception):
    """The device cannot protect this node; the text says why and what to do."""


def check(path: Path) -> None:
    """Raise HardwareError where `path` is no device; opens nothing, for that would arm it."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise HardwareError(f"watchdog {path}: {error.strerror}") from error
    if not stat.S_ISCHR(mode):
        raise HardwareError(f"watchdog {path} is no character device; is its module loaded?")


class Hardware:
    """The watchdog at `path`, not armed before `arm`. `stand_in`: it only takes writes."""

    def __init__(self, path: Path, *, stand_in: bool = False) -> None:
        self.path = path
        self._stand_in = stand_in
        self._descriptor = -1

    def arm(self, within_ms: int) -> int:
        """Open it if need be and let it wait `within_ms` at most; returns its descriptor.

        Whole seconds, rounded down: the takeover wait of other nodes counts on it. HardwareError
        when it is used by somebody else, or cannot be so quick.
        """
        try:
            if self._descriptor < 0:
                flags = os.O_WRONLY | os.O_CLOEXEC | (os.O_NONBLOCK if self._stand_in else 0)
                self._descriptor = os.open(self.path, flags)
            if not self._stand_in:
                self._set_seconds(within_ms / 1000)
        except OSError as error:
            raise HardwareError(f"watchdog {self.path}: {error.strerror}") from error
        return self._descriptor

    def _set_seconds(self, within_s: float) -> None:
        if within_s < 1:
            raise HardwareError(f"watchdog {self.path}: watchdog-ms must be 1000 at least")
        wanted = struct.pack("i", int(within_s))
        (made,) = struct.unpack("i", fcntl.ioctl(self._descriptor, _SET_TIMEOUT, wanted))
        if made > within_s:
            raise HardwareError(
                f"watchdog {self.path} waits {made} s at least; set watchdog-ms to {made * 1000}"
            )

    async def keep(self, within_ms: int, goes_on: Callable[[], bool]) -> None:
        """Arm it as `arm` does, and pet it from here while it `goes_on`; HardwareError as there."""
        descriptor = self.arm(within_ms)
        while goes_on():
            try:
                os.write(descriptor, b"\0")
            except OSError as error:
                raise HardwareError(f"watchdog {self.path}: {error.strerror}") from error
            await asyncio.sleep(within_ms / 1000 / PETS_WITHIN)

    def close(self, *, released: bool) -> None:
        """Let go of it: disarmed where all was `released`, else it resets the machine."""
        if self._descriptor < 0:
            return
        try:
            if released:
                os.write(self._descriptor, MAGIC_CLOSE)
        finally:
            os.close(self._descriptor)
            self._descriptor = -1
