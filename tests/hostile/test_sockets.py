"""On real sockets: whoever comes, friends are heard before, meanwhile and afterwards."""

import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
import zmq

from nodeagent.transport import keys, sockets
from nodeagent.wire.codec import WireError, decode_envelope
from nodeagent.wire.limits import MESSAGE_BYTES_MAX
from tests.contract.test_peers import (
    CONTROL,
    HEARTBEAT,
    Agent,
    Cluster,
    delivered,
    heard_everywhere,
)
from tests.contract.waiting import until
from tests.hostile.sockets import CALLERS, OVERFULL, RAW, Caller
from tests.support.uninvited import offer

CROWD = 1_000
PORTS = (CONTROL, HEARTBEAT)


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    made = Cluster()
    yield made
    made.close()


async def test_a_message_with_too_much_in_it_never_arrives(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    raw = cluster.raw(bravo.keys, alpha)
    raw.sndtimeo = 20_000
    for name, frames in OVERFULL.items():
        if any(len(frame) > MESSAGE_BYTES_MAX for frame in frames):
            lone = cluster.raw(bravo.keys, alpha)  # its connection is cut, and what it had queued
            lone.send_multipart(frames)
            continue
        raw.send_multipart(frames)
        raw.send(name.encode())

    sent = [n for n, frames in OVERFULL.items() if max(map(len, frames)) <= MESSAGE_BYTES_MAX]
    await until(lambda: ("bravo", sent[-1].encode()) in alpha.got, "the one behind all of them")
    await delivered(bravo, alpha)

    got = [data for _, data in alpha.got if data != b"hello"]
    for data in [data for data in got if len(data) > 100]:  # CURVE may add some bytes to the limit
        with pytest.raises(WireError, match="more than"):
            decode_envelope(data)
    assert [data for data in got if len(data) <= 100] == [name.encode() for name in sent]
    assert "bad-message" in alpha.codes()


def called(cluster: Cluster, caller: Caller, charlie: Agent, alpha: Agent) -> "zmq.Socket[bytes]":
    """Return the socket of a caller, connected."""
    port = HEARTBEAT if caller.heartbeat else CONTROL
    if caller.who in {"nobody", "plain"}:
        raw = cluster.context.socket(caller.kind)
        if caller.who == "plain":
            raw.plain_username, raw.plain_password = b"bravo", b"secret"
    else:
        pair = charlie.keys if caller.who in {"charlie", "wrong-server"} else keys.generate()
        door = keys.generate().public if caller.who == "wrong-server" else alpha.keys.public
        raw = sockets.client(cluster.context, caller.kind, pair, door, sockets.Bounds(10, 10, -1))
    if caller.routing_id:
        raw.routing_id = caller.routing_id
    if caller.kind == zmq.SUB:
        raw.subscribe(b"")
    raw.connect(sockets.endpoint(alpha.adapters[0].address, port))
    cluster.raws.append(raw)
    return raw


async def test_only_a_known_key_is_heard_and_only_under_its_own_name(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    charlie = cluster.agent("charlie")
    alpha.know(bravo, charlie)
    charlie.transport.close()
    raws = {name: called(cluster, c, charlie, alpha) for name, c in CALLERS.items()}

    def all_spoke() -> bool:
        for name, raw in raws.items():
            with contextlib.suppress(zmq.ZMQError):  # some kinds cannot speak
                offer(raw, name.encode())
        heard = {data.decode() for peer, data in alpha.got if peer == "charlie"}
        return heard >= {"charlie-as-bravo", "charlie-as-alpha"}

    await until(all_spoke, "those whose key is known")
    await delivered(bravo, alpha)
    await delivered(alpha, bravo)
    await heard_everywhere(bravo, alpha)

    for peer, data in alpha.got:
        if data != b"hello":
            assert peer == CALLERS[data.decode()].known_as, data
    silent = [raw for name, raw in raws.items() if CALLERS[name].kind == zmq.SUB]
    assert not any(raw.poll(0) for raw in silent), "no beat is told to a stranger"


async def test_lines_that_say_nothing_or_nonsense_disturb_nobody(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    await delivered(bravo, alpha)
    host = alpha.adapters[0].address
    sockets.allow_files(2 * CROWD + 1_000)
    with contextlib.ExitStack() as stack:
        for port in PORTS:
            for words in RAW.values():
                line = stack.enter_context(socket.create_connection((host, port), 5.0))
                line.setblocking(False)
                with contextlib.suppress(OSError):  # it may have hung up by now
                    line.send(words)
        for _ in range(CROWD):
            line = stack.enter_context(socket.socket())
            line.setblocking(False)
            line.connect_ex((host, CONTROL))
        await delivered(bravo, alpha, b"through the crowd")
        await delivered(alpha, bravo, b"and back")
        await heard_everywhere(bravo, alpha)

    await delivered(bravo, alpha, b"afterwards")
    assert {peer for peer, _ in alpha.got} == {"bravo"}


async def test_a_byte_at_a_time_keeps_nobody_waiting(cluster: Cluster) -> None:
    alpha, bravo = cluster.pair()
    host = alpha.adapters[0].address
    words = {name: data for name, data in RAW.items() if len(data) < 400}
    with contextlib.ExitStack() as stack:
        lines = {
            name: stack.enter_context(socket.create_connection((host, CONTROL), 5.0))
            for name in words
        }
        for place in range(max(map(len, words.values()))):
            for name, line in lines.items():
                with contextlib.suppress(OSError):  # it may have hung up by now
                    line.send(words[name][place : place + 1])
            if place % 20 == 0:
                await delivered(bravo, alpha, b"%d" % place)

    assert {peer for peer, _ in alpha.got} == {"bravo"}
