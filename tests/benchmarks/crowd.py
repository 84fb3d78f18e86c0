"""A console on a cluster of many nodes, as a program: what agents say comes over standard input's
twin, a pipe, in the form of the wire.

Run by `console` on a terminal of its own: `python -m tests.benchmarks.crowd DESCRIPTOR`.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from types import SimpleNamespace

import msgspec

from nodeagent.model.configuration import Configuration
from nodeagent.wire.codec import decode_stream
from nodeagent.wire.console import Answer, Done, Refused, Request
from nodeagent.wire.live import Snapshot
from tui.app import ClusterApp, run_console

HEAD_BYTES = 4
_snapshot = msgspec.msgpack.Decoder(Snapshot)


class PipeClient:
    """A client whose agent is the writing end of a pipe; the first message is a Snapshot."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    async def ask(self, request: Request) -> Answer:
        """Agree to everything."""
        return Done(type(request).__name__)

    async def ask_node(
        self, node: str, request: Request, *, configuration: Configuration | None = None
    ) -> Answer:
        """Refuse: these nodes have nothing to report."""
        del request, configuration
        return Refused("crowd", f"{node} has nothing to report")

    async def stream(self) -> AsyncGenerator[object, None]:
        """Yield what comes through the pipe."""
        reader = asyncio.StreamReader(limit=1 << 22)
        protocol = asyncio.StreamReaderProtocol(reader)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: protocol, os.fdopen(self._descriptor, "rb"))
        yield SimpleNamespace(name="n01")
        yield _snapshot.decode(await self._message(reader))
        while True:
            yield decode_stream(await self._message(reader))

    async def _message(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readexactly(HEAD_BYTES)
        return await reader.readexactly(int.from_bytes(head, "big"))

    async def close(self) -> None:
        """Leave the pipe to the end of the program."""


def framed(data: bytes) -> bytes:
    """Return a message as it goes through the pipe."""
    return len(data).to_bytes(HEAD_BYTES, "big") + data


if __name__ == "__main__":
    sys.exit(run_console(ClusterApp(PipeClient(int(sys.argv[1])), author="bench")))
