"""Traffic between agents on real sockets, friends and strangers."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
import zmq

from nodeagent.transport import keys, sockets
from nodeagent.transport.errors import TransportError
from nodeagent.transport.gate import Gate
from nodeagent.transport.keys import KeyPair
from nodeagent.transport.notes import Notes
from nodeagent.transport.path import Common, Link
from nodeagent.transport.peers import LocalAdapter, Peer, PeerPath, PeerTransport
from nodeagent.transport.turns import Turns
from nodeagent.wire.limits import MESSAGE_BYTES_MAX
from tests.contract.waiting import subnet, until
from tests.support.uninvited import offer

CONTROL, HEARTBEAT = 17410, 17411


class Agent:
    """A transport with what it told, on as many networks as asked for."""

    def __init__(
        self, name: str, number: int, nets: list[str], pair: KeyPair | None = None
    ) -> None:
        self.name = name
        self.keys = pair or keys.generate()
        self.adapters = [
            LocalAdapter(f"{name}-eth{index}", f"net{index}", f"{net}.{number}")
            for index, net in enumerate(nets)
        ]
        self.got: list[tuple[str, bytes]] = []
        self.heard: list[tuple[str, str, bytes]] = []
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self.transport = PeerTransport(
            self.keys,
            control_port=CONTROL,
            heartbeat_port=HEARTBEAT,
            on_message=lambda peer, data: self.got.append((peer, data)),
            on_note=lambda code, details: self.notes.append((code, details)),
        )
        self.transport.open()
        self.transport.set_local(self.adapters)

    def know(self, *others: "Agent") -> None:
        self.transport.set_peers(self.as_peer(other) for other in others)

    def as_peer(self, other: "Agent", key: str = "") -> Peer:
        paths = tuple(
            PeerPath(theirs.network, theirs.name, ours.address, theirs.address)
            for ours, theirs in zip(self.adapters, other.adapters, strict=True)
        )
        return Peer(other.name, key or other.keys.public, paths)

    def codes(self) -> set[str]:
        return {code for code, _ in self.notes}

    def beat(self, data: bytes = b"beat") -> None:
        for adapter in self.adapters:
            self.transport.beat(adapter.name, data)

    def hears(self, peer: "Agent") -> set[str]:
        """Beat once more and return the peer's adapters heard since the last call."""
        peer.beat()
        heard = self.transport.drain_heartbeats()
        self.heard += heard
        return {adapter for name, adapter, _ in heard if name == peer.name}


class Cluster:
    def __init__(self) -> None:
        self.agents: list[Agent] = []
        self.nets = [subnet(), subnet()]
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.raws: list[zmq.Socket[bytes]] = []

    def agent(self, name: str) -> Agent:
        self.agents.append(Agent(name, len(self.agents) + 1, self.nets))
        return self.agents[-1]

    def pair(self) -> tuple[Agent, Agent]:
        alpha, bravo = self.agent("alpha"), self.agent("bravo")
        alpha.know(bravo)
        bravo.know(alpha)
        return alpha, bravo

    def raw(self, pair: KeyPair, server: Agent, kind: int = zmq.DEALER) -> "zmq.Socket[bytes]":
        """A socket that speaks to `server` outside of our own transport."""
        raw = sockets.client(
            self.context, kind, pair, server.keys.public, sockets.Bounds(100, 100, -1)
        )
        raw.connect(sockets.endpoint(server.adapters[0].address, CONTROL))
        self.raws.append(raw)
        return raw

    def close(self) -> None:
        for agent in self.agents:
            agent.transport.close()
        for raw in self.raws:
            raw.close(linger=0)
        self.context.destroy(linger=0)


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    made = Cluster()
    yield made
    made.close()


async def delivered(sender: Agent, receiver: Agent, data: bytes = b"hello") -> None:
    """Send until it arrives: a fresh path needs a moment, and nothing is queued for it."""

    def arrived() -> bool:
        sender.transport.send(receiver.name, data)
        return (sender.name, data) in receiver.got

    await until(arrived, f"{sender.name} reaches {receiver.name}")


async def heard_everywhere(listener: Agent, speaker: Agent) -> None:
    wanted = {adapter.name for adapter in speaker.adapters}
    heard: set[str] = set()

    def all_heard() -> bool:
        heard.update(listener.hears(speaker))
        return heard >= wanted

    await until(all_heard, f"{listener.name} hears {speaker.name} on all adapters")


