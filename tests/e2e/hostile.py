"""A real cluster to be rude to: raw connections, wrong keys, right keys that say wrong things."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import msgspec
import zmq

from nodeagent.config import edit
from nodeagent.model.run import DareRun
from nodeagent.wire.codec import decode_answered, encode
from nodeagent.wire.console import Answer, Apply, Done, Request
from nodeagent.wire.peer import Envelope, Message
from tui.demo import warden
from tui.demo.box import Box
from tui.demo.places import NETWORKS, NODE_NAMES
from tui.demo.watch import NotHeld, Views, Watch, group_at, require, stable

LIMIT_S = 30.0
ANSWER_MS = 8_000
T = TypeVar("T")
Socket = zmq.Socket[bytes]
Pair = tuple[str, str]


def stranger() -> Pair:
    """Return a key pair that nobody knows."""
    public, secret = zmq.curve_keypair()
    return public.decode(), secret.decode()


class Victim:
    """A box of three agents, looked at from outside, and the ways to attack it."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.context: zmq.Context[Socket] = zmq.Context()

    def close(self) -> None:
        """End all conversations."""
        self.context.destroy(linger=0)

    # -- looking

    def watch(self, work: Callable[[Watch], Awaitable[T]]) -> T:
        """Return what `work` returns with one client for each agent."""

        async def all_of_it() -> T:
            watch = Watch(self.box.access_to)
            try:
                return await work(watch)
            finally:
                await watch.close()

        return asyncio.run(all_of_it())

    def settle(self) -> Views:
        """Return all views once every agent that runs agrees and each group is at one place."""

        async def settled(watch: Watch) -> Views:
            async def check() -> Views:
                alive = [name for name, agent in self.box.agents.items() if agent.alive]
                views = await watch.look_at_all(alive)
                stable(views)
                for group, owner in views[alive[0]].cluster.owners.items():
                    for name in set(alive) - {owner}:
                        live = group_at(views[name], name, group)
                        require(live is None or live.state != "online", f"{group} twice: {name}")
                return views

            return await watch.until(check, LIMIT_S, "a stable cluster")

        return self.watch(settled)

    def ask(self, node: str, request: Request) -> Answer:
        """Return the answer of one agent."""
        return self.watch(lambda watch: watch.ask(node, request, timeout_s=LIMIT_S))

    def apply(self, text: str, node: str = "alpha") -> DareRun | Answer:
        """Ask for a change; return how it ended, or the answer if it did not even begin."""
        base = self.settle()[node].cluster.digest

        async def changed(watch: Watch) -> DareRun | Answer:
            answer = await watch.ask(node, Apply(text, base), timeout_s=LIMIT_S)
            if not isinstance(answer, Done) or not answer.tx:
                return answer
            return await watch.follow(node, answer.tx, LIMIT_S)

        return self.watch(changed)

    def active(self) -> str:
        """Return the configuration in force."""
        return self.settle()["alpha"].active

    def log(self, node: str) -> str:
        """Return all that an agent wrote to its log."""
        return self.box.agents[node].log.read_text("utf-8", "replace")

    def pids(self) -> dict[str, int]:
        """Return the processes that hold the nodes' locks."""
        return {
            name: int((agent.state / "lock").read_text())
            for name, agent in self.box.agents.items()
            if agent.alive
        }

    # -- ways in

    def host(self, node: str, network: str = "public1") -> str:
        """Return an address of a node."""
        return self.box.places.node(network, NODE_NAMES.index(node))

    @contextmanager
    def raw(self, count: int) -> Iterator[None]:
        """Hold `count` raw connections to each port of alpha, most of which talk nonsense."""
        words = (b"", os.urandom(300), b"GET / HTTP/1.1\r\n\r\n", b"\xff\0\0\0\0\0\0\0\x01\x7f\x03")
        with ExitStack() as stack:
            for network in NETWORKS:
                for port in self.box.places.ports:
                    for number in range(count):
                        connection = stack.enter_context(socket.socket())
                        connection.settimeout(2.0)
                        connection.connect((self.host("alpha", network), port))
                        connection.send(words[number % len(words)])
            yield

    @contextmanager
    def dealer(self, pair: Pair | None, port: int, node: str = "alpha") -> Iterator[Socket]:
        """Talk ZeroMQ to one port of a node, with this key pair or without CURVE."""
        made = self.context.socket(zmq.DEALER)
        made.linger = 0
        made.sndtimeo = ANSWER_MS  # whom nobody lets in has no line; a test shall say so soon
        if pair is not None:
            made.curve_publickey, made.curve_secretkey = pair[0].encode(), pair[1].encode()
            made.curve_serverkey = self.key(node)[0].encode()
        made.connect(f"tcp://{self.host(node)}:{self.box.places.ports[port]}")
        try:
            yield made
        finally:
            made.close()

    def console(self) -> Any:
        """Talk to alpha's door for consoles with the administrator's key."""
        access = self.box.access()
        return self.dealer((access.public, access.secret), 2)

    def peer(self) -> Any:
        """Talk to alpha with bravo's key."""
        return self.dealer(self.key("bravo"), 0)

    def key(self, node: str) -> Pair:
        """Return a node's key pair, as a thief would."""
        lines = self.box.agents[node].key_file.read_text().splitlines()
        public, secret = (line.split('"')[1] for line in lines)
        return public, secret

    # -- things to apply

    def with_application(self, start: list[str], **fields: Any) -> str:
        """Return the configuration with a group *mail* of one application."""
        application = {
            "type": "application",
            "start": start,
            "process": "foreground",
            "environment": {warden.MARK: self.box.mark},
            "start-seconds": 2.0,
            "stop-seconds": 2.0,
            "interval-seconds": 1.0,
            **fields,
        }
        return self.with_mail({"app": application})

    def with_mail(self, resources: dict[str, Any]) -> str:
        """Return the configuration with a group *mail* of these resources."""
        noun = {"nodes": ("alpha", "bravo"), "resource": resources}
        return edit.add(self.active(), ("group", "mail"), noun)


def answer_on(console: Socket, data: bytes) -> Answer:
    """Send a request's bytes and return what is answered."""
    console.send(data)
    assert console.poll(ANSWER_MS), "no answer"
    return decode_answered(console.recv()).answer


def said(message: Message, cluster: str = "", version: int = 1) -> bytes:
    """Return a control message as a node would send it ("": whatever the cluster)."""
    return encode(Envelope(version, cluster, 1, 1, message))


def packed(value: object) -> bytes:
    """Return any value as MessagePack."""
    return msgspec.msgpack.encode(value)


__all__ = ["NotHeld", "Victim", "answer_on", "packed", "said", "stranger"]
