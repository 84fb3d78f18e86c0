"""One way to one peer: a DEALER for messages and a SUB for its heartbeats, started at one address.

libzmq never tries again by itself where a server does not know our key, and five times a second
for ever where the server has another key. So it is not left to libzmq: a path watches its DEALER's
handshakes, and one that failed closes both sockets. When it may be dialled again it is `due`, with
growing patience, or at once when the peer is seen knocking at our own gate (it then knows us);
whoever holds all paths lets them dial in turns. The SUB is dialled only where the DEALER got in,
for both doors ask the same gate.
"""

import contextlib
import errno
from dataclasses import dataclass, field, replace

import zmq
from zmq.utils.monitor import parse_monitor_message

from nodeagent.transport.keys import KeyPair
from nodeagent.transport.notes import Notes
from nodeagent.transport.reading import Stirred
from nodeagent.transport.sockets import (
    HEARTBEAT_BUFFER,
    RECONNECT_MAX_MS,
    Bounds,
    client,
    endpoint_from,
    keep_to,
    receive,
    waits,
)
from nodeagent.transport.turns import HANDSHAKE_SECONDS, SILENCE_SECONDS, Turns
from nodeagent.wire.limits import HEARTBEAT_BYTES_MAX

CONTROL = Bounds(send=64, receive=1, redial_ms=RECONNECT_MAX_MS)
"""Here it is we who dial again, so libzmq's own turn comes late."""
HEARTBEAT = Bounds(64, 64, HEARTBEAT_BYTES_MAX, buffer=HEARTBEAT_BUFFER)

REDIAL_SECONDS = (0.25, 2.0)
"""First and longest wait before a refused path dials again."""
ABSENT_SECONDS = (0.2, 5.0)
"""The same, where nobody listens."""
SILENCE_SECONDS_MAX = 12.0
"""A connected peer's SUB is made anew after growing silence; it grows no further than this."""
REACH_SECONDS = 0.25
"""A dial that has not reached the peer's machine by then holds up no other."""
POKE_SECONDS = 1.5
"""A dial this young is left alone by a poke: two peers would else interrupt each other for ever."""
PATIENT_AFTER = 2
"""After so many handshakes in a row that did not end in time, a poke cuts none short."""
DRAIN_MAX = 64
KEPT_MAX = 8
EVENTS_MAX = 32
DOUBLED_MAX = 8

_REFUSED = {
    int(zmq.EVENT_HANDSHAKE_FAILED_AUTH): "it does not accept this node's key",
    int(zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL): "it does not speak CURVE as we do",
}
_HUNG_UP = "it has another key than the configuration says"
_HUNG_UP_BY = (errno.EPIPE, errno.ECONNRESET)
_UNFINISHED = "it does not finish the handshake in time: it hangs, or has too much to do"
_WATCHED = (
    zmq.EVENT_CONNECTED
    | zmq.EVENT_CONNECT_RETRIED
    | zmq.EVENT_HANDSHAKE_SUCCEEDED
    | zmq.EVENT_DISCONNECTED
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
)


@dataclass(frozen=True, slots=True)
class PeerPath:
    """A way to a peer: network, name of our adapter, our address and its address.

    With a `device` it leads by that interface of ours, whatever the routes say.
    """

    network: str
    adapter: str
    local: str
    remote: str
    device: str = ""

    @property
    def way(self) -> tuple[str, str, str]:
        """Return what it is apart from names: our address, its address, our interface."""
        return self.local, self.remote, self.device


@dataclass(frozen=True, slots=True)
class Common:
    """What all paths of a node have in common.

    `told` finds those whose handshakes there is news of, `heard` those with heartbeats; `unmade`
    are those without a connection.
    """

    context: "zmq.Context[zmq.Socket[bytes]]"
    keys: KeyPair
    ports: tuple[int, int]
    notes: Notes
    turns: Turns = field(default_factory=Turns)
    told: "Stirred[Link]" = field(default_factory=Stirred)
    heard: "Stirred[Link]" = field(default_factory=Stirred)
    unmade: "set[Link]" = field(default_factory=set)


