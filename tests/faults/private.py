"""Whether a cell can have the private place that it needs."""

from tests.support import private

NEEDED = ("unshare", "ip", "mount", "fallocate")
TRY = """
no() { echo "$1" >&2; exit 1; }
ip link set lo up || no "its loopback cannot be used"
test -c /dev/net/tun && test -r /dev/net/tun && test -w /dev/net/tun || no "no use of /dev/net/tun"
test -w /proc/sys/net/ipv4/conf/all/rp_filter || no "its sysctls cannot be written"
"""
entrance = private.entrance


def why_not() -> str:
    """Return why a cell cannot be tried here, "" if it can."""
    return private.why_not(NEEDED, TRY)
