"""Asking who has an address on a wire, and telling all who has it now.

IPv4: ARP probes and announcements (RFC 5227), announced as request and as reply, for some hosts
believe only one of the two. IPv6: the kernel asks (RFC 4862); the unsolicited advertisement of
RFC 4861, 7.2.6 is sent here. Blocking; needs CAP_NET_RAW.
"""

import select
import socket
import struct
import time
from collections.abc import Collection

from nodeagent.drivers.netlink import Interface

PROBES = 3
PROBE_SECONDS = 0.1
LISTEN_SECONDS = 0.2
"""RFC 5227 asks for up to seven seconds. A takeover cannot wait so long: this takes 0.4 s."""
NO_ADDRESS = bytes(4)
"""Who asks by it probes: it wants the address, and says nothing of its own."""
_ARP = 0x0806
_EVERYBODY = b"\xff" * 6
_NOBODY = bytes(6)
_REQUEST, _REPLY = 1, 2
_ADVERTISEMENT, _OVERRIDE, _TARGET_OPTION = 136, 0x2000_0000, 2
_ALL_NODES = "ff02::1"


def who_has(
    address: str,
    interface: Interface,
    own: Collection[bytes],
    *,
    in_use: bool = False,
    asker: bytes = NO_ADDRESS,
) -> str:
    """Return the hardware address of another host that has or wants this IPv4 address, or "".

    `own` are the hardware addresses of this machine. `in_use`: we have it already, so who only
    wants it is told so by our kernel, and does not count (RFC 5227, 2.1.1 and 2.4). `asker` is an
    address of the interface, in 4 bytes, for a request in place of a probe. OSError when it cannot
    be asked.
    """
    target = socket.inet_aton(address)
    probe = _arp(_REQUEST, interface.hardware, asker, _NOBODY, target)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ARP)) as wire:
        wire.bind((interface.name, _ARP))
        for number in range(PROBES):
            wire.send(probe)
            last = number == PROBES - 1
            seconds = LISTEN_SECONDS if last else PROBE_SECONDS
            answer = _answer(wire, target, own, seconds, in_use=in_use)
            if answer:
                return answer
    return ""


def announce(address: str, interface: Interface) -> None:
    """Tell all hosts of the network that this interface has the address; OSError when it cannot."""
    if ":" in address:
        _advertise(address, interface)
        return
    packed, hardware = socket.inet_aton(address), interface.hardware
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ARP)) as wire:
        wire.bind((interface.name, _ARP))
        wire.send(_arp(_REQUEST, hardware, packed, _NOBODY, packed))
        wire.send(_arp(_REPLY, hardware, packed, _EVERYBODY, packed))


def _answer(
    wire: socket.socket, target: bytes, own: Collection[bytes], seconds: float, *, in_use: bool
) -> str:
    until = time.monotonic() + seconds
    while (rest := until - time.monotonic()) > 0:
        if not select.select([wire], [], [], rest)[0]:
            break
        frame = wire.recv(2048)
        if len(frame) < 42 or frame[12:14] != b"\x08\x06":
            continue
        sender, has, wants = frame[22:28], frame[28:32], frame[38:42]
        probes_too = not in_use and has == NO_ADDRESS and wants == target
        if sender not in own and (has == target or probes_too):
            return sender.hex(":")
    return ""


def _arp(kind: int, sender: bytes, has: bytes, target: bytes, wants: bytes) -> bytes:
    head = _EVERYBODY + sender + struct.pack("!H", _ARP)
    return head + struct.pack("!HHBBH", 1, 0x0800, 6, 4, kind) + sender + has + target + wants


def _advertise(address: str, interface: Interface) -> None:
    packed = socket.inet_pton(socket.AF_INET6, address)
    message = struct.pack("!BBHI", _ADVERTISEMENT, 0, 0, _OVERRIDE) + packed
    message += struct.pack("!BB", _TARGET_OPTION, 1) + interface.hardware
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as wire:
        wire.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        wire.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, interface.index)
        wire.bind((address, 0, 0, interface.index))
        wire.sendto(message, (_ALL_NODES, 0, 0, interface.index))
