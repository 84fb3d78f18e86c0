"""Interfaces and addresses of this machine, asked of the kernel by rtnetlink(7).

A few questions and orders, so that the deadman can give the same orders as the agent: it must
stay small, and a netlink library would triple it. Calls return at once; the kernel answers in the
same call. Only small modules of the standard library are used.
"""

import os
import socket
import struct

NEWLINK, DELLINK, GETLINK = 16, 17, 18
NEWADDR, DELADDR, GETADDR = 20, 21, 22
GROUP_LINK = 1
IFF_UP, IFF_LOOPBACK, IFF_NOARP = 0x1, 0x8, 0x80
IFA_F_DADFAILED, IFA_F_TENTATIVE = 0x08, 0x40

_REQUEST, _ACK, _DUMP, _EXCL, _CREATE = 0x1, 0x4, 0x300, 0x200, 0x400
_ERROR, _DONE = 2, 3
_IFA_F_NODAD = 0x02
_IFA_ADDRESS, _IFA_LOCAL, _IFA_BROADCAST, _IFA_FLAGS = 1, 2, 4, 8
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_OPERSTATE = 1, 3, 16
_WORKING_STATES = frozenset({0, 6})
"""IF_OPER_UNKNOWN, of drivers that tell no state, and IF_OPER_UP (RFC 2863)."""
_WAIT_SECONDS = 2.0
_BYTES = 1 << 18


class Interface:
    """One interface: `hardware` is its address on the wire; `working`: it is up and has a carrier.

    `flags` are those of netdevice(7).
    """

    __slots__ = ("flags", "hardware", "index", "name", "working")

    def __init__(self, index: int, name: str, flags: int, hardware: bytes, operstate: int) -> None:
        self.index = index
        self.name = name
        self.flags = flags
        self.hardware = hardware
        self.working = bool(flags & IFF_UP) and operstate in _WORKING_STATES

    @property
    def up(self) -> bool:
        """Whether an administrator has it up, with or without a carrier."""
        return bool(self.flags & IFF_UP)

    @property
    def resolves(self) -> bool:
        """Whether neighbours are found on it by ARP or neighbour discovery, over Ethernet."""
        return not self.flags & (IFF_LOOPBACK | IFF_NOARP) and len(self.hardware) == 6


class Held:
    """One address on an interface; `flags` are those of the kernel's `IFA_F_`."""

    __slots__ = ("address", "flags", "index", "prefix")

    def __init__(self, index: int, address: str, prefix: int, flags: int) -> None:
        self.index = index
        self.address = address
        self.prefix = prefix
        self.flags = flags


def interfaces() -> dict[str, Interface]:
    """Return all interfaces by name; OSError when the kernel does not tell."""
    found = {}
    for kind, body in ask(GETLINK, struct.pack("=BxHiII", socket.AF_UNSPEC, 0, 0, 0, 0)):
        one = link_of(kind, body)
        if one is not None and kind == NEWLINK:
            found[one.name] = one
    return found


def link_of(kind: int, body: bytes) -> Interface | None:
    """Return the interface that a link message tells of, None if it tells of something else."""
    if kind not in {NEWLINK, DELLINK} or len(body) < 16:
        return None
    family, _, index, flags, _ = struct.unpack_from("=BxHiII", body)
    facts = attributes(body[16:])
    name = facts.get(_IFLA_IFNAME, b"").rstrip(b"\0").decode("utf-8", "replace")
    if family != socket.AF_UNSPEC or not name:
        return None
    state = facts.get(_IFLA_OPERSTATE, b"\0")[0]
    return Interface(index, name, flags, facts.get(_IFLA_ADDRESS, b""), state)


