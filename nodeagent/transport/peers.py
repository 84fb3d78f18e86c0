"""Traffic between agents: messages and heartbeats, on every path there is.

Everything here is called from the one loop and returns at once. Who may talk to us is exactly the
set of peers; it is asked at each handshake and again at each message, because libzmq keeps a
connection whose key was revoked meanwhile.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import zmq

from nodeagent.transport.errors import TransportError
from nodeagent.transport.gate import Gate
from nodeagent.transport.keys import KeyPair
from nodeagent.transport.local import BoundAdapter, LocalAdapter
from nodeagent.transport.notes import Notes, OnNote
from nodeagent.transport.path import Common, Link, PeerPath
from nodeagent.transport.sockets import allow_files, new_context, property_of
from nodeagent.transport.turns import places_in_line
from nodeagent.wire.limits import FRAMES_MAX, HEARTBEAT_BYTES_MAX, MESSAGE_BYTES_MAX

__all__ = ["LocalAdapter", "Peer", "PeerPath", "PeerTransport"]

TICK_SECONDS = 0.1
LISTEN_SECONDS = 0.5
"""While all is bound and connected only silence is looked for, when heartbeats are read."""
BIND_AGAIN_SECONDS = (0.05, 2.0)
"""First and longest wait before an address that could not be had is tried again."""
QUIET_SECONDS = 2.0
RENEW_SECONDS = 0.5
"""Time between adapters when all bind anew after a key was revoked: one network at a time."""
FILES_PER_PATH = 8
FILES_PER_ADAPTER = 16


@dataclass(frozen=True, slots=True)
class Peer:
    """Another agent: its name, its public key in Z85, and the ways to it."""

    name: str
    key: str
    paths: tuple[PeerPath, ...] = ()


@dataclass(slots=True)
class _Wanted:
    """An adapter that is not bound: when to try, how long to wait after that, what was said.

    Nothing is said before `quiet_until`: libzmq gives a closed socket's port back a moment later.
    """

    adapter: LocalAdapter
    at: float
    wait: float = BIND_AGAIN_SECONDS[0]
    told: str = ""
    quiet_until: float = 0.0


class PeerTransport:
    """Sockets of one agent towards all others.

    `on_message(peer, data)` gets what peers sent, `on_note(code, details)` what an operator may
    want to know: bind-failed, bound, peer-refused, stranger, bad-message, too-large.
    """

    def __init__(
        self,
        keys: KeyPair,
        *,
        control_port: int,
        heartbeat_port: int,
        on_message: Callable[[str, bytes], None],
        on_note: OnNote,
    ) -> None:
        self._keys = keys
        self._ports = (control_port, heartbeat_port)
        self._on_message = on_message
        self._notes = Notes(on_note)
        self._context = new_context()
        self._gate: Gate | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.Handle | None = None
        self._bound: dict[str, BoundAdapter] = {}
        self._wanted: dict[str, _Wanted] = {}
        self._peers: dict[str, Peer] = {}
        self._names: dict[str, str] = {}
        self._links: dict[str, dict[PeerPath, Link]] = {}
        self._turn: dict[str, int] = {}
        self._common = Common(self._context, keys, self._ports, self._notes)
        self._beat_at: dict[str, float] = {}
        self._cut: set[str] = set()
        self._quiet: dict[str, float] = {}
        self._renew: list[BoundAdapter] = []
        self._renew_at = 0.0
        self._listen_at = 0.0

    def open(self) -> None:
        """Start on the running loop; TransportError unless strangers are proven to be refused."""
        self._loop = asyncio.get_running_loop()
        self._gate = Gate(self._context, self._admit)
        self._gate.prove(self._keys)
        self._gate.start(self._loop)
        self._loop.add_reader(self._common.told.descriptor, self._tick)
        self._timer = self._loop.call_later(TICK_SECONDS, self._tick)

    def close(self) -> None:
        """End all connections and give all addresses back; what is queued is thrown away."""
        self._cancel_timer()
        if self._gate is not None and self._loop is not None:
            self._loop.remove_reader(self._common.told.descriptor)
        for links in self._links.values():
            for link in links.values():
                link.close()
        for bound in self._bound.values():
            bound.close()
        if self._gate is not None:
            self._gate.close()
            self._gate = None
        self._links, self._bound, self._wanted = {}, {}, {}
        self._common.told.close()
        self._common.heard.close()
        self._context.destroy(linger=0)

    def set_local(self, adapters: Iterable[LocalAdapter]) -> None:
        """Bind the addresses of `adapters`, leave alone those that stay, give up the others.

        One that cannot be had is noted and tried again; the others work meanwhile. Connections
        outlast that an adapter, or its network, is named anew.
        """
        wanted = {adapter.name: adapter for adapter in adapters}
        bound_at = {(b.adapter.address, b.adapter.device): b for b in self._bound.values()}
        self._carry_cuts(wanted)
        self._bound = {}
        for name, adapter in wanted.items():
            stays = bound_at.pop((adapter.address, adapter.device), None)
            if stays is not None:
                stays.adapter = adapter
                self._bound[name] = stays
        now = self._now()
        self._quiet = {address: until for address, until in self._quiet.items() if until > now}
        for bound in bound_at.values():
            bound.close()
            self._quiet[bound.adapter.address] = now + QUIET_SECONDS
        self._wanted = {
            name: entry for name, entry in self._wanted.items() if wanted.get(name) == entry.adapter
        }
        for name, adapter in wanted.items():
            if name not in self._bound and name not in self._wanted:
                quiet_until = self._quiet.get(adapter.address, 0.0)
                self._wanted[name] = _Wanted(adapter, now, quiet_until=quiet_until)
        self._bind_due(now)
        self._hurry()

    def _carry_cuts(self, wanted: Mapping[str, LocalAdapter]) -> None:
        """Let cut cables stay cut, whatever the adapters at their ends are called from now on."""
        cut = {self._bound[n].adapter.address: n for n in self._cut if n in self._bound}
        stay = {name: one.address for name, one in wanted.items() if one.address in cut}
        self._cut -= {cut[address] for address in stay.values()}
        self._cut |= stay.keys()

    def set_peers(self, peers: Iterable[Peer]) -> None:
        """Know exactly `peers` from now on; connections of peers and paths that stay, stay."""
        wanted = {peer.name: peer for peer in peers}
        revoked = set(self._names) - {peer.key for peer in wanted.values()}
        self._names = {peer.key: peer.name for peer in wanted.values()}
        paths = sum(len(peer.paths) for peer in wanted.values())
        allow_files(paths * FILES_PER_PATH + len(self._bound) * FILES_PER_ADAPTER)
        for name in set(self._links) - set(wanted):
            self._drop(name)
        self._common.turns.peers = len(wanted)
        places = places_in_line(
            self._keys.public, {peer.name: peer.key for peer in wanted.values()}
        )
        for peer in wanted.values():
            self._reconcile(peer, places[peer.name])
        self._peers = wanted
        if revoked:  # libzmq cannot end one connection of a server, so all of them are renewed
            self._renew = list(self._bound.values())
            self._renew_at = self._now()
        self._hurry()

    def send(self, peer: str, data: bytes, *, avoid: Collection[str] = ()) -> bool:
        """Send over the next path that takes it; networks in `avoid` only if no other does.

        False when no path is connected: nothing is kept for later.
        """
        if len(data) > MESSAGE_BYTES_MAX:
            self._notes.say("too-large", peer, bytes=len(data), bytes_max=MESSAGE_BYTES_MAX)
            return False
        links = list(self._links.get(peer, {}).values())
        if not links:
            return False
        turn = self._turn[peer] = (self._turn.get(peer, -1) + 1) % len(links)
        order = links[turn:] + links[:turn]
        order.sort(key=lambda link: link.path.network in avoid)
        return any(self._send_over(link, data) for link in order)

    def beat(self, adapter: str, data: bytes) -> None:
        """Send one heartbeat on the adapter named `adapter`, if it is bound and not cut."""
        if len(data) > HEARTBEAT_BYTES_MAX:
            self._notes.say("too-large", adapter, bytes=len(data), bytes_max=HEARTBEAT_BYTES_MAX)
            return
        now = self._now()
        self._common.turns.beat_s = now - self._beat_at.get(
            adapter, now
        )  # peers beat as often as we do
        self._beat_at[adapter] = now
        if adapter in self._bound and adapter not in self._cut:
            self._bound[adapter].beat(data)

    def drain_heartbeats(self) -> list[tuple[str, str, bytes]]:
        """Return (peer, adapter of the path, data) of the newest heartbeats since the last call."""
        now = self._now()
        self._listen_due(now)
        heard: list[tuple[str, str, bytes]] = []
        for link in self._common.heard.look():
            waiting = link.heartbeats(now)
            if not self._is_cut(link):
                heard += [(link.peer, link.path.adapter, data) for data in waiting]
        return heard

    def _ways(self) -> list[Link]:
        return [link for links in self._links.values() for link in links.values()]

    def connected(self, peer: str) -> frozenset[str]:
        """Return the networks on which `peer` answered our handshake and is still connected."""
        links = self._links.get(peer, {}).values()
        return frozenset(link.path.network for link in links if link.connected)

    def bound(self) -> frozenset[str]:
        """Return the names of the adapters whose addresses we have."""
        return frozenset(self._bound)

    def cut(self, adapter: str) -> None:
        """Practise a cut cable: what goes out or comes in on `adapter` is lost, unnoticed."""
        self._cut.add(adapter)

    def mend(self, adapter: str) -> None:
        """End a cut."""
        self._cut.discard(adapter)

    def _now(self) -> float:
        if self._loop is None:
            raise TransportError("transport", "is not open", "call open first")
        return self._loop.time()

    # --- who may come in ---

    def _admit(self, domain: str, key: str, address: str) -> bool:
        name = self._names.get(key)
        if name is None:
            if domain != "proof":
                self._notes.say("stranger", address, address=address, key=key, where="handshake")
            return False
        if self._loop is not None:
            self._loop.call_soon(self._poke, name)
        return True

    def _poke(self, name: str) -> None:
        now = self._now()
        for link in self._links.get(name, {}).values():
            link.poke(now)
        self._dial_due(now)
        self._look_later()

    def _arrived(self, adapter: str, frames: list[zmq.Frame], count: int) -> None:
        if adapter in self._cut:
            return
        key = property_of(frames[-1], "User-Id")
        name = self._names.get(key)
        if name is None:
            address = property_of(frames[-1], "Peer-Address")
            self._notes.say("stranger", address, address=address, key=key, where="message")
        elif count != FRAMES_MAX or not len(frames[-1]):
            self._notes.say("bad-message", name, peer=name, frames=count)
        else:
            self._on_message(name, frames[-1].bytes)

    # --- paths to peers ---

    def _reconcile(self, peer: Peer, place: int) -> None:
        known = self._peers.get(peer.name)
        if known is not None and known.key != peer.key:
            self._drop(peer.name)
        links = self._links.setdefault(peer.name, {})
        gone = {path.way: path for path in set(links) - set(peer.paths)}
        for path in set(peer.paths) - set(links):
            if path.way in gone:  # only named anew
                links[path] = links.pop(gone.pop(path.way))
                links[path].path = path
        for path in gone.values():
            links.pop(path).close()
        now = self._now()
        for index, path in enumerate(peer.paths):
            if path in links:
                links[path].place = (index, place)
            else:
                # One network after the other: so all are soon heard somewhere.
                links[path] = Link(self._common, peer.name, peer.key, path, (index, place), now)

    def _drop(self, name: str) -> None:
        for link in self._links.pop(name, {}).values():
            link.close()
        self._turn.pop(name, None)

    def _is_cut(self, link: Link) -> bool:
        if not self._cut:
            return False
        return any(
            bound.adapter.address == link.path.local
            for name, bound in self._bound.items()
            if name in self._cut
        )

    def _send_over(self, link: Link, data: bytes) -> bool:
        if self._is_cut(link):
            return link.connected  # a cut cable takes the message and loses it
        return link.send(data)

    # --- what is due ---

    def _tick(self) -> None:
        assert self._loop is not None
        self._cancel_timer()
        now = self._loop.time()
        for link in self._common.told.look():
            link.watch(now)
        self._listen_due(now)
        self._dial_due(now)
        self._renew_due(now)
        self._bind_due(now)
        self._look_later()

    def _listen_due(self, now: float) -> None:
        if now >= self._listen_at:
            self._listen_at = now + LISTEN_SECONDS
            for link in self._ways():
                link.listen(now)

    def _hurry(self) -> None:
        """Look soon: much may be due."""
        if self._gate is not None and self._loop is not None:
            self._cancel_timer()
            self._timer = self._loop.call_soon(self._tick)

    def _look_later(self) -> None:
        """Look again in a while, if anything is under way; news of a handshake come at once."""
        busy = self._common.unmade or self._common.told.unfinished or self._wanted or self._renew
        waits = self._timer is not None or self._gate is None
        if busy and not waits and self._loop is not None:
            self._timer = self._loop.call_later(TICK_SECONDS, self._tick)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _dial_due(self, now: float) -> None:
        """Let those dial that want to and whose turn it is."""
        unmade, pace = self._common.unmade, self._common.turns
        under_way = sum(link.is_dialling(now) for link in unmade)
        if under_way >= pace.at_once_for(there=True):
            return
        for link in sorted((one for one in unmade if one.is_due(now)), key=Link.turn):
            if under_way >= pace.at_once_for(there=link.known_there):
                break
            link.dial(now)
            under_way += 1

    def _renew_due(self, now: float) -> None:
        if not self._renew or now < self._renew_at:
            return
        self._renew_at = now + RENEW_SECONDS
        bound = self._renew.pop(0)
        adapter = bound.adapter
        if self._bound.get(adapter.name) is bound:
            del self._bound[adapter.name]
            bound.close()
            self._quiet[adapter.address] = now + QUIET_SECONDS
            self._wanted[adapter.name] = _Wanted(adapter, now, quiet_until=now + QUIET_SECONDS)

    def _bind_due(self, now: float) -> None:
        for name, entry in list(self._wanted.items()):
            if now >= entry.at and self._bind(entry, now):
                del self._wanted[name]

    def _bind(self, entry: _Wanted, now: float) -> bool:
        adapter = entry.adapter
        try:
            self._bound[adapter.name] = BoundAdapter(
                self._context, self._keys, adapter, self._ports, self._arrived
            )
        except TransportError as error:
            entry.at = now + entry.wait
            entry.wait = min(entry.wait * 2, BIND_AGAIN_SECONDS[1])
            if str(error) != entry.told and now >= entry.quiet_until:
                entry.told = str(error)
                self._notes.say("bind-failed", adapter.name, text=str(error), remedy=error.remedy)
            return False
        if entry.told:
            self._notes.say("bound", adapter.name, address=adapter.address)
        return True
