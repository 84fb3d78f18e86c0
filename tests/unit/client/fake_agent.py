"""An agent that only talks: the other end of the client's sockets, with CURVE and ZAP.

Runs in a thread with a context of its own, so that commands in other processes can ask it too.
"""

import queue
import threading
from collections.abc import Callable, Iterable
from typing import Self

import zmq
from zmq.utils import z85

from nodeagent.client.access import Access, AgentAddress
from nodeagent.model.configuration import Configuration
from nodeagent.wire import codec
from nodeagent.wire.console import Answer, Answered, Done, GetSnapshot, Refused, Request
from nodeagent.wire.live import ClusterLive, NodeLive, Snapshot, StreamMessage

Handler = Callable[[Request], Answer | None]


def key_pair() -> tuple[str, str]:
    public, secret = zmq.curve_keypair()
    return public.decode(), secret.decode()


def cluster(observer: str, **values: object) -> ClusterLive:
    plain = {
        "cluster": "orders",
        "observer": observer,
        "state": "stable",
        "epoch": 1,
        "slot": 1,
        "digest": "d1",
        "quorum": True,
    }
    return ClusterLive(**{**plain, **values})  # type: ignore[arg-type]


class FakeAgent:
    """Answers with `handler` (None: says nothing), publishes what it is given and a heartbeat."""

    def __init__(
        self, name: str, *, host: str = "127.0.0.1", handler: Handler | None = None
    ) -> None:
        self.name = name
        self.handler = handler or self.answer
        self.snapshot = Snapshot(cluster=cluster(name), nodes=(NodeLive(name, "up"),))
        self.requests: list[Request] = []
        self.allowed: set[str] | None = None
        self.refused = 0
        self.silent = threading.Event()
        self._commands: queue.SimpleQueue[StreamMessage | None] = queue.SimpleQueue()
        self._bound = threading.Event()
        self.public, self._secret = key_pair()
        self._host = host
        self.address = AgentAddress(name, "", "", self.public)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._bound.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.stop_soon()
        self._thread.join(10)

    def stop_soon(self) -> None:
        self._commands.put(None)

    def publish(self, message: StreamMessage) -> None:
        self._commands.put(message)

    def answer(self, request: Request) -> Answer:
        return self.snapshot if isinstance(request, GetSnapshot) else Done(tx="tx1")

    def _run(self) -> None:
        context = zmq.Context()
        zap = context.socket(zmq.REP)
        zap.bind("inproc://zeromq.zap.01")
        admin = self._server(context, zmq.ROUTER)
        events = self._server(context, zmq.XPUB)
        self.address = AgentAddress(
            self.name,
            admin.getsockopt_string(zmq.LAST_ENDPOINT),
            events.getsockopt_string(zmq.LAST_ENDPOINT),
            self.public,
        )
        poller = zmq.Poller()
        for socket in (zap, admin, events):
            poller.register(socket, zmq.POLLIN)
        self._bound.set()
        try:
            while self._obey(events):
                for socket, _ in poller.poll(10):
                    self._serve(socket, zap, admin)
        finally:
            context.destroy(linger=0)

    def _server(self, context: "zmq.Context[zmq.Socket[bytes]]", kind: int) -> "zmq.Socket[bytes]":
        socket = context.socket(kind)
        socket.linger = 0
        socket.curve_server = 1
        socket.curve_secretkey = self._secret.encode()
        socket.curve_publickey = self.public.encode()
        socket.zap_domain = b"fake"
        socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
        socket.bind(f"tcp://{self._host}:*")
        return socket

    def _obey(self, events: "zmq.Socket[bytes]") -> bool:
        sent = False
        while not self._commands.empty():
            command = self._commands.get()
            if command is None:
                return False
            events.send(codec.encode(command))
            sent = True
        if not sent and not self.silent.is_set():
            events.send(codec.encode(self.snapshot.cluster))
        return True

    def _serve(self, socket: object, zap: "zmq.Socket[bytes]", admin: "zmq.Socket[bytes]") -> None:
        if socket is zap:
            self._judge(zap)
        elif socket is admin:
            client, data = admin.recv_multipart()
            try:
                ask = codec.decode_ask(data)
            except codec.WireError:  # as an agent of an older version
                number = codec.request_id(data) or 0
                refused = Refused("unreadable", "this agent cannot read the request")
                admin.send_multipart([client, codec.encode(Answered(number, refused))])
                return
            self.requests.append(ask.request)
            answer = None if self.silent.is_set() else self.handler(ask.request)
            if answer is not None:
                admin.send_multipart([client, codec.encode(Answered(ask.id, answer))])
        else:
            assert isinstance(socket, zmq.Socket)
            socket.recv()

    def _judge(self, zap: "zmq.Socket[bytes]") -> None:
        frames = zap.recv_multipart()
        key = z85.encode(frames[6]).decode()
        ok = self.allowed is None or key in self.allowed
        self.refused += not ok
        status = b"200" if ok else b"400"
        zap.send_multipart([b"1.0", frames[1], status, b"", key.encode(), b""])


def access_to(agents: Iterable[FakeAgent]) -> Access:
    public, secret = key_pair()
    return Access(public, secret, tuple(agent.address for agent in agents))


def configuration_of(text: str) -> Configuration:
    from nodeagent.config.parse import parse

    parsed = parse(text)
    assert parsed.configuration is not None
    return parsed.configuration
