"""Block devices as lsblk(8) tells them, with the stable names that udev gave them."""

import os
from pathlib import Path
from typing import Any

import msgspec

from nodeagent.drivers.running import SEARCH_PATH, listing
from nodeagent.model.inventory import FoundDevice
from nodeagent.model.text import clean

BYTES_MAX = 1 << 20
COLUMNS = "PATH,LABEL,UUID,FSTYPE,SIZE,TYPE,MOUNTPOINT"
FOLDERS = ("by-label", "by-partlabel", "by-uuid", "by-id")
"""Below /dev/disk, the most telling names first."""
NAMES_MAX = 4
_WITHOUT_DATA = frozenset({"swap"})
_ENVIRONMENT = {"PATH": SEARCH_PATH, "LANG": "C.UTF-8"}


class UnknownError(Exception):
    """It could not be found out; the text says why."""


async def devices(seconds: float, disk: Path = Path("/dev/disk")) -> tuple[FoundDevice, ...]:
    """Return what could be mounted; UnknownError when lsblk does not tell within `seconds`."""
    words = ("lsblk", "--json", "--list", "--bytes", "--output", COLUMNS)
    try:
        code, data = await listing(words, _ENVIRONMENT, seconds, BYTES_MAX)
    except OSError as error:
        raise UnknownError(f"block devices: lsblk cannot be run: {error.strerror}") from error
    if code is None:
        raise UnknownError(f"block devices: lsblk did not answer within {seconds:.0f} s")
    if code not in {0, 32, 64} or not data:  # 64: some devices were found (lsblk(8))
        raise UnknownError(f"block devices: lsblk ended with {code}")
    return parsed(data, names_below(disk))


def parsed(data: bytes, names: dict[str, tuple[str, ...]]) -> tuple[FoundDevice, ...]:
    """Return the devices in what lsblk printed; `names` are stable names by kernel path."""
    try:
        rows = msgspec.json.decode(data, type=dict[str, list[dict[str, Any]]])["blockdevices"]
    except (msgspec.MsgspecError, KeyError, RecursionError) as error:
        raise UnknownError("block devices: what lsblk printed is not understood") from error
    found: dict[str, FoundDevice] = {}
    for row in rows:
        path = _text(row, "path")
        if path and _can_be_mounted(row) and path not in found:
            found[path] = FoundDevice(
                path=path,
                names=names.get(path, ())[:NAMES_MAX],
                label=_text(row, "label"),
                uuid=_text(row, "uuid"),
                fstype=_text(row, "fstype"),
                size=_size(row),
                directory=_text(row, "mountpoint"),
            )
    return tuple(found.values())


def names_below(disk: Path) -> dict[str, tuple[str, ...]]:
    """Return the stable names below /dev/disk of each device, by the kernel's path."""
    found: dict[str, list[str]] = {}
    for folder in FOLDERS:
        try:
            entries = sorted(os.scandir(disk / folder), key=lambda entry: entry.name)
        except OSError:
            continue  # a machine without udev has none
        for entry in entries:
            target = os.path.realpath(entry.path)
            found.setdefault(target, []).append(clean(entry.path, 300))
    return {target: tuple(names) for target, names in found.items()}


def _can_be_mounted(row: dict[str, Any]) -> bool:
    return row.get("fstype") not in _WITHOUT_DATA and row.get("type") != "rom" and _size(row) > 0


def _size(row: dict[str, Any]) -> int:
    size = row.get("size")
    if isinstance(size, str) and size.isdecimal():  # util-linux before 2.33
        size = int(size)
    return size if isinstance(size, int) and 0 <= size < 2**63 else 0


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    return clean(value, 300) if isinstance(value, str) else ""
