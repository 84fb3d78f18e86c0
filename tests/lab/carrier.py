"""Carries a service address as long as it runs: `carrier.py ADDRESS INTERFACE`.

Started by path with `python -I -S`. It makes a TUN device, puts the address on it and tells the
neighbours on INTERFACE, which answer for every address of their host. The kernel takes device and
address away with the process, however that ends, so an address never outlives its owner's word.
"""

import fcntl
import os
import signal
import socket
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFADDR, SIOCGIFHWADDR = 0x8913, 0x8914, 0x8916, 0x8927
IFF_UP = 0x1
ETHERNET, ARP, IPV4, ARP_REPLY = 1, 0x0806, 0x0800, 2
EVERYBODY = b"\xff" * 6
ANNOUNCEMENTS = (0.0, 0.1, 0.4)
"""Seconds before each announcement; one alone may be lost."""


def open_device(name: str) -> int:
    """Return the descriptor of a new TUN device; the device is gone when it is closed."""
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


def set_up(name: str, address: str) -> None:
    """Put `address` on the device and switch it on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        there = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))
        fcntl.ioctl(control, SIOCSIFADDR, struct.pack("16s16s8x", name.encode(), there))
        flags = struct.pack("16sH22x", name.encode(), IFF_UP)
        fcntl.ioctl(control, SIOCSIFFLAGS, flags)


def hardware_address(interface: str) -> bytes:
    """Return the Ethernet address of an interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        answer = fcntl.ioctl(control, SIOCGIFHWADDR, struct.pack("16s24x", interface.encode()))
    return answer[18:24]


def announcement(address: str, hardware: bytes) -> bytes:
    """Return the frame that tells all neighbours who has `address` now (RFC 5227, section 3)."""
    there = socket.inet_aton(address)
    return (
        EVERYBODY
        + hardware
        + struct.pack("!HHHBBH", ARP, ETHERNET, IPV4, 6, 4, ARP_REPLY)
        + (hardware + there) * 2
    )


def announce(address: str, interface: str) -> None:
    """Tell the neighbours, more than once."""
    frame = announcement(address, hardware_address(interface))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
        wire.bind((interface, 0))
        for pause in ANNOUNCEMENTS:
            time.sleep(pause)
            wire.send(frame)


def main(arguments: list[str]) -> int:
    """Carry ADDRESS, announced on INTERFACE, until TERM."""
    address, interface = arguments
    name = f"svc{address.rpartition('.')[2]}"
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    device = open_device(name)
    set_up(name, address)
    announce(address, interface)
    while True:
        os.read(device, 65536)  # nothing is expected; what comes is dropped


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
