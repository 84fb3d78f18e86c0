"""What a machine has that a configuration can name: interfaces, block devices."""

from msgspec import Struct


class FoundInterface(Struct, frozen=True, forbid_unknown_fields=True):
    """A network interface; `addresses` with prefix, as 10.10.1.11/24. `up`: it has a carrier."""

    name: str
    addresses: tuple[str, ...] = ()
    up: bool = False


class FoundDevice(Struct, frozen=True, forbid_unknown_fields=True):
    """A block device. `size` is in bytes.

    `names` are its stable paths, as /dev/disk/by-label/web, the most telling one first; `path` is
    the kernel's own, which may change with each boot. `directory` is where it is mounted.
    """

    path: str
    names: tuple[str, ...] = ()
    label: str = ""
    uuid: str = ""
    fstype: str = ""
    size: int = 0
    directory: str = ""
