"""The wire between the nodes of a box: a relay in user space that loses what it is told to lose.

Started by path with `python -I -S`. It makes a TUN device, through which the private network's
rules lead what nodes say to each other, and puts every packet back that is not lost. Standard input
takes one JSON object a line, {"SOURCE TARGET": share that is lost, ...}, answered by "ok"; the
device is gone when it ends.
"""

import fcntl
import json
import os
import random
import select
import socket
import struct
import sys

DEVICE = "relay"
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
PACKET_BYTES_MAX = 65535
IPV4 = 4


def open_device() -> int:
    """Return the descriptor of a new TUN device."""
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), IFF_TUN | IFF_NO_PI))
    return device


def losses(line: bytes) -> dict[bytes, float]:
    """Return the share that is lost, by source and target as they stand in a packet's header."""
    told: dict[str, float] = json.loads(line)
    return {b"".join(map(socket.inet_aton, pair.split())): share for pair, share in told.items()}


def main() -> int:
    """Relay until standard input ends."""
    device = open_device()
    chance = random.Random()
    lost: dict[bytes, float] = {}
    print("ok", flush=True)
    while True:
        readable, _, _ = select.select([device, 0], [], [])
        if 0 in readable:
            line = os.read(0, PACKET_BYTES_MAX)
            if not line:
                return 0
            lost = losses(line)
            print("ok", flush=True)
        if device in readable:
            packet = os.read(device, PACKET_BYTES_MAX)
            share = lost.get(packet[12:20], 0.0)
            if packet[0] >> 4 == IPV4 and chance.random() >= share:
                os.write(device, packet)


if __name__ == "__main__":
    sys.exit(main())