async def test_a_message_arrives_under_the_name_of_the_key(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()

    await delivered(alpha, bravo)
    await delivered(bravo, alpha)

    assert {peer for peer, _ in bravo.got} == {"alpha"}
    assert alpha.codes() == bravo.codes() == set()


async def test_each_adapter_is_heard_by_itself(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()

    await heard_everywhere(alpha, bravo)
    await heard_everywhere(bravo, alpha)

    assert ("bravo", "bravo-eth1", b"beat") in alpha.heard


async def test_a_network_to_avoid_is_used_only_when_no_other_takes_it(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    await until(lambda: alpha.transport.connected("bravo") == {"net0", "net1"})
    bravo.transport.cut("bravo-eth0")  # what comes over net0 is lost

    for number in range(20):
        assert alpha.transport.send("bravo", b"%d" % number, avoid={"net0"})

    await until(lambda: len(bravo.got) == 20, "all came over net1")
    assert alpha.transport.send("bravo", b"last", avoid={"net0", "net1"})


async def test_a_cut_cable_stays_cut_when_its_adapter_is_named_anew(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    await until(lambda: alpha.transport.connected("bravo") == {"net0", "net1"})
    bravo.transport.cut("bravo-eth0")
    first, second = bravo.adapters

    bravo.transport.set_local([replace(first, name=second.name), replace(second, name=first.name)])

    for number in range(20):
        assert alpha.transport.send("bravo", b"%d" % number, avoid={"net1"})
    alpha.transport.send("bravo", b"last", avoid={"net0"})
    await until(lambda: bool(bravo.got), "what comes over the other cable")
    assert [data for _, data in bravo.got] == [b"last"]


async def test_an_address_that_is_taken_back_is_no_problem_for_a_while(cluster: Cluster) -> None:
    """Its port is given back a moment after it was closed, whoever closed it."""
    alpha, bravo = cluster.pair()
    await delivered(alpha, bravo)

    alpha.transport.set_local(alpha.adapters[:1])
    alpha.transport.set_local(alpha.adapters)

    names = {adapter.name for adapter in alpha.adapters}
    await until(lambda: alpha.transport.bound() == names)
    assert "bind-failed" not in alpha.codes()


async def test_paths_take_turns(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    await until(lambda: alpha.transport.connected("bravo") == {"net0", "net1"})
    bravo.transport.cut("bravo-eth0")

    for number in range(20):
        alpha.transport.send("bravo", b"%d" % number)

    await until(lambda: len(bravo.got) == 10, "every second came over net1")


async def test_nothing_is_kept_for_a_peer_that_is_not_there(cluster: Cluster) -> None:
    alpha = cluster.agent("alpha")
    bravo = cluster.agent("bravo")
    bravo.know(alpha)
    bravo.transport.set_local([])
    alpha.know(bravo)

    for _ in range(5):
        await asyncio.sleep(0)
        assert not alpha.transport.send("bravo", b"stale")
    bravo.transport.set_local(bravo.adapters)
    await delivered(alpha, bravo, b"fresh")

    assert ("alpha", b"stale") not in bravo.got


async def test_unknown_peer_and_oversized_data_are_not_sent(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    await delivered(alpha, bravo)

    assert not alpha.transport.send("nobody", b"hello")
    assert not alpha.transport.send("bravo", bytes(MESSAGE_BYTES_MAX + 1))
    assert alpha.codes() == {"too-large"}
    await delivered(alpha, bravo, bytes(MESSAGE_BYTES_MAX))


# --- strangers ---


async def test_a_strangers_key_is_refused_and_told(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    raw = cluster.raw(keys.generate(), alpha)
    offer(raw, b"let me in")

    await until(lambda: "stranger" in alpha.codes())
    await delivered(bravo, alpha)

    assert {peer for peer, _ in alpha.got} == {"bravo"}


async def test_without_curve_nothing_gets_in(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    raw = cluster.context.socket(zmq.DEALER)
    cluster.raws.append(raw)
    monitor = raw.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_DISCONNECTED)
    raw.connect(sockets.endpoint(alpha.adapters[0].address, CONTROL))
    offer(raw, b"let me in")

    await until(lambda: monitor.poll(0), "the handshake fails")
    await delivered(bravo, alpha)

    assert {peer for peer, _ in alpha.got} == {"bravo"}
    raw.disable_monitor()
    monitor.close()


async def test_a_peer_that_holds_another_key_is_not_believed(cluster: Cluster) -> None:
    alpha, bravo = cluster.agent("alpha"), cluster.agent("bravo")
    bravo.know(alpha)
    alpha.transport.set_peers([alpha.as_peer(bravo, key=keys.generate().public)])

    await until(lambda: "peer-refused" in alpha.codes())

    assert not alpha.transport.send("bravo", b"secret")
    assert bravo.got == []


async def test_garbage_on_the_port_disturbs_nobody(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    lines = []
    for garbage in (b"", b"\xff" * 64, b"GET / HTTP/1.1\r\n\r\n", bytes(100_000), b"\xff\0\0\0\0"):
        line = socket.create_connection((alpha.adapters[0].address, CONTROL))
        line.sendall(garbage)
        lines.append(line)

    await delivered(bravo, alpha)
    await heard_everywhere(bravo, alpha)

    for line in lines:
        line.close()


async def test_only_one_frame_with_content_is_a_message(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    raw = cluster.raw(bravo.keys, alpha)

    raw.send_multipart([b"two", b"frames"])
    raw.send_multipart([b"x"] * 5_000)
    raw.send(b"")
    raw.send(b"good")

    await until(lambda: ("bravo", b"good") in alpha.got)
    assert alpha.got == [("bravo", b"good")]
    assert "bad-message" in alpha.codes()


async def test_an_oversized_frame_never_arrives_and_hurts_nobody(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    raw = cluster.raw(bravo.keys, alpha)
    raw.send(bytes(4 * MESSAGE_BYTES_MAX))

    await delivered(bravo, alpha)

    assert all(len(data) <= MESSAGE_BYTES_MAX for _, data in alpha.got)


async def test_a_routing_id_is_no_identity(cluster: Cluster) -> None:
    """A valid peer that takes another's routing id speaks as itself, and silences nobody."""
    alpha, bravo = cluster.agent("alpha"), cluster.agent("bravo")
    charlie = cluster.agent("charlie")
    alpha.know(bravo, charlie)
    place = sockets.endpoint(alpha.adapters[0].address, CONTROL)
    first = cluster.raw(bravo.keys, alpha)
    first.disconnect(place)
    thief = cluster.raw(charlie.keys, alpha)
    thief.disconnect(place)
    for raw in (first, thief):
        raw.routing_id = b"same"
        raw.connect(place)
        raw.send(b"mine")
        await until(lambda: ("bravo", b"mine") in alpha.got)
    first.send(b"still mine")

    await until(lambda: ("bravo", b"still mine") in alpha.got)
    assert ("charlie", b"still mine") not in alpha.got


# --- keys that come and go ---


async def test_a_peer_admitted_late_gets_through(cluster: Cluster) -> None:
    alpha, bravo = cluster.agent("alpha"), cluster.agent("bravo")
    bravo.know(alpha)
    await until(lambda: "peer-refused" in bravo.codes(), "bravo was refused")
    assert not bravo.transport.send("alpha", b"early")

    alpha.know(bravo)

    await delivered(bravo, alpha)
    await heard_everywhere(bravo, alpha)
    await heard_everywhere(alpha, bravo)


async def test_a_revoked_key_is_heard_no_more_on_its_open_connection(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    charlie = cluster.agent("charlie")
    alpha.know(bravo, charlie)
    charlie.know(alpha)
    await delivered(charlie, alpha)
    await delivered(bravo, alpha)
    raw = cluster.raw(bravo.keys, alpha)
    monitor = raw.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
    raw.send(b"before")
    await until(lambda: ("bravo", b"before") in alpha.got)

    alpha.know(charlie)
    offer(raw, b"after")
    bravo.transport.send("alpha", b"after")

    await until(lambda: "stranger" in alpha.codes())
    await until(lambda: monitor.poll(0), "its connection was ended and not let in again")
    await delivered(charlie, alpha, b"again")
    assert ("bravo", b"after") not in alpha.got
    assert not alpha.transport.send("bravo", b"farewell")
    raw.disable_monitor()
    monitor.close()


async def test_a_revoked_peer_hears_no_heartbeats_and_others_go_on(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    charlie = cluster.agent("charlie")
    alpha.know(bravo, charlie)
    charlie.know(alpha)
    await heard_everywhere(bravo, alpha)

    alpha.know(charlie)

    await until(lambda: not bravo.transport.connected("alpha"), "all of alpha's doors are renewed")
    bravo.transport.drain_heartbeats()
    await heard_everywhere(charlie, alpha)
    await heard_everywhere(charlie, alpha)
    assert bravo.transport.drain_heartbeats() == []


async def test_a_peer_may_change_its_key(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    await delivered(alpha, bravo)
    bravo.transport.close()
    cluster.agents.remove(bravo)
    cluster.agents.append(renewed := Agent("bravo", 2, cluster.nets))
    renewed.know(alpha)

    alpha.know(renewed)

    await delivered(alpha, renewed)
    await delivered(renewed, alpha, b"with the new key")


async def test_a_peer_that_starts_anew_is_reached_again(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    await delivered(alpha, bravo)
    await heard_everywhere(alpha, bravo)
    bravo.transport.close()
    cluster.agents.remove(bravo)
    await until(lambda: not alpha.transport.connected("bravo"))
    assert not alpha.transport.send("bravo", b"into the void")

    cluster.agents.append(again := Agent("bravo", 2, cluster.nets, bravo.keys))
    again.know(alpha)

    await delivered(alpha, again)
    await delivered(again, alpha)
    await heard_everywhere(alpha, again)
    assert ("alpha", b"into the void") not in again.got


async def test_what_stays_is_not_touched(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    charlie = cluster.agent("charlie")
    charlie.know(alpha)
    await until(lambda: alpha.transport.connected("bravo") == {"net0", "net1"})

    for peers in ([bravo, charlie], [bravo, charlie], [charlie, bravo]):
        alpha.know(*peers)
        alpha.transport.set_local(alpha.adapters)
        assert alpha.transport.connected("bravo") == {"net0", "net1"}
        assert alpha.transport.send("bravo", b"without a gap")

    await delivered(alpha, charlie)


async def test_a_new_name_for_an_adapter_ends_no_connection(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    await heard_everywhere(alpha, bravo)
    await until(lambda: bravo.transport.connected("alpha") == {"net0", "net1"})

    for agent in (alpha, bravo):
        agent.adapters = [replace(one, name=f"new-{one.name}") for one in agent.adapters]
        agent.transport.set_local(agent.adapters)
    alpha.know(bravo)
    bravo.know(alpha)

    assert alpha.transport.bound() == {"new-alpha-eth0", "new-alpha-eth1"}
    assert bravo.transport.connected("alpha") == {"net0", "net1"}
    assert bravo.transport.send("alpha", b"without a gap")
    await heard_everywhere(alpha, bravo)
    assert alpha.codes() == set()


async def test_new_names_for_all_networks_end_no_connection(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    await heard_everywhere(alpha, bravo)
    await until(lambda: bravo.transport.connected("alpha") == {"net0", "net1"})

    for agent in (alpha, bravo):
        agent.adapters = [replace(one, network=f"new-{one.network}") for one in agent.adapters]
        agent.transport.set_local(agent.adapters)
    alpha.know(bravo)
    bravo.know(alpha)

    assert bravo.transport.connected("alpha") == {"new-net0", "new-net1"}
    assert bravo.transport.send("alpha", b"without a gap")
    await heard_everywhere(alpha, bravo)
    assert alpha.codes() == set()


# --- handshakes that take long ---


class Silent:
    """A program that takes connections on an agent's address and says nothing."""

    def __init__(self, address: str) -> None:
        self._door = socket.create_server((address, CONTROL), backlog=64)
        self._door.setblocking(False)
        self._lines: list[socket.socket] = []

    def connections(self) -> int:
        with contextlib.suppress(BlockingIOError):
            while True:
                self._lines.append(self._door.accept()[0])
        return len(self._lines)

    def close(self) -> None:
        for line in (self._door, *self._lines):
            line.close()


@pytest.fixture
def silent(cluster: Cluster) -> Iterator[Silent]:
    with contextlib.closing(Silent(f"{cluster.nets[0]}.99")) as made:
        yield made


async def test_who_hangs_is_not_said_to_have_another_key(cluster: Cluster, silent: Silent) -> None:
    told: list[str] = []
    path = PeerPath("net0", "eth0", f"{cluster.nets[0]}.1", f"{cluster.nets[0]}.99")
    shared = Common(
        cluster.context,
        keys.generate(),
        (CONTROL, HEARTBEAT),
        Notes(lambda _, details: told.append(details["text"])),
        Turns(first_s=0.05),
    )
    link = Link(shared, "bravo", keys.generate().public, path, (0, 0), 0.0)

    def dialled_again() -> bool:
        for stirred in shared.told.look():
            stirred.watch(0.0)
        if link.is_due(10.0):
            link.dial(0.0)
        return bool(told)

    await until(dialled_again, "it is told that the peer hangs")
    link.close()

    assert silent.connections() > 1
    assert ["does not finish the handshake in time" in text for text in told] == [True]


async def test_peers_that_hang_hold_up_nobody_and_are_not_all_dialled_at_once(
    cluster: Cluster, silent: Silent
) -> None:
    alpha, bravo = cluster.agent("alpha"), cluster.agent("bravo")
    path = PeerPath("net0", "eth0", alpha.adapters[0].address, f"{cluster.nets[0]}.99")
    hanging = [Peer(f"node{n}", keys.generate().public, (path,)) for n in range(60)]
    alpha.transport.set_peers([*hanging, alpha.as_peer(bravo)])
    await until(silent.connections, "some are dialled")
    bravo.know(alpha)

    await delivered(alpha, bravo)
    await delivered(bravo, alpha)

    assert silent.connections() < len(hanging) / 2


# --- adapters ---


async def test_a_cut_adapter_loses_all_in_and_out_until_it_is_mended(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    await heard_everywhere(alpha, bravo)
    await heard_everywhere(bravo, alpha)
    await delivered(alpha, bravo)
    await delivered(bravo, alpha)
    alpha.transport.cut("alpha-eth0")

    for number in range(20):
        alpha.transport.send("bravo", b"cut %d" % number)
        bravo.transport.send("alpha", b"cut %d" % number)

    def half(agent: Agent) -> bool:
        return sum(data.startswith(b"cut") for _, data in agent.got) == 10

    await until(lambda: half(alpha) and half(bravo), "what takes the other network arrives")
    alpha.hears(bravo)
    bravo.hears(alpha)
    to_alpha: set[str] = set()
    to_bravo: set[str] = set()

    def heard_on_the_other() -> bool:
        to_alpha.update(alpha.hears(bravo))
        to_bravo.update(bravo.hears(alpha))
        return bool(to_alpha) and bool(to_bravo)

    for _ in range(10):
        await until(heard_on_the_other)
    assert to_alpha == {"bravo-eth1"}
    assert to_bravo == {"alpha-eth1"}

    alpha.transport.mend("alpha-eth0")
    await heard_everywhere(alpha, bravo)
    await heard_everywhere(bravo, alpha)
    assert half(alpha)
    assert half(bravo)


async def test_an_address_that_is_taken_is_told_and_had_later(cluster: Cluster) -> None:
    alpha, bravo = cluster.agent("alpha"), cluster.agent("bravo")
    taken = socket.create_server((f"{cluster.nets[1]}.9", CONTROL))
    alpha.adapters = [
        alpha.adapters[0],
        LocalAdapter("alpha-eth1", "net1", f"{cluster.nets[1]}.9"),
    ]

    alpha.transport.set_local(alpha.adapters)
    alpha.know(bravo)
    bravo.know(alpha)

    assert alpha.transport.bound() == {"alpha-eth0"}
    (code, details) = alpha.notes[0]
    assert code == "bind-failed"
    assert f"{cluster.nets[1]}.9 port {CONTROL}" in details["text"]
    assert "another port" in details["remedy"]
    await delivered(bravo, alpha)
    taken.close()
    await until(lambda: alpha.transport.bound() == {"alpha-eth0", "alpha-eth1"})
    await heard_everywhere(bravo, alpha)


async def test_an_address_of_no_adapter_here_is_told(cluster: Cluster) -> None:
    alpha = cluster.agent("alpha")

    alpha.transport.set_local([LocalAdapter("eth0", "net0", "192.0.2.1")])

    assert "no such address" in alpha.notes[0][1]["remedy"]


async def test_an_adapter_given_up_answers_no_more(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    await until(lambda: bravo.transport.connected("alpha") == {"net0", "net1"})

    alpha.transport.set_local(alpha.adapters[1:])

    await until(lambda: bravo.transport.connected("alpha") == {"net1"})
    await delivered(bravo, alpha)


# --- the proof at the start ---


async def test_an_agent_that_lets_everybody_in_does_not_start() -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    gate = Gate(context, lambda _domain, _key, _address: True)
    try:
        with pytest.raises(TransportError, match="random key was not refused"):
            gate.prove(keys.generate())
    finally:
        gate.close()
        context.destroy(linger=0)