def addresses() -> list[Held]:
    """Return all addresses of all interfaces."""
    found = []
    for kind, body in ask(GETADDR, struct.pack("=BBBBI", socket.AF_UNSPEC, 0, 0, 0, 0)):
        if kind != NEWADDR or len(body) < 8:
            continue
        family, prefix, flags, _, index = struct.unpack_from("=BBBBI", body)
        facts = attributes(body[8:])
        packed = facts.get(_IFA_LOCAL) or facts.get(_IFA_ADDRESS)
        if family not in {socket.AF_INET, socket.AF_INET6} or not packed:
            continue
        more = facts.get(_IFA_FLAGS)
        flags = struct.unpack("=I", more)[0] if more else flags
        found.append(Held(index, socket.inet_ntop(family, packed), prefix, flags))
    return found


def add(address: str, prefix: int, index: int, *, asks: bool = True) -> None:
    """Put an address on an interface; OSError: EPERM, EEXIST, ENODEV.

    IPv6: the kernel then asks by itself whether another host has it (RFC 4862, 5.4), unless `asks`
    is off; until it knows, the address is tentative and cannot be used.
    """
    flags = 0 if asks else _IFA_F_NODAD
    _order(NEWADDR, _REQUEST | _ACK | _CREATE | _EXCL, address, prefix, index, flags)


def remove(address: str, prefix: int, index: int) -> None:
    """Take an address off an interface; OSError: EPERM, EADDRNOTAVAIL when it is not there."""
    _order(DELADDR, _REQUEST | _ACK, address, prefix, index)


def open_watch() -> socket.socket:
    """Return a socket that tells whenever a link changes; read it with `messages`."""
    watch = _open()
    watch.bind((0, GROUP_LINK))
    watch.setblocking(False)
    return watch


def messages(data: bytes) -> list[tuple[int, bytes]]:
    """Return (kind, body) of the messages in one datagram."""
    found = []
    while len(data) >= 16:
        length, kind = struct.unpack_from("=IH", data)
        if not 16 <= length <= len(data):
            break
        found.append((kind, data[16:length]))
        data = data[(length + 3) & ~3 :]
    return found


def _order(kind: int, flags: int, address: str, prefix: int, index: int, kept: int = 0) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    packed = socket.inet_pton(family, address)
    body = struct.pack("=BBBBI", family, prefix, kept, 0, index)
    body += attribute(_IFA_LOCAL, packed) + attribute(_IFA_ADDRESS, packed)
    if kind == NEWADDR and family == socket.AF_INET and prefix < 31:
        host = (1 << (32 - prefix)) - 1
        last = (int.from_bytes(packed, "big") | host).to_bytes(4, "big")
        body += attribute(_IFA_BROADCAST, last)
    _exchange(kind, flags, body)


def order(kind: int, body: bytes, *, creates: bool = False) -> None:
    """Have the kernel do something; `creates`: it must not be there yet. OSError as it answers."""
    _exchange(kind, _REQUEST | _ACK | (_CREATE | _EXCL if creates else 0), body)


def ask(kind: int, body: bytes) -> list[tuple[int, bytes]]:
    """Return (kind, body) of all that the kernel has of one kind."""
    return _exchange(kind, _REQUEST | _DUMP, body)


def _open() -> socket.socket:
    return socket.socket(
        socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE
    )


def _exchange(kind: int, flags: int, body: bytes) -> list[tuple[int, bytes]]:
    with _open() as line:
        line.settimeout(_WAIT_SECONDS)
        line.send(struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body)
        found: list[tuple[int, bytes]] = []
        while True:
            for what, part in messages(line.recv(_BYTES)):
                if what == _ERROR:
                    number = -struct.unpack_from("=i", part)[0]
                    if number:
                        raise OSError(number, os.strerror(number))
                    return found
                if what == _DONE:
                    return found
                found.append((what, part))


def attribute(kind: int, value: bytes) -> bytes:
    """Return one attribute as the kernel reads it."""
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def attributes(data: bytes) -> dict[int, bytes]:
    """Return the attributes in `data` by their kinds."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if not 4 <= length <= len(data):
            break
        found[kind & 0x3FFF] = data[4:length]
        data = data[(length + 3) & ~3 :]
    return found
