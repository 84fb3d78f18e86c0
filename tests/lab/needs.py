"""What the lab needs of the machine it runs on, and the Debian packages that bring it."""

import os
import shutil
from collections.abc import Mapping

from tests.support import private

PACKAGES = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "mount": "mount",
    "hostname": "hostname",
    "ip": "iproute2",
    "nft": "nftables",
    "mkfs.ext4": "e2fsprogs",
}
SYSTEM_FOLDERS = ("/usr/sbin", "/sbin")
_TRY = """
no() { echo "$1" >&2; exit 1; }
ip link add lab type bridge || no "no bridges"
ip link add dev one type veth peer name two || no "no veth pairs"
nft add table bridge lab || no "no nftables for bridges"
test -w /proc/sys/net/ipv4/conf/all/arp_ignore || no "its sysctls cannot be written"
"""


class MissingError(Exception):
    """This machine lacks what a step needs; the text says what."""


def search_path() -> str:
    """Return PATH with the folders of system programs, which people's shells may lack."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join([*folders, *(one for one in SYSTEM_FOLDERS if one not in folders)])


def missing_packages(packages: Mapping[str, str] = PACKAGES) -> list[str]:
    """Return those of `packages` (program to Debian package) of which a program is missing."""
    missing = {
        package
        for program, package in packages.items()
        if shutil.which(program, path=search_path()) is None
    }
    return sorted(missing)


def why_not() -> str:
    """Return why no lab can be made here, "" if it can."""
    if packages := missing_packages():
        return f"missing Debian packages: apt-get install {' '.join(packages)}"
    os.environ["PATH"] = search_path()
    return private.why_not(tuple(PACKAGES), _TRY)
