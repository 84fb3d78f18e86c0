"""Routes of a service address on a node with two adapters on its network.

The kernel answers a client by the first route that fits, whichever adapter the service address is
on. While a silent adapter keeps its link, that route leads to where nobody hears. So what the other
adapters of the network have in the main table, a service address has in a table of its own with its
own adapter, and a rule for its source leads there (ip-rule(8)). Where that table has nothing, the
main one goes on to count.
Only small modules of the standard library are used: the deadman imports this.
"""

import contextlib
import errno
import socket
import struct
from collections.abc import Collection, Iterator

from nodeagent.drivers import netlink

PRIORITY = 9_000
"""Of the rules: after those that an administrator numbers lower, before the main table (32766)."""
PROTOCOL = 174
"""Who made a route or rule (rtnetlink(7), `ip route` tells it): a number that nobody else has."""
_NEW_ROUTE, _DEL_ROUTE, _GET_ROUTE, _NEW_RULE, _DEL_RULE = 24, 25, 26, 32, 33
_MAIN, _TO_TABLE, _UNICAST, _UNIVERSE, _LINK = 254, 1, 1, 0, 253
_DST, _OIF, _GATEWAY, _METRIC, _TABLE = 1, 4, 5, 6, 15
_SRC, _RULE_PRIORITY, _RULE_PROTOCOL = 2, 6, 21
_HEADER = struct.Struct("=8BI")
"""struct rtmsg and struct fib_rule_hdr: family, two lengths, tos, table, three more, flags."""
_LINK_LOCAL = (b"\xfe\x80", b"\xff")
_OLD_TABLES = 255
_NOTHING = frozenset({errno.ENOENT, errno.ESRCH, errno.EOPNOTSUPP, errno.EAFNOSUPPORT})


def lead(address: str, index: int, others: Collection[int]) -> None:
    """Let answers of `address`, which is on interface `index`, leave by it and not by `others`.

    Nothing is done where `others` have no routes. OSError: this kernel has no rules, or as it says.
    """
    routes = sorted(_main_routes(_family(address), others), key=lambda one: bool(one[1]))
    if not routes:
        return
    forget(address)
    for header, gateway, kept in routes:
        netlink.order(_NEW_ROUTE, _copied(header, gateway, kept, address, index), creates=True)
    netlink.order(_NEW_RULE, _rule(address), creates=True)


def forget(address: str) -> None:
    """Take rule and routes of `address` away; nothing there is fine. OSError: EPERM."""
    with _nothing_there():
        netlink.order(_DEL_RULE, _rule(address))
    header = _HEADER.pack(_family(address), 0, 0, 0, 0, 0, 0, 0, 0)
    for kind, body in netlink.ask(_GET_ROUTE, header):
        if kind == _NEW_ROUTE and _table_of(body) == table(address):
            with _nothing_there():
                netlink.order(_DEL_ROUTE, body)


def table(address: str) -> int:
    """Return the number of the table of `address`: an IPv4 address is one, so each has its own."""
    packed = socket.inet_pton(_family(address), address)
    number = 0
    for start in range(0, len(packed), 4):
        number ^= int.from_bytes(packed[start : start + 4], "big")
    return number if number > _OLD_TABLES else number + _OLD_TABLES + 1


Route = tuple[tuple[int, ...], bytes, dict[int, bytes]]
"""Header, gateway, and the attributes that a copy keeps."""


def _main_routes(family: int, others: Collection[int]) -> Iterator[Route]:
    """Yield the routes that the main table has by `others`."""
    asked = _HEADER.pack(family, 0, 0, 0, 0, 0, 0, 0, 0)
    for kind, body in netlink.ask(_GET_ROUTE, asked):
        if kind != _NEW_ROUTE or len(body) < _HEADER.size or _table_of(body) != _MAIN:
            continue
        header, facts = _HEADER.unpack_from(body), netlink.attributes(body[_HEADER.size :])
        by = facts.get(_OIF)
        if header[7] != _UNICAST or by is None or struct.unpack("=I", by)[0] not in others:
            continue
        if not facts.get(_DST, b"").startswith(_LINK_LOCAL):
            yield header, facts.get(_GATEWAY, b""), facts


def _table_of(body: bytes) -> int:
    named = netlink.attributes(body[_HEADER.size :]).get(_TABLE)
    return struct.unpack("=I", named)[0] if named else body[4]


def _copied(
    header: tuple[int, ...], gateway: bytes, kept: dict[int, bytes], address: str, index: int
) -> bytes:
    family, to_bits, _, tos, *_ = header
    scope = _LINK if family == socket.AF_INET and not gateway else _UNIVERSE
    body = _HEADER.pack(family, to_bits, 0, tos, 0, PROTOCOL, scope, _UNICAST, 0)
    attributes = {kind: kept[kind] for kind in (_DST, _GATEWAY, _METRIC) if kind in kept}
    attributes |= {_OIF: struct.pack("=I", index), _TABLE: struct.pack("=I", table(address))}
    return body + b"".join(netlink.attribute(*one) for one in attributes.items())


def _rule(address: str) -> bytes:
    packed = socket.inet_pton(_family(address), address)
    body = _HEADER.pack(_family(address), 0, len(packed) * 8, 0, 0, 0, 0, _TO_TABLE, 0)
    body += netlink.attribute(_SRC, packed)
    body += netlink.attribute(_RULE_PRIORITY, struct.pack("=I", PRIORITY))
    body += netlink.attribute(_TABLE, struct.pack("=I", table(address)))
    return body + netlink.attribute(_RULE_PROTOCOL, bytes([PROTOCOL]))


def _family(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


@contextlib.contextmanager
def _nothing_there() -> Iterator[None]:
    """Pass over that there was nothing to delete, or that this kernel has nothing of the kind."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NOTHING:
            raise
