"""One way to one peer: a DEALER for messages and a SUB for its heartbeats, started at one address.

A server that does not know our key refuses the handshake, and libzmq then never tries again by
itself; with a wrong server key it tries five times a second for ever. So a path watches its
DEALER's handshakes: one that failed closes both sockets and dials again later, with growing
patience, or at once when the peer is seen knocking at our own gate (it then knows us). The SUB is
dialled only where the DEALER got in, for both doors ask the same gate.
"""

import contextlib
from dataclasses import dataclass

import zmq
from zmq.utils.monitor import parse_monitor_message

from nodeagent.transport.keys import KeyPair
from nodeagent.transport.notes import Notes
from nodeagent.transport.sockets import (
    HEARTBEAT_BUFFER,
    Bounds,
    client,
    endpoint_from,
    keep_to,
    receive,
    waits,
)
from nodeagent.wire.limits import HEARTBEAT_BYTES_MAX

CONTROL = Bounds(send=64, receive=1)
HEARTBEAT = Bounds(64, 64, HEARTBEAT_BYTES_MAX, buffer=HEARTBEAT_BUFFER)

REDIAL_SECONDS = (0.25, 2.0)
"""First and longest wait before a refused path dials again."""
SILENCE_SECONDS = (1.5, 12.0)
"""First and longest silence of a connected peer's heartbeats after which its SUB is made anew."""
POKE_SECONDS = 1.5
"""A dial this young is left alone by a poke: two peers would else interrupt each other for ever."""
DRAIN_MAX = 64
KEPT_MAX = 8
EVENTS_MAX = 32

_FAILED = {
    int(zmq.EVENT_HANDSHAKE_FAILED_AUTH): "it does not accept this node's key",
    int(zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL): "it does not speak CURVE as we do",
    int(zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL): "it has another key than the configuration says",
}
_WATCHED = (
    zmq.EVENT_HANDSHAKE_SUCCEEDED
    | zmq.EVENT_DISCONNECTED
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
)


@dataclass(frozen=True, slots=True)
class PeerPath:
    """A way to a peer: network, name of the peer's adapter, our address and its address.

    With a `device` it leads by that interface of ours, whatever the routes say.
    """

    network: str
    adapter: str
    local: str
    remote: str
    device: str = ""


class Link:
    """The sockets of one path to one peer. `connected`: a handshake succeeded and still holds."""

    def __init__(  # noqa: PLR0913, PLR0917  # all of them are needed to dial, none is an option
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        keys: KeyPair,
        peer: str,
        key: str,
        path: PeerPath,
        ports: tuple[int, int],
        notes: Notes,
        now: float,
    ) -> None:
        self.peer = peer
        self.path = path
        self.connected = False
        self._context = context
        self._keys = keys
        self._key = key
        self._ports = ports
        self._notes = notes
        self._wait = REDIAL_SECONDS[0]
        self._redial_at = now
        self._dialled_at = now
        self._control: zmq.Socket[bytes] | None = None
        self._monitor: zmq.Socket[bytes] | None = None
        self._heartbeat: zmq.Socket[bytes] | None = None
        self._heard_at = now
        self._patience = SILENCE_SECONDS[0]
        self._dial(now)

    def send(self, data: bytes) -> bool:
        """Hand `data` to the connection; False when there is none or its queue is full."""
        if self._control is None:
            return False
        try:
            self._control.send(data, zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def heartbeats(self, now: float) -> list[bytes]:
        """Return the newest heartbeats that wait, oldest first, at most `KEPT_MAX`."""
        if self._heartbeat is None:
            return []
        heard: list[bytes] = []
        for _ in range(DRAIN_MAX):
            if not waits(self._heartbeat):
                break
            frames, count = receive(self._heartbeat, 1)
            if count == 1:
                heard.append(frames[0].bytes)
        if heard:
            self._heard_at = now
            self._patience = SILENCE_SECONDS[0]
        return heard[-KEPT_MAX:]

    @property
    def hearing(self) -> "zmq.Socket[bytes] | None":
        """Return the socket on which heartbeats come, None while there is none."""
        return self._heartbeat

    @property
    def watched(self) -> "zmq.Socket[bytes] | None":
        """Return the socket on which it is told what becomes of handshakes."""
        return self._monitor

    def tick(self, now: float, *, told: bool) -> None:
        """See what became of handshakes, if something is `told`; dial again what is due."""
        if told:
            self._watch(now)
        if self._control is None and now >= self._redial_at:
            self._dial(now)
        if self.connected and now - self._heard_at > self._patience:
            self._listen(now)
            self._patience = min(self._patience * 2, SILENCE_SECONDS[1])

    def poke(self, now: float) -> None:
        """Dial at once if refused before or long without answer: the peer now knows us."""
        self._watch(now)
        dialling = self._control is not None and now - self._dialled_at < POKE_SECONDS
        if self.connected or dialling:
            return
        self._hang_up()
        self._dial(now)

    def close(self) -> None:
        """End both connections; what is queued is thrown away."""
        self._hang_up()

    def _dial(self, now: float) -> None:
        self._dialled_at = now
        control = client(self._context, zmq.DEALER, self._keys, self._key, CONTROL)
        control.setsockopt(zmq.IMMEDIATE, 1)  # nothing queues up for a peer that is not there
        self._monitor = control.get_monitor_socket(_WATCHED)
        self._connect(control, self._ports[0])
        self._control = control

    def _listen(self, now: float) -> None:
        if self._heartbeat is not None:
            self._heartbeat.close()
        self._heartbeat = client(self._context, zmq.SUB, self._keys, self._key, HEARTBEAT)
        self._heartbeat.subscribe(b"")
        self._connect(self._heartbeat, self._ports[1])
        self._heard_at = now

    def _connect(self, socket: "zmq.Socket[bytes]", port: int) -> None:
        socket.setsockopt(zmq.IPV6, int(":" in self.path.remote))
        keep_to(socket, self.path.device)
        socket.connect(endpoint_from(self.path.local, self.path.remote, port))

    def _watch(self, now: float) -> None:
        for _ in range(EVENTS_MAX):
            if self._monitor is None or not waits(self._monitor):
                return
            event = parse_monitor_message(self._monitor.recv_multipart(zmq.NOBLOCK))["event"]
            self._happened(int(event), now)

    def _happened(self, event: int, now: float) -> None:
        if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            self.connected = True
            self._wait = REDIAL_SECONDS[0]
            if self._heartbeat is None:
                self._listen(now)
        elif event == zmq.EVENT_DISCONNECTED:
            self.connected = False
        elif event in _FAILED:
            self._failed(_FAILED[event], now)

    def _failed(self, text: str, now: float) -> None:
        self._hang_up()
        self._redial_at = now + self._wait
        self._wait = min(self._wait * 2, REDIAL_SECONDS[1])
        self._notes.say(
            "peer-refused",
            f"{self.peer} {self.path.remote}",
            peer=self.peer,
            network=self.path.network,
            address=self.path.remote,
            text=text,
        )

    def _hang_up(self) -> None:
        self.connected = False
        if self._control is not None:
            with contextlib.suppress(zmq.ZMQError):
                self._control.disable_monitor()
            self._control.close()
        if self._monitor is not None:
            self._monitor.close()
        if self._heartbeat is not None:
            self._heartbeat.close()
        self._control = self._monitor = self._heartbeat = None
