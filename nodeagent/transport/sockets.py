"""Making ZeroMQ sockets: every option that all of ours share, and bounded receiving.

There is no way here to make a socket without CURVE. A binding socket always names its ZAP domain
and enforces it, so that without a running gate nobody gets in (libzmq would let everybody in).
"""

import contextlib
import os
import resource
from dataclasses import dataclass

import zmq

from nodeagent.transport.errors import TransportError
from nodeagent.transport.keys import KeyPair
from nodeagent.wire.limits import MESSAGE_BYTES_MAX

HANDSHAKE_MS = 3_000
CONNECT_MS = 2_000
RECONNECT_MS = 200
RECONNECT_MAX_MS = 5_000
UNACKNOWLEDGED_MS = 3_000
KEEPALIVE_SECONDS = (10, 5, 3)
"""Idle time, interval and count of TCP keepalive."""
CURVE_BYTES = 1_024
"""Room above a message for what CURVE adds to it, and for the commands of its handshake."""
HEARTBEAT_BUFFER = 32 << 10
"""Old heartbeats are worthless, so little of them may pile up in the kernel."""
_READABLE = int(zmq.POLLIN)
"""A plain number: `&` with the enumeration costs more than the question itself."""
LIBZMQ_MIN = (4, 3, 5)
SOCKETS_MAX = 8_192
SPARE_FILES = 256


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one socket may hold: messages to send and received, the largest in bytes (-1: any)."""

    send: int
    receive: int
    bytes_max: int = MESSAGE_BYTES_MAX
    buffer: int = -1
    """Bytes that the kernel may hold for each direction (-1: its own choice)."""
    handshake_ms: int = HANDSHAKE_MS
    """A handshake that takes longer is given up."""
    redial_ms: int = RECONNECT_MS
    """First wait before libzmq dials again by itself."""


def new_context() -> "zmq.Context[zmq.Socket[bytes]]":
    """Return a context of our own with room for a large mesh.

    TransportError where the library is too old to be trusted before authentication, or cannot
    encrypt.
    """
    if zmq.zmq_version_info() < LIBZMQ_MIN or not zmq.has("curve"):
        needed = ".".join(str(part) for part in LIBZMQ_MIN)
        raise TransportError(
            f"libzmq {zmq.zmq_version()}",
            "is too old or has no CURVE",
            f"install {needed} or newer",
        )
    context = zmq.Context()
    context.set(zmq.MAX_SOCKETS, SOCKETS_MAX)
    if os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_RR:
        # The library's threads carry the heartbeats, and would start as ordinary ones.
        context.set(zmq.THREAD_SCHED_POLICY, os.SCHED_RR)
        context.set(zmq.THREAD_PRIORITY, os.sched_getparam(0).sched_priority)
    return context


def endpoint(address: str, port: int) -> str:
    """Return the ZeroMQ name of an address and port, for IPv4 and IPv6."""
    return f"tcp://{_host(address)}:{port}"


def endpoint_from(local: str, remote: str, port: int) -> str:
    """Return the ZeroMQ name of a connection to `remote` that starts at `local`."""
    return f"tcp://{_host(local)}:0;{_host(remote)}:{port}"


def server(
    context: "zmq.Context[zmq.Socket[bytes]]", kind: int, keys: KeyPair, domain: str, bounds: Bounds
) -> "zmq.Socket[bytes]":
    """Return a socket that will bind and that lets in only whom the gate of `domain` admits."""
    socket = _socket(context, kind, bounds)
    socket.curve_server = True
    socket.curve_secretkey = keys.secret.encode("ascii")
    socket.curve_publickey = keys.public.encode("ascii")
    socket.zap_domain = domain.encode("ascii")
    socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
    return socket


def client(
    context: "zmq.Context[zmq.Socket[bytes]]",
    kind: int,
    keys: KeyPair,
    server_key: str,
    bounds: Bounds,
) -> "zmq.Socket[bytes]":
    """Return a socket that will connect only to the holder of `server_key`."""
    socket = _socket(context, kind, bounds)
    socket.curve_serverkey = server_key.encode("ascii")
    socket.curve_secretkey = keys.secret.encode("ascii")
    socket.curve_publickey = keys.public.encode("ascii")
    socket.setsockopt(zmq.RECONNECT_IVL, bounds.redial_ms)
    socket.setsockopt(zmq.RECONNECT_IVL_MAX, RECONNECT_MAX_MS)
    socket.setsockopt(zmq.CONNECT_TIMEOUT, CONNECT_MS)
    return socket


def waits(socket: "zmq.Socket[bytes]") -> bool:
    """Return whether a message waits: ten times cheaper than to be told by zmq.Again that not."""
    return bool(int(socket.getsockopt(zmq.EVENTS)) & _READABLE)


def receive(socket: "zmq.Socket[bytes]", frames_max: int) -> tuple[list[zmq.Frame], int]:
    """Return one message's frames and how many there were; zmq.Again when none waits.

    Frames beyond `frames_max` are counted and thrown away one by one: nothing that a sender
    chooses makes us hold more.
    """
    frame = socket.recv(zmq.NOBLOCK, copy=False)
    frames = [frame]
    count = 1
    while frame.more:
        frame = socket.recv(zmq.NOBLOCK, copy=False)
        count += 1
        if count <= frames_max:
            frames.append(frame)
    return frames, count


def property_of(frame: zmq.Frame, name: str) -> str:
    """Return a property of the connection that `frame` came over, "" when it has none."""
    with contextlib.suppress(zmq.ZMQError, KeyError, UnicodeDecodeError):
        return str(frame.get(name))
    return ""


def allow_files(count: int) -> None:
    """Raise this process's limit of open files as far as `count` more need, if it may be raised."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + SPARE_FILES
    ceiling = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft == resource.RLIM_INFINITY or ceiling <= soft:
        return
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (ceiling, hard))


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _socket(
    context: "zmq.Context[zmq.Socket[bytes]]", kind: int, bounds: Bounds
) -> "zmq.Socket[bytes]":
    socket = context.socket(kind)
    idle, interval, count = KEEPALIVE_SECONDS
    for option, value in (
        (zmq.LINGER, 0),
        (zmq.SNDHWM, bounds.send),
        (zmq.RCVHWM, bounds.receive),
        (zmq.MAXMSGSIZE, bounds.bytes_max + CURVE_BYTES if bounds.bytes_max >= 0 else -1),
        (zmq.HANDSHAKE_IVL, bounds.handshake_ms),
        (zmq.TCP_KEEPALIVE, 1),
        (zmq.TCP_KEEPALIVE_IDLE, idle),
        (zmq.TCP_KEEPALIVE_INTVL, interval),
        (zmq.TCP_KEEPALIVE_CNT, count),
        (zmq.TCP_MAXRT, UNACKNOWLEDGED_MS),
        (zmq.SNDBUF, bounds.buffer),
        (zmq.RCVBUF, bounds.buffer),
    ):
        socket.setsockopt(option, value)
    return socket


def keep_to(socket: "zmq.Socket[bytes]", device: str) -> None:
    """Let a socket use one interface only; needs no privilege since Linux 5.7."""
    if device:
        socket.setsockopt(zmq.BINDTODEVICE, device.encode())