class Link:
    """The sockets of one path to one peer. `connected`: a handshake succeeded and still holds.

    `place` is where it stands in line when many want to dial; who is `known_there` comes first.
    """

    def __init__(
        self,
        shared: Common,
        peer: str,
        key: str,
        path: PeerPath,
        place: tuple[int, int],
        now: float,
    ) -> None:
        self.peer = peer
        self.path = path
        self.connected = False
        self.place = place
        self._common = shared
        self._key = key
        self.known_there = False
        self._reached = False
        self._redial_at = now
        self._dialled_at = now
        self._absent = 0
        self._failures = 0
        self._unfinished = 0
        self._control: zmq.Socket[bytes] | None = None
        self._monitor: zmq.Socket[bytes] | None = None
        self._heartbeat: zmq.Socket[bytes] | None = None
        self._heard_at = now
        self._silences = 0
        shared.unmade.add(self)

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
        with contextlib.suppress(
            zmq.Again
        ):  # it is asked after it was stirred: most often one waits
            for _ in range(DRAIN_MAX):
                frames, count = receive(self._heartbeat, 1)
                if count == 1:
                    heard.append(frames[0].bytes)
                if not waits(self._heartbeat):
                    break
            else:
                self._common.heard.again(self._heartbeat)
        if heard:
            self._heard_at = now
            self._silences = 0
        return heard[-KEPT_MAX:]

    def listen(self, now: float) -> None:
        """Listen anew after silence."""
        silent = now - self._heard_at
        if self.connected and silent > SILENCE_SECONDS and silent > self._patience():
            self._silences += 1
            self._listen(now)

    def is_due(self, now: float) -> bool:
        """Return whether it wants to dial."""
        return self._control is None and now >= self._redial_at

    def turn(self) -> tuple[bool, float, tuple[int, int]]:
        """Return what orders those that are due: first whose peer is known to be there."""
        return not self.known_there, self._redial_at, self.place

    def is_dialling(self, now: float) -> bool:
        """Return whether others have to wait for what this one has under way."""
        if self._control is None or self.connected:
            return False
        return now - self._dialled_at < (
            self._common.turns.turn_s if self._reached else REACH_SECONDS
        )

    def dial(self, now: float) -> None:
        """Begin a handshake."""
        self.known_there = self._reached = False
        self._dialled_at = now
        bounds = replace(CONTROL, handshake_ms=int(self._limit() * 1000))
        control = client(self._common.context, zmq.DEALER, self._common.keys, self._key, bounds)
        control.setsockopt(zmq.IMMEDIATE, 1)  # nothing queues up for a peer that is not there
        self._monitor = control.get_monitor_socket(_WATCHED)
        self._common.told.add(self._monitor, self)
        self._connect(control, self._common.ports[0])
        self._control = control

    def poke(self, now: float) -> None:
        """Be due at once if refused before or long without answer: the peer now knows us."""
        self.watch(now)
        if self.connected or self._is_young(now):
            return
        if self._reached:
            self._unfinished += 1
        self._hang_up()
        self.known_there = True
        self._redial_at = now

    def close(self) -> None:
        """End both connections; what is queued is thrown away."""
        self._hang_up()
        self._common.unmade.discard(self)

    def _is_young(self, now: float) -> bool:
        """Return whether what is under way is to be waited for: all the more if it was cut short.

        A handshake that hangs may be one with an earlier life of the peer.
        """
        if self._control is None:
            return False
        age = now - self._dialled_at
        if not self._reached:
            return age < POKE_SECONDS
        return self._unfinished >= PATIENT_AFTER or age < max(POKE_SECONDS, self._limit() / 2)

    def _limit(self) -> float:
        """A handshake that took too long is given more time from one dial to the next."""
        return _grown((self._common.turns.handshake_s, HANDSHAKE_SECONDS[1]), self._unfinished)

    def _patience(self) -> float:
        first = self._common.turns.silence_s
        return _grown((first, max(first, SILENCE_SECONDS_MAX)), self._silences)

    def _listen(self, now: float) -> None:
        self._stop_listening()
        bounds = replace(HEARTBEAT, handshake_ms=int(HANDSHAKE_SECONDS[1] * 1000))
        self._heartbeat = client(
            self._common.context, zmq.SUB, self._common.keys, self._key, bounds
        )
        self._heartbeat.subscribe(b"")
        self._common.heard.add(self._heartbeat, self)
        self._connect(self._heartbeat, self._common.ports[1])
        self._heard_at = now

    def _connect(self, socket: "zmq.Socket[bytes]", port: int) -> None:
        socket.setsockopt(zmq.IPV6, int(":" in self.path.remote))
        keep_to(socket, self.path.device)
        socket.connect(endpoint_from(self.path.local, self.path.remote, port))

    def watch(self, now: float) -> None:
        """See what became of handshakes."""
        for _ in range(EVENTS_MAX):
            if self._monitor is None or not waits(self._monitor):
                return
            told = parse_monitor_message(self._monitor.recv_multipart(zmq.NOBLOCK))
            self._happened(int(told["event"]), int(told["value"]), now)
        if self._monitor is not None:
            self._common.told.again(self._monitor)

    def _happened(self, event: int, value: int, now: float) -> None:
        if event == zmq.EVENT_CONNECTED:
            self._reached = True
            self._absent = 0
        elif event == zmq.EVENT_CONNECT_RETRIED:
            self._hang_up()
            self._redial_at = now + _grown(ABSENT_SECONDS, self._absent)
            self._absent += 1
        elif event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            self.connected = True
            self._common.unmade.discard(self)
            self._failures = self._unfinished = 0
            if self._heartbeat is None:
                self._listen(now)
        elif event == zmq.EVENT_DISCONNECTED:
            self._hang_up_control()  # the SUB has a connection of its own, which may still hold
            self._redial_at = now
        elif event in _REFUSED:
            self._failed(_REFUSED[event], now, told=True)
        elif value in _HUNG_UP_BY and now - self._dialled_at < self._limit():
            # Whoever ends, or binds anew, hangs up once; who has another key does it each time.
            self._failed(_HUNG_UP, now, told=self._failures > 0)
        else:
            self._failed(_UNFINISHED, now, told=self._unfinished > 0)
            self._unfinished += 1

    def _failed(self, text: str, now: float, *, told: bool) -> None:
        self._hang_up()
        self._redial_at = now + _grown(REDIAL_SECONDS, self._failures)
        self._failures += 1
        if told:
            self._common.notes.say(
                "peer-refused",
                f"{self.peer} {self.path.remote}",
                peer=self.peer,
                network=self.path.network,
                address=self.path.remote,
                text=text,
            )

    def _hang_up(self) -> None:
        self._hang_up_control()
        self._stop_listening()

    def _stop_listening(self) -> None:
        if self._heartbeat is not None:
            self._common.heard.discard(self._heartbeat)
            self._heartbeat.close()
        self._heartbeat = None

    def _hang_up_control(self) -> None:
        self.connected = self._reached = False
        self._common.unmade.add(self)
        if self._control is not None:
            with contextlib.suppress(zmq.ZMQError):
                self._control.disable_monitor()
            self._control.close()
        if self._monitor is not None:
            self._common.told.discard(self._monitor)
            self._monitor.close()
        self._control = self._monitor = None


def _grown(seconds: tuple[float, float], times: int) -> float:
    """Return the first of two times, doubled `times` times but no longer than the second."""
    first, longest = seconds
    return min(first * (1 << min(times, DOUBLED_MAX)), longest)
