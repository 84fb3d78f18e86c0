"""The shared disk: a file that every host sees as one block device, with a file system on it.

The kernel gives the device back by itself when nobody has it open or mounted any more.
"""

import errno
import fcntl
import os
import struct
import subprocess
from pathlib import Path

from tests.lab.needs import MissingError

LOOP_CTL_GET_FREE, LOOP_CONFIGURE = 0x4C82, 0x4C0A
LO_FLAGS_AUTOCLEAR = 4
CONFIG = struct.Struct("=II 5Q 4I 64x 64x 32x 2Q 8Q")
"""struct loop_config of linux/loop.h: file, block size, struct loop_info64, reserved."""
MIB = 1024 * 1024
SIZE_MIB = 16
TRIES = 20
EVERYBODY = ["0", "0", "4294967295"]
"""The map of users of whoever is in no user namespace of their own."""


class NoDiskError(MissingError):
    """No such disk can be had here; the text says why."""


class Disk:
    """Made when constructed, with ext4 on it; `path` is its device. NoDiskError if it cannot be."""

    def __init__(self, file: Path, size_mib: int = SIZE_MIB) -> None:
        if Path("/proc/self/uid_map").read_text().split() != EVERYBODY:
            raise NoDiskError("disks can be mounted only by root outside of user namespaces")
        with file.open("wb") as image:
            image.truncate(size_mib * MIB)
        try:
            subprocess.run(
                ["mkfs.ext4", "-q", "-F", "-L", "lab", file],
                check=True,
                capture_output=True,
                timeout=30,
            )
            self.path, self._device = _attached(file)
        except (OSError, subprocess.CalledProcessError) as error:
            raise NoDiskError(f"no loop device with ext4: {error}") from None

    def close(self) -> None:
        """Let go of the device; it is free when no host has it mounted."""
        os.close(self._device)


def _attached(file: Path) -> tuple[str, int]:
    """Return path and descriptor of a loop device on `file`; OSError if there is none."""
    backing = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
    try:
        for _ in range(TRIES):
            path = f"/dev/loop{fcntl.ioctl(control, LOOP_CTL_GET_FREE)}"
            device = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.ioctl(device, LOOP_CONFIGURE, _config(backing))
            except OSError as error:
                os.close(device)
                if error.errno != errno.EBUSY:  # somebody else was quicker
                    raise
            else:
                return path, device
        raise OSError(errno.EBUSY, "loop devices are taken as soon as they are free")
    finally:
        os.close(control)
        os.close(backing)


def _config(backing: int) -> bytes:
    info = (0, 0, 0, 0, 0, 0, 0, 0, LO_FLAGS_AUTOCLEAR)
    return CONFIG.pack(backing, 0, *info, 0, 0, *([0] * 8))
