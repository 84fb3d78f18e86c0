"""The client against servers of this process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.lab.poller import Refused, node_of, poll, sample
from tests.lab.seen import Sample

GOOD = b'HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{"node": "alpha"}'
Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(handle: Handle) -> AsyncIterator[int]:
    """Serve on a free port of loopback; return the port."""
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def good(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(GOOD)
    await writer.drain()
    writer.close()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def test_answer_is_taken_with_its_times() -> None:
    async with serving(good) as port:
        one = await sample(7, "127.0.0.1", port)

    assert (one.number, one.node, one.failure) == (7, "alpha", "")
    assert 0 < one.ended - one.asked < 0.5


async def test_refused_connection_is_a_failure() -> None:
    async with serving(good) as port:
        pass

    one = await sample(0, "127.0.0.1", port)

    assert "Connect call failed" in one.failure
    assert not one.node


async def test_silence_is_a_failure_after_the_limit() -> None:
    async with serving(silent) as port:
        one = await sample(0, "127.0.0.1", port, limit_s=0.05)

    assert one.failure == "no answer within 50 ms"
    assert one.ended - one.asked >= 0.05


async def test_service_that_hangs_is_asked_on() -> None:
    found: list[Sample] = []
    under_way = 0
    enough = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal under_way
        under_way += 1
        if under_way == 3:
            enough.set()
        await silent(reader, writer)

    async with serving(hang) as port:
        polling = asyncio.create_task(poll("127.0.0.1", port, found.append, every_s=0.001))
        async with asyncio.timeout(5):
            await enough.wait()
        polling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await polling

    assert under_way >= 3  # none of them had been answered


def test_only_good_answers_count() -> None:
    assert node_of(GOOD) == "alpha"
    assert not node_of(b"HTTP/1.0 200 OK\r\n\r\n<html>of another server</html>")
    for bad in (b"", b"HTTP/1.1 503 Busy\r\n\r\n", b"nonsense"):
        with pytest.raises(Refused):
            node_of(bad)
