"""Kernel settings that a node with two adapters on one network needs.

Linux answers ARP for any of its addresses on any interface, and sends by the oldest route of a
subnet, even into an interface without carrier. With a service and a standby adapter on one network
both lead traffic to the adapter that failed. See ip-sysctl in the kernel's documentation.
"""

import contextlib
from pathlib import Path

_ROOT = Path("/proc/sys/net")
_IPV4 = {
    "arp_ignore": "1",  # answer only for addresses of the interface that was asked
    "arp_announce": "2",  # ask with the best address of the interface that asks
    "ignore_routes_with_linkdown": "1",
    "rp_filter": "2",  # loose: the way back may be by the other adapter
}
_IPV6 = {"ignore_routes_with_linkdown": "1"}


def prepare(interface: str, address: str) -> None:
    """Set them for one interface, for the family of its address.

    A setting that cannot be changed is left: all works without it while all links do.
    """
    family, settings = ("ipv6", _IPV6) if ":" in address else ("ipv4", _IPV4)
    for key, value in settings.items():
        with contextlib.suppress(OSError):
            (_ROOT / family / "conf" / interface / key).write_text(value)
