"""Classes 8, 10 and 16: too much in one message, who may not speak, and who does not even try.

What each case says is its own name, so that one look at what was delivered tells who got through.
"""

import random
from dataclasses import dataclass
from typing import Literal

import zmq

from nodeagent.wire.limits import MESSAGE_BYTES_MAX

Frames = tuple[bytes, ...]

OVERFULL: dict[str, Frames] = {
    "empty": (b"",),
    "two-empty": (b"", b""),
    "empty-first": (b"", b"x"),
    "empty-last": (b"x", b""),
    "two": (b"x", b"y"),
    "three": (b"x",) * 3,
    "four": (b"x",) * 4,
    "five": (b"x",) * 5,
    "sixteen": (b"x",) * 16,
    "hundred": (b"x",) * 100,
    "thousand": (b"x",) * 1_000,
    "five-thousand": (b"x",) * 5_000,
    "thousand-empty": (b"",) * 1_000,
    "two-large": (bytes(500_000),) * 2,
    "two-at-the-limit": (bytes(MESSAGE_BYTES_MAX),) * 2,
    "large-after-small": (b"x", bytes(MESSAGE_BYTES_MAX)),
    "one-byte-too-much": (bytes(MESSAGE_BYTES_MAX + 1),),
    "much-too-much": (bytes(MESSAGE_BYTES_MAX + 4096),),
    "two-mib": (bytes(2 << 20),),
    "four-mib": (bytes(4 << 20),),
    "sixteen-mib": (bytes(16 << 20),),
    "small-then-sixteen-mib": (b"x", bytes(16 << 20)),
}

Who = Literal["nobody", "plain", "stranger", "wrong-server", "charlie"]
_KINDS = (zmq.DEALER, zmq.REQ, zmq.ROUTER, zmq.PUSH, zmq.PUB, zmq.SUB, zmq.PAIR)


@dataclass(frozen=True)
class Caller:
    """Somebody who connects: with which key, as what kind of socket, to which port."""

    who: Who
    kind: int = zmq.DEALER
    routing_id: bytes = b""
    heartbeat: bool = False

    @property
    def known_as(self) -> str:
        """Return under which name its words may be delivered, "" for never."""
        return "charlie" if self.who == "charlie" and self.kind == zmq.DEALER else ""


CALLERS: dict[str, Caller] = {
    **{f"nobody-{zmq.SocketType(kind).name}": Caller("nobody", kind) for kind in _KINDS},
    **{f"stranger-{zmq.SocketType(kind).name}": Caller("stranger", kind) for kind in _KINDS},
    "plain": Caller("plain"),
    "plain-req": Caller("plain", zmq.REQ),
    "wrong-server": Caller("wrong-server"),
    "wrong-server-charlie-id": Caller("wrong-server", routing_id=b"charlie"),
    "nobody-as-bravo": Caller("nobody", routing_id=b"bravo"),
    "stranger-as-bravo": Caller("stranger", routing_id=b"bravo"),
    "stranger-as-alpha": Caller("stranger", routing_id=b"alpha"),
    "stranger-long-id": Caller("stranger", routing_id=b"x" * 255),
    "charlie-as-bravo": Caller("charlie", routing_id=b"bravo"),
    "charlie-as-alpha": Caller("charlie", routing_id=b"alpha"),
    "charlie-same-id-1": Caller("charlie", routing_id=b"same"),
    "charlie-same-id-2": Caller("charlie", routing_id=b"same"),
    "charlie-push": Caller("charlie", zmq.PUSH),
    "charlie-pub": Caller("charlie", zmq.PUB),
    "beats-for-nobody": Caller("nobody", zmq.SUB, heartbeat=True),
    "beats-for-a-stranger": Caller("stranger", zmq.SUB, heartbeat=True),
    "beats-by-plain": Caller("plain", zmq.SUB, heartbeat=True),
    "words-to-the-beats": Caller("stranger", zmq.PUB, heartbeat=True),
}

GREETING = b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\0CURVE" + bytes(15) + bytes(32)
_NOISE = random.Random(16)
_READY = b"\x04\x29\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\0"

RAW: dict[str, bytes] = {
    "silent": b"",
    **{f"greeting-cut-{n}": GREETING[:n] for n in (1, 9, 10, 11, 12, 20, 32, 63)},
    "greeting": GREETING,
    "greeting-null": GREETING.replace(b"CURVE", b"NULL\0"),
    "greeting-plain": GREETING.replace(b"CURVE", b"PLAIN"),
    "greeting-unknown": GREETING.replace(b"CURVE", b"KERB5"),
    "greeting-as-server": GREETING[:32] + b"\1" + GREETING[33:],
    "greeting-version-1": b"\xff\0\0\0\0\0\0\0\x01\x7f\x01\x05",
    "greeting-version-9": GREETING[:10] + b"\x09" + GREETING[11:],
    "greeting-unsigned": b"\xfe" + GREETING[1:],
    "greeting-twice": GREETING * 2,
    "ready-at-once": GREETING + _READY,
    "hello-cut": GREETING + b"\x04\xc8\x05HELLO\x01\x00" + bytes(20),
    "hello-zeros": GREETING + b"\x04\xc8\x05HELLO\x01\x00" + bytes(192),
    "hello-noise": GREETING + b"\x04\xc8\x05HELLO\x01\x00" + _NOISE.randbytes(192),
    "initiate-first": GREETING + b"\x04\xff\x08INITIATE" + bytes(246),
    "command-of-4-gib": GREETING + b"\x06\0\0\0\x01\0\0\0\0",
    "frame-of-8-eib": GREETING + b"\x02\x7f" + b"\xff" * 7,
    "frame-negative": GREETING + b"\x02" + b"\xff" * 8,
    "frames-before-hello": GREETING + b"\x00\x01x" * 1_000,
    "http": b"GET / HTTP/1.1\r\nHost: alpha\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(508),
    "ssh": b"SSH-2.0-OpenSSH_9.6\r\n",
    "zeros": bytes(100_000),
    "ones": b"\xff" * 100_000,
    "noise": _NOISE.randbytes(100_000),
}
CASES: dict[int, dict[str, object]] = {8: {**OVERFULL}, 10: {**CALLERS}, 16: {**RAW}}
